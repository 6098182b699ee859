"""What a log promises to a broker, held by each way to it: this process, a UNIX socket, mutual TLS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from audit.errors import DuplicateRequest, FormatError, IntentionClosed, LogBusy, LogStopped
from audit.formats.entry import Submission, commit_to
from audit.formats.merkle import leaf_hash
from audit.log import AuditLog
from audit.writing.operations import Append, Intend, Interrupt
from exchange.config import Settings
from exchange.wiring.logs import log_settings
from tests.faults import checks
from tests.support.broker import Site
from tests.support.log_services import attached, fingerprint, served, socket_in, way
from tests.support.logs import all_still_prove, fill, request_id, submission


@pytest.fixture
def settings(site: Site) -> Settings:
    """A log that is served in every way."""
    return site.settings(
        log_service={
            "socket": str(socket_in(site)),
            "address": "localhost:0",
            "brokers": [fingerprint(site.keys / "broker.pem")],
            "certificate": str(site.keys / "broker.pem"),
            "key": str(site.keys / "broker.key"),
            "ca": str(site.keys / "ca.pem"),
            "grace": 0.3,
            "lease": 1,
        }
    )


@pytest.fixture(params=["in process", "unix", "mtls"])
async def log(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[AuditLog]:
    """One log, each way."""
    async with AsyncExitStack() as stack:
        if request.param == "in process":
            opened = AuditLog.open(log_settings(settings))
            stack.callback(opened.close)
            yield opened
            return
        listening = await stack.enter_async_context(served(settings))
        unix = f"unix:{settings.log_service.socket}"
        address = unix if request.param == "unix" else f"localhost:{listening.port}"
        yield await stack.enter_async_context(attached(settings, way(settings, address)))


def nameless(number: int) -> Submission:
    """What stands for no request id: the record of a request whose signature does not hold."""
    made = submission(number, claims=False)
    return replace(made, entry=replace(made.entry, request_id=None))


@pytest.fixture(autouse=True)
async def _holds(settings: Settings) -> AsyncIterator[None]:
    """Whatever a test did, the log holds afterwards."""
    yield
    AuditLog.open(log_settings(settings)).close()
    with checks.at_rest(settings) as at_rest:
        checks.holds(at_rest)
        checks.no_request_stands_twice(at_rest)


async def test_exchanges_are_recorded_and_proved(log: AuditLog) -> None:
    """Each of many concurrent exchanges gets its own place, and a proof that holds."""

    async def exchange(number: int) -> None:
        await log.intend(submission(number, outcome="interrupted"), 10)
        await log.append(submission(number), closes_intention=True, timeout=10)

    await asyncio.gather(*(exchange(n) for n in range(100)))
    done = await fill(log, 50, first=200)
    assert 150 == log.reader.checkpoint().size
    all_still_prove(log, done)


async def test_a_request_id_is_used_once(log: AuditLog) -> None:
    """A second intention and a second entry of a request id are refused, whichever comes first."""
    await log.intend(submission(1))
    with pytest.raises(DuplicateRequest):
        await log.intend(submission(1))
    with pytest.raises(DuplicateRequest):
        await log.append(submission(1), closes_intention=False)
    await log.append(submission(1), closes_intention=True)
    with pytest.raises(DuplicateRequest):
        await log.append(submission(1), closes_intention=False)
    with pytest.raises(IntentionClosed):
        await log.append(submission(2), closes_intention=True)
    await log.append(nameless(9), closes_intention=False)
    assert 2 == log.reader.checkpoint().size


async def test_the_very_same_operation_is_written_once(log: AuditLog) -> None:
    """An intention and entries that are sent again are answered as the first time, and written once."""
    intention, entry, free = (
        submission(1, outcome="interrupted"),
        submission(1),
        nameless(2),
    )
    intend = Intend(intention, commit_to(intention))
    append = Append(entry, commit_to(entry), closes_intention=True)
    unclaimed = Append(free, commit_to(free), closes_intention=False)
    again = Append(free, unclaimed.leaf, closes_intention=False, sent_at=0)
    for _ in range(2):
        await log._desk.submit(intend)
    places = [await log._desk.submit(o) for o in (append, append, unclaimed)]
    if log.writer is not None:  # a remote desk says itself what it sent before
        places.append(await log._desk.submit(again))
    assert [0, 0, 1, 1][: len(places)] == [p.index for p in places if p]
    for place in places:
        assert place is not None
        place.proof.verify(place.leaf.data, log.reader.verifier)
    second = submission(3, outcome="interrupted")
    same = Intend(second, commit_to(second))
    await log._desk.submit(same)
    await log._desk.submit(Interrupt(request_id(3)))
    with pytest.raises(IntentionClosed):  # nobody may read for it any more
        await log._desk.submit(same)
    assert [request_id(1), None, request_id(3)] == [
        log.reader.by_index(i).entry.request_id for i in range(log.reader.checkpoint().size)
    ]


async def test_an_intention_in_doubt_is_closed_by_the_entry_that_ends_it(log: AuditLog) -> None:
    """Whether or not it became durable, one entry stands for its request; nobody else's can close it."""
    for number, intended in ((1, True), (2, False)):
        intention = submission(number, outcome="interrupted")
        intend = Intend(intention, commit_to(intention))
        if intended:
            await log._desk.submit(intend)
        stranger = submission(number, outcome="failed")
        if intended:
            with pytest.raises(DuplicateRequest):
                await log._desk.submit(
                    Append(stranger, commit_to(stranger), closes_intention=False, doubtful=bytes(32))
                )
        entry = submission(number, outcome="failed")
        doubtful = leaf_hash(intend.leaf.data)
        await log._desk.submit(Append(entry, commit_to(entry), closes_intention=False, doubtful=doubtful))
        assert "failed" == log.reader.by_request(request_id(number)).entry.outcome
    assert 2 == log.reader.checkpoint().size


async def test_what_cannot_be_kept_is_refused(log: AuditLog) -> None:
    """An intention without a request id, and an entry with a value that it does not commit to."""
    with pytest.raises(FormatError):
        await log.intend(submission(1, claims=False))
    good = submission(2)
    other = commit_to(submission(2, subject=b"subject 2"))
    if log.writer is None:  # what comes from another process is held to its leaf
        with pytest.raises(FormatError, match="commits to the values"):
            await log._desk.submit(Append(good, other, closes_intention=False))


async def test_an_intention_without_time_is_not_written(log: AuditLog) -> None:
    """Who has no time left gets no intention, and its failure is recorded all the same."""
    with pytest.raises((LogBusy, LogStopped)):
        await log.intend(submission(1, outcome="interrupted"), 0.0)
    await log.append(submission(1, outcome="failed"), closes_intention=False)
    assert "failed" == log.reader.by_request(request_id(1)).entry.outcome
