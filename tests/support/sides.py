"""Logs on which many authorities have their sides, and clients that watch them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from audit.formats import side
from audit.formats.entry import Entry, Event, Submission
from audit.writing.operations import Appended
from exchange.client import Position, Watched
from tests.support.broker import RunningBroker
from tests.support.logs import ENTRY, request_id, submission

#: Those of the demo that a broker of the tests admits, by their folders.
SLUGS = {
    "udbetaling-danmark": "91000008",
    "odense": "92000028",
    "aarhus": "90000055",
    "fjordbanken": "90000101",
    "kommunesystemer": "90000160",
    "cpr": "95000088",
}
UDK, ODENSE, AARHUS, BANK, VENDOR, CPR = SLUGS.values()
_EVENT_SHARE = 0.03


def entry(number: int, rng: random.Random) -> Submission:
    """An entry of authorities drawn at random: one asks, for itself or for another, of a third."""
    consumer, provider, processor = rng.sample(list(SLUGS.values()), 3)
    with_processor = rng.random() < 0.3
    public: Entry | Event = replace(
        ENTRY,
        request_id=request_id(number),
        caller=processor if with_processor else consumer,
        consumer=consumer,
        provider=provider if rng.random() < 0.9 else "",
        processor=processor if with_processor else None,
    )
    if rng.random() < _EVENT_SHARE:
        public = Event("policy_changed", ENTRY.time, None, "", {"revision": "0" * 64})
        return Submission(public, b"subject", {}, claims_request_id=False)
    return replace(submission(number), entry=public)


@dataclass
class Sides:
    """A running broker, and what was written to its log by hand, by index."""

    broker: RunningBroker
    leaves: dict[int, bytes] = field(default_factory=dict)
    rng: random.Random = field(default_factory=lambda: random.Random(7))

    def grow(self, count: int) -> None:
        """Appends entries of authorities drawn at random."""
        first = len(self.leaves)
        self.append([entry(first + n, self.rng) for n in range(count)])

    def append(self, submissions: list[Submission]) -> None:
        """Appends entries."""

        async def write() -> list[Appended]:
            log = self.broker.broker.log
            return await asyncio.gather(*(log.append(s, closes_intention=False) for s in submissions))

        for done in self.broker.run(write()):
            self.leaves[done.index] = done.leaf.data

    def of(self, authority: str) -> dict[int, bytes]:
        """What an authority should see, found by reading every entry."""
        log = self.broker.broker.log.reader
        everything = ((i, log.by_index(i)) for i in range(log.checkpoint().size))
        return {i: found.leaf for i, found in everything if side.concerns(found.content, authority)}


def seen(watch: Iterator[Watched]) -> tuple[dict[int, bytes], Position]:
    """Takes parts until the watcher has caught up; gives what came, and where to go on."""
    found: dict[int, bytes] = {}
    for part in watch:
        for record in part.records:
            assert record.index not in found
            found[record.index] = record.leaf
        if part.caught_up:
            return found, part.position
    raise AssertionError("the stream ended")
