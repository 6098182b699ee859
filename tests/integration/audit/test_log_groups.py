"""Group commit: many callers, few transactions, and each caller gets its own answer."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from audit.errors import LogBusy, LogStopped
from audit.formats import checkpoint
from audit.writing.operations import Appended
from audit.writing.sequencer import Pace
from tests.support.logs import QUICK, LogSite, all_still_prove, fill, request_id, submission

LIMIT = 20  # seconds: a hanging caller fails its test, not the whole run


async def test_many_callers_share_few_commits(log_site: LogSite) -> None:
    """Every one of many concurrent entries has a place of its own and a proof that holds."""
    site = replace(log_site, pace=Pace(max_batch=64))
    with site.opened() as log:
        done = await fill(log, 500)
        assert list(range(500)) == [a.index for a in done]
        all_still_prove(log, done)
        sizes = sorted({c.size for c in _checkpoints(log_site, done)})
        widths = [b - a for a, b in zip([0, *sizes], sizes, strict=False)]
        assert len(sizes) < 100  # groups, not one commit each
        assert max(widths) <= 64
    report = site.verify()
    assert (500, 500, True) == (report.entries, report.sealed, report.holds)


async def test_callers_on_many_loops_are_all_answered(log_site: LogSite) -> None:
    """Callers on event loops in several threads each get their own entry's place."""
    with log_site.opened() as log, ThreadPoolExecutor(4) as pool:
        parts = [
            pool.submit(lambda first: asyncio.run(fill(log, 40, first)), first) for first in (0, 40, 80, 120)
        ]
        done = [a for part in parts for a in part.result(LIMIT)]
        assert list(range(160)) == sorted(a.index for a in done)
        for n in range(160):
            stored = log.reader.by_request(request_id(n))
            assert stored.leaf == next(a for a in done if a.index == stored.index).leaf.data


async def test_busy_log_refuses_what_it_cannot_take(log_site: LogSite) -> None:
    """With as much waiting as it takes in, a log refuses more at once, and keeps what it took."""
    site = replace(log_site, pace=replace(QUICK, max_pending=5, look=3600))
    with site.opened() as log:
        await log.append(submission(100), closes_intention=False)  # the first look for other work is over
        with site.stalled():
            first = asyncio.ensure_future(log.append(submission(0), closes_intention=False))
            await asyncio.sleep(0.1)  # the writer has it, and waits for the database
            waiting = asyncio.gather(
                *(log.append(submission(n), closes_intention=False) for n in range(1, 6))
            )
            await asyncio.sleep(0)
            with pytest.raises(LogBusy):
                await log.append(submission(6), closes_intention=False)
        done = [await first, *await asyncio.wait_for(waiting, LIMIT)]
        assert list(range(1, 7)) == [a.index for a in done]
        assert 7 == (await log.append(submission(6), closes_intention=False)).index


async def test_caller_that_gives_up_disturbs_nobody(log_site: LogSite) -> None:
    """An entry whose caller was cancelled is recorded all the same; its neighbours are answered."""
    with log_site.opened() as log:
        with log_site.stalled():
            tasks = [
                asyncio.ensure_future(log.append(submission(n), closes_intention=False)) for n in range(10)
            ]
            await asyncio.sleep(0.1)
            for task in tasks[::2]:
                task.cancel()
            await asyncio.sleep(0)
        ends = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), LIMIT)
        assert all(isinstance(e, asyncio.CancelledError) for e in ends[::2])
        assert all(isinstance(e, Appended) for e in ends[1::2])
        assert 10 == log.reader.checkpoint().size
        assert all(log.reader.by_request(request_id(n)) for n in range(10))


async def test_loop_that_closed_while_waiting_disturbs_nobody(log_site: LogSite) -> None:
    """Callers whose event loop is gone when the answer comes do not stop the writer."""
    with log_site.opened() as log:

        async def walk_away() -> None:
            task = asyncio.ensure_future(log.append(submission(1), closes_intention=False))
            await asyncio.sleep(0.1)
            task.cancel()

        with log_site.stalled():
            await asyncio.to_thread(asyncio.run, walk_away())
        done = await asyncio.wait_for(log.append(submission(2), closes_intention=False), LIMIT)
        assert 1 == done.index
        assert 0 == log.reader.by_request(request_id(1)).index


class _ClosingLoop(asyncio.SelectorEventLoop):
    """A loop that closes in the moment in which the writer answers."""

    closing = False

    def call_soon_threadsafe(  # type: ignore[override]  # whatever it is given
        self, *args: Any, **kwargs: Any
    ) -> asyncio.Handle:
        if self.closing:
            raise RuntimeError("Event loop is closed")
        return super().call_soon_threadsafe(*args, **kwargs)


async def test_loop_that_closes_during_the_answer_disturbs_nobody(sqlite_site: LogSite) -> None:
    """Losing the race against a closing loop must not end the writer's thread."""
    with sqlite_site.opened() as log:
        loop = _ClosingLoop()

        async def leave() -> None:
            task = asyncio.ensure_future(log.append(submission(1), closes_intention=False))
            await asyncio.sleep(0)
            loop.closing = True
            await asyncio.sleep(0.2)
            loop.closing = False
            task.cancel()

        await asyncio.to_thread(loop.run_until_complete, leave())
        loop.close()
        done = await asyncio.wait_for(log.append(submission(2), closes_intention=False), LIMIT)
        assert 1 == done.index


async def test_closing_writes_what_is_waiting(log_site: LogSite) -> None:
    """What was taken before closing is durable after it, and its callers are told so."""
    log = log_site.open()
    tasks = [asyncio.ensure_future(log.append(submission(n), closes_intention=False)) for n in range(50)]
    await asyncio.sleep(0)
    await asyncio.to_thread(log.close)
    done = await asyncio.wait_for(asyncio.gather(*tasks), LIMIT)
    assert list(range(50)) == sorted(a.index for a in done)
    with pytest.raises(LogStopped, match="closed"):
        await log.append(submission(50), closes_intention=False)
    assert 50 == log_site.verify().entries


def test_nobody_waits_for_ever_on_a_closed_log(sqlite_site: LogSite) -> None:
    """Whoever calls in the moment of closing is answered: recorded, or told that the log stopped."""
    for attempt in range(10):
        log = sqlite_site.open()
        started = threading.Barrier(5)

        async def hammer(first: int, log: Any = log, started: Any = started) -> int:
            started.wait()
            for n in range(first, first + 10_000):
                try:
                    await log.append(submission(n), closes_intention=False)
                except LogStopped:
                    return n - first
            raise AssertionError("the log was not closed")

        with ThreadPoolExecutor(4) as pool:
            begin = attempt * 100_000
            callers = [
                pool.submit(asyncio.run, asyncio.wait_for(hammer(begin + 10_000 * k), LIMIT))
                for k in range(4)
            ]
            started.wait()
            log.close()
            for caller in callers:
                caller.result(LIMIT)
    assert sqlite_site.verify().holds


async def test_writer_remembers_the_edge_of_the_tree_only(sqlite_site: LogSite) -> None:
    """However many entries a log takes, the writer keeps one hash for each bit of their number."""
    with sqlite_site.opened() as log:
        for turn in range(5):
            await fill(log, 51, first=51 * turn)
        assert log.writer is not None
        assert (255).bit_count() == len(log.writer._owner._frontier._nodes)


def _checkpoints(site: LogSite, done: list[Appended]) -> list[checkpoint.Checkpoint]:
    return [checkpoint.verify(a.proof.signed_checkpoint, site.verifier) for a in done]
