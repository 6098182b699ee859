"""Runs side by side: a worker for each processor, each with a stand of its own."""

from __future__ import annotations

import multiprocessing
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress

from tests.faults.harness.plan import Job
from tests.faults.harness.runs import Result, Stand

_FORK = multiprocessing.get_context("fork")  # workers have all imported that their drivers need
_HANGS = 600  # seconds without any result


def made(stands: Sequence[Stand], jobs: Sequence[Job]) -> Iterator[Result]:
    """Makes runs, and gives their results as they come; of one that cannot be made, why is its problem."""
    waiting: multiprocessing.Queue[Job | None] = _FORK.Queue()
    results: multiprocessing.Queue[Result] = _FORK.Queue()
    for job in jobs:
        waiting.put(job)
    for _ in stands:
        waiting.put(None)
    workers = [_FORK.Process(target=_work, args=(s, waiting, results), daemon=False) for s in stands]
    for worker in workers:
        worker.start()
    try:
        for _ in jobs:
            yield results.get(timeout=_HANGS)
    finally:
        waiting.cancel_join_thread()
        for worker in workers:
            with suppress(ValueError):
                worker.join(10 if worker.is_alive() else 0)
                worker.terminate()


def _work(
    stand: Stand,
    waiting: multiprocessing.Queue[Job | None],
    results: multiprocessing.Queue[Result],
) -> None:
    while (job := waiting.get()) is not None:
        try:
            results.put(stand.run(job.scene, job.faults))
        except Exception:  # noqa: BLE001  # told to whoever waits
            results.put(stand.failed(job.scene, job.faults, traceback.format_exc()))
