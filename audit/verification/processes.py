"""Work on ranges of a log, in processes of their own: one core after another would be waited for."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, TypeVar

_T = TypeVar("_T")


def cores() -> int:
    """How many processes can run at the same time."""
    return len(os.sched_getaffinity(0))


def each(work: Callable[..., _T], calls: Iterable[tuple[Any, ...]], workers: int) -> Iterator[_T]:
    """Calls a function with each of some arguments, and gives its results in their order.

    Calls are taken as they are needed, so that there may be more than would ever be made. The processes
    are spawned: a fork would take locks along that other threads hold.

    Args:
        work: a function of a module's.
        calls: its arguments, one call after the other.
        workers: how many processes.
    """
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"))
    waiting: deque[Future[_T]] = deque()
    try:
        for arguments in calls:
            waiting.append(pool.submit(work, *arguments))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
