"""A log that is slow: who comes is refused at once, who gave up is not written for, who closes is let in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from audit.errors import LogBusy
from audit.writing.sequencer import Pace
from tests.support import proxy
from tests.support.logs import QUICK, LogSite, request_id, submission
from tests.support.proxy import Mode, Proxy

LIMIT = 20  # seconds
_AGE = 0.2
PACE = replace(QUICK, max_age=_AGE, look=60)


@pytest.fixture
def slow_site(log_site: LogSite) -> LogSite:
    """A log that lets nobody wait for long."""
    return replace(log_site, pace=PACE)


async def test_while_the_oldest_waits_others_are_refused(slow_site: LogSite) -> None:
    """Beyond the age a newcomer is refused at once, and one with less time than that sooner."""
    with slow_site.opened() as log:
        await log.intend(submission(1))
        with slow_site.stalled():
            oldest = asyncio.ensure_future(log.append(submission(2), closes_intention=False))
            await asyncio.sleep(_AGE / 4)
            with pytest.raises(LogBusy, match="slow"):
                await log.intend(submission(3), _AGE / 10)
            await asyncio.sleep(_AGE)
            with pytest.raises(LogBusy, match="slow"):
                await log.append(submission(4), closes_intention=False)
            closing = asyncio.ensure_future(log.append(submission(1), closes_intention=True))
            await asyncio.sleep(0)
        done = await asyncio.wait_for(asyncio.gather(oldest, closing), LIMIT)
        assert {0, 1} == {d.index for d in done}
    assert (2, True) == (slow_site.verify().entries, slow_site.verify().holds)


async def test_bytes_are_bounded(log_site: LogSite) -> None:
    """As much may wait as there is room for, however few operations that is."""
    site = replace(log_site, pace=replace(PACE, max_age=60, max_bytes=4096))
    big = replace(submission(2), values={"subject": b"s", "request": bytes(3000)})
    with site.opened() as log:
        with site.stalled():
            first = asyncio.ensure_future(log.append(big, closes_intention=False))
            await asyncio.sleep(0.05)
            with pytest.raises(LogBusy, match="behind"):
                await log.append(replace(submission(3), values=big.values), closes_intention=False)
        await asyncio.wait_for(first, LIMIT)
        await log.append(replace(submission(3), values=big.values), closes_intention=False)


@pytest.mark.parametrize("begun", [False, True])
async def test_an_intention_whose_caller_gave_up_stays_nobodys(slow_site: LogSite, *, begun: bool) -> None:
    """It is not written, or closed by the record of its failure: never left open, never reported durable."""
    with slow_site.opened() as log:
        with slow_site.stalled():
            if not begun:  # the writer has something else in hand
                other = asyncio.ensure_future(log.append(submission(9), closes_intention=False))
                await asyncio.sleep(0.02)
            with pytest.raises(LogBusy):
                await log.intend(submission(1, outcome="interrupted"), _AGE / 2)
        await log.append(submission(1, outcome="failed"), closes_intention=False)
        if not begun:
            await asyncio.wait_for(other, LIMIT)
        assert log.writer is not None
        assert set() == log.writer.open_requests
        assert "failed" == log.reader.by_request(request_id(1)).entry.outcome


async def test_an_intention_whose_caller_was_cancelled_is_interrupted(slow_site: LogSite) -> None:
    """Nobody will record it: it becomes an entry by itself where it became durable."""
    with slow_site.opened() as log:
        with slow_site.stalled():
            gone = asyncio.ensure_future(log.intend(submission(1, outcome="interrupted")))
            await asyncio.sleep(0.05)
            gone.cancel()
            await asyncio.sleep(0)
        await log.append(submission(2), closes_intention=False)
        assert "interrupted" == log.reader.by_request(request_id(1)).entry.outcome
        assert log.writer is not None
        assert set() == log.writer.open_requests


@pytest.fixture
def behind(postgres_site: LogSite) -> Iterator[tuple[LogSite, Proxy]]:
    """A log whose database is reached through somebody who can be slow."""
    url = sa.make_url(postgres_site.url)
    with proxy.before(f"{url.host}:{url.port}") as between:
        host, _, port = between.address.rpartition(":")
        through = url.set(host=host, port=int(port)).render_as_string(hide_password=False)
        yield replace(postgres_site, url=through, pace=Pace(max_age=0.5, look=60)), between


async def test_a_slow_postgresql_refuses_instead_of_letting_wait(behind: tuple[LogSite, Proxy]) -> None:
    """Each statement takes a fifth of a second: some are taken in, the rest refused, none waits in vain."""
    site, between = behind
    with site.opened() as log:
        between.mode = Mode.SLOW
        ends: list[str] = []

        async def caller(number: int) -> None:
            try:
                await log.intend(submission(number, outcome="interrupted"), LIMIT)
            except LogBusy:
                ends.append("busy")
                await asyncio.sleep(0.05)
                return
            await log.append(submission(number), closes_intention=True)
            ends.append("granted")

        async def callers(first: int) -> None:
            await asyncio.sleep(first / 1000)  # they do not come together
            for number in range(first, first + 5):
                await caller(number)

        await asyncio.wait_for(asyncio.gather(*(callers(100 * k) for k in range(1, 17))), 4 * LIMIT)
        between.mode = Mode.PASS
        assert {"busy", "granted"} == set(ends)
        await log.append(submission(9999), closes_intention=False)
        assert log.writer is not None
        assert set() == log.writer.open_requests
    report = site.verify()
    assert (ends.count("granted") + 1, True) == (report.by_outcome.get("granted"), report.holds)
