"""A whole replay: ranges of the log handed to worker processes, their counts added up in order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait

from exchange.workbench.replay.tally import Tally
from exchange.workbench.replay.worker import Job, ReplayError, Worker

_RANGE = 8192  # entries: long enough that an input mostly recurs within one, half a second of work
_ALONE = 2000  # so few are decided again sooner than workers start
Progress = Callable[[int, int], None]
Range = tuple[int, int]


@dataclass(slots=True)
class _Process:
    """What a worker process has: its job, and a worker once it has begun."""

    job: Job
    worker: Worker | None = None


_process: _Process | None = None


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def replay(job: Job, workers: int | None = None, progress: Progress | None = None) -> Tally:
    """Replays a job.

    Args:
        job: what is to be replayed.
        workers: how many processes; one works in this one. By default one a core, none for few entries.
        progress: called with entries done and entries in all.

    Raises:
        LogError, PolicyError, ReplayError: it cannot be made; the message says why.
    """
    total = job.span.end - job.span.first
    if workers is None:
        workers = 1 if total <= _ALONE else cores()
    ranges = job.span.cut(min(_RANGE, max(1, -(-total // workers))))
    results = _alone(job, ranges) if workers == 1 else _together(job, ranges, workers)
    whole, done = Tally(job.examples, job.findings), 0
    for (first, end), tally in zip(ranges, results, strict=True):
        whole.add(tally)
        done += end - first
        if progress is not None:
            progress(done, total)
    return whole


def _alone(job: Job, ranges: list[Range]) -> Iterator[Tally]:
    worker = Worker(job)
    try:
        for first, end in ranges:
            yield worker.replay(first, end)
    finally:
        worker.close()


def _together(job: Job, ranges: list[Range], workers: int) -> Iterator[Tally]:
    # Spawned, not forked: a fork would copy engines and connections that belong to their thread.
    pool = ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(job,)
    )
    waiting: deque[Future[Tally]] = deque()
    try:
        for one in ranges:
            with _undisturbed():
                waiting.append(pool.submit(_replay, one))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool as error:
        raise ReplayError(
            "a worker process died, so that nothing is known: it was killed, or memory ran out"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keeps Ctrl-C from processes that are started meanwhile: this one hears it, and ends them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# In a worker process


def _begin(job: Job) -> None:
    global _process  # noqa: PLW0603  # a process has one job
    _process = _Process(job)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _replay(one: Range) -> Tally:
    if _process is None:
        raise AssertionError("a worker process begins with its job")
    if _process.worker is None:  # here and not in `_begin`, so that what is wrong is told, not lost
        _process.worker = Worker(_process.job)
    return _process.worker.replay(*one)


def _end_with_parent() -> None:
    """Ends this process when the one that started it was killed: it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
