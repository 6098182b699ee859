"""Appending: what is taken, what is refused, and what each caller is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from audit.errors import DuplicateRequest, FormatError, IntentionClosed, NotFound
from audit.formats import entry as entries
from audit.formats import merkle
from audit.formats.checkpoint import Checkpoint
from audit.formats.commitment import opens
from tests.support.logs import (
    ENTRY,
    ORIGIN,
    LogSite,
    all_still_prove,
    fill,
    request_id,
    still_proves,
    submission,
)


def test_new_log_is_empty_and_signed(log_site: LogSite) -> None:
    """A log that was just made has a signed checkpoint of no entries, and holds."""
    with log_site.opened() as log:
        assert Checkpoint(ORIGIN, 0, merkle.EMPTY_ROOT) == log.reader.checkpoint()
        assert log.problem is None
        with pytest.raises(NotFound):
            log.reader.proof(0)
        with pytest.raises(NotFound):
            log.reader.by_index(0)
    assert log_site.verify().holds


async def test_entries_stand_where_their_receipts_say(log_site: LogSite) -> None:
    """One after another, each append gives the next index, its leaf, and a proof that holds."""
    with log_site.opened() as log:
        for n in range(9):
            done = await log.append(submission(n), closes_intention=False)
            assert n == done.index == done.proof.index
            assert ENTRY.outcome == entries.decode(done.leaf.data)[0].outcome
            assert n + 1 == done.proof.verify(done.leaf.data, log.reader.verifier).size
            assert n == log.reader.by_request(request_id(n)).index
            still_proves(log, done)


async def test_restart_continues_the_log(log_site: LogSite) -> None:
    """After closing and opening, the next index follows, and earlier receipts hold."""
    acknowledged = []
    for round_ in range(4):
        with log_site.opened() as log:
            acknowledged += await fill(log, 3, first=3 * round_)
    with log_site.opened() as log:
        assert list(range(12)) == [a.index for a in acknowledged]
        all_still_prove(log, acknowledged)


async def test_sealed_part_opens_to_what_was_committed(log_site: LogSite) -> None:
    """What is sealed beside an entry opens its commitments, with the openings that the caller got."""
    with log_site.opened() as log:
        wanted = submission(1)
        done = await log.append(wanted, closes_intention=False)
        stored = log.reader.by_index(0)
        opened = log.reader.opened(stored)
        assert opened is not None
        assert (dict(wanted.values), dict(done.leaf.openings)) == (opened.values, opened.openings)
        committed = entries.decode(stored.leaf)[1]
        assert all(
            opens(committed, opened.openings[name], name, value) for name, value in wanted.values.items()
        )


async def test_entry_closes_the_intention_of_its_request(log_site: LogSite) -> None:
    """An intention stands open until the entry of its request is appended."""
    with log_site.opened() as log:
        await log.intend(submission(1))
        assert 1 == log_site.verify().open_intentions
        assert 0 == log.reader.checkpoint().size
        done = await log.append(submission(1), closes_intention=True)
        still_proves(log, done)
        assert 0 == log_site.verify().open_intentions
    with log_site.opened() as log:
        assert 1 == log.reader.checkpoint().size  # nothing was left to interrupt


async def test_entry_cannot_close_what_was_not_intended(log_site: LogSite) -> None:
    """An entry that should close an intention is refused where there is none, or none any more."""
    with log_site.opened() as log:
        with pytest.raises(IntentionClosed):
            await log.append(submission(1), closes_intention=True)
        await log.intend(submission(2))
        await log.append(submission(2), closes_intention=True)
        with pytest.raises(IntentionClosed):
            await log.append(submission(2), closes_intention=True)
        assert 1 == log.reader.checkpoint().size


async def test_intention_is_closed_once_even_within_a_group(log_site: LogSite) -> None:
    """Of many entries that would close one intention at the same time, one does."""
    with log_site.opened() as log:
        await log.intend(submission(1))
        ends = await asyncio.gather(
            *(log.append(submission(1), closes_intention=True) for _ in range(20)),
            return_exceptions=True,
        )
        assert {"Appended": 1, "IntentionClosed": 19} == Counter(type(e).__name__ for e in ends)
        assert 1 == log.reader.checkpoint().size


async def test_request_id_is_used_once(log_site: LogSite) -> None:
    """A request id stands for one entry or intention, across groups and across restarts."""
    with log_site.opened() as log:
        await log.append(submission(1), closes_intention=False)
        await log.intend(submission(2))
        for used in (1, 2):
            with pytest.raises(DuplicateRequest):
                await log.append(submission(used), closes_intention=False)
            with pytest.raises(DuplicateRequest):
                await log.intend(submission(used))
        await log.append(submission(2), closes_intention=True)
    with log_site.opened() as log:
        for used in (1, 2):
            with pytest.raises(DuplicateRequest):
                await log.append(submission(used), closes_intention=False)
            with pytest.raises(DuplicateRequest):
                await log.intend(submission(used))
        assert 2 == log.reader.checkpoint().size


async def test_request_id_is_used_once_within_a_group(log_site: LogSite) -> None:
    """Of many simultaneous uses of a request id, as entry or intention, exactly one is taken."""
    with log_site.opened() as log:
        ends = await asyncio.gather(
            *(log.append(submission(n // 3), closes_intention=False) for n in range(60)),
            *(log.intend(submission(100 + n // 3)) for n in range(60)),
            return_exceptions=True,
        )
        counted = Counter(type(e).__name__ for e in ends)
        assert {"Appended": 20, "NoneType": 20, "DuplicateRequest": 80} == counted
        assert 20 == log.reader.checkpoint().size
        assert 20 == log_site.verify().open_intentions


async def test_replay_is_recorded_without_the_request_id(log_site: LogSite) -> None:
    """Invariant 2: the refusal of a replay is an entry too, and the id stays the first one's."""
    with log_site.opened() as log:
        await log.append(submission(1), closes_intention=False)
        replay = await log.append(submission(1, outcome="refused", claims=False), closes_intention=False)
        still_proves(log, replay)
        assert 0 == log.reader.by_request(request_id(1)).index
    assert log_site.verify().holds


async def test_entry_that_cannot_be_kept_disturbs_nobody(log_site: LogSite) -> None:
    """Too large, of an unknown value or without a form: refused before it reaches the writer."""
    whole = submission(1)
    with log_site.opened() as log:
        for bad in (
            replace(whole, entry=replace(ENTRY, purpose="x" * 70_000)),
            replace(whole, values={"nickname": b"x"}),
            replace(whole, entry=replace(ENTRY, purpose="\ud800")),
        ):
            with pytest.raises(FormatError):
                await log.append(bad, closes_intention=False)
        with pytest.raises(FormatError, match="request id"):
            await log.intend(submission(2, claims=False))  # nothing could ever close it
        assert log.problem is None
        assert 0 == (await log.append(whole, closes_intention=False)).index
