"""Appends to a log with a number of callers that wait at once; the process that `log_append` measures.

    python -m tests.bench.log_load FOLDER URL KEYS_URL CALLERS PERIOD [ENTRIES]

Prints one line of JSON. Each caller submits the next entry when its last one is acknowledged: durable, with
a receipt. Everything that a broker's log does is done: commitments, sealing, keys, the signed checkpoint.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import uvloop

from audit.formats.entry import Submission
from audit.log import AuditLog
from audit.writing.sequencer import Pace
from tests.bench.log_entries import entry
from tests.support.logs import LogSite

WARM = 0.5  # seconds that are not measured


async def load(log: AuditLog, callers: int, period: float, entries: int) -> dict[str, float]:
    """Appends for a time, or so many entries; gives entries a second, latencies in ms, batches, bytes."""
    took: list[float] = []
    checkpoints: set[str] = set()
    receipts: list[int] = []
    numbers = count()
    begun = time.perf_counter()
    begin = begun + (0 if entries else WARM)
    end = begin + (3600 if entries else period)

    async def call() -> None:
        done = time.perf_counter()
        while done < end and (number := next(numbers)) < (entries or sys.maxsize):
            asked = time.perf_counter()
            appended = await log.append(entry(number), closes_intention=False)
            done = time.perf_counter()
            checkpoints.add(appended.proof.signed_checkpoint)
            if asked >= begin and done <= end:
                took.append(done - asked)
                receipts.append(len(appended.proof.text))

    await asyncio.gather(*(call() for _ in range(callers)))
    measured = min(time.perf_counter(), end) - begin
    took.sort()
    return {
        "entries": len(took),
        "rate": len(took) / measured,
        "p50": took[len(took) // 2] * 1000,
        "p99": took[len(took) * 99 // 100] * 1000,
        "batches": len(checkpoints),
        "appended": min(next(numbers), entries or sys.maxsize),
        "receipt_bytes": max(receipts),
    }


async def append(log: AuditLog, submissions: Sequence[Submission], callers: int) -> None:
    """Appends entries by a number of callers that wait at once."""
    rest = iter(submissions)

    async def call() -> None:
        for submission in rest:
            await log.append(submission, closes_intention=False)

    await asyncio.gather(*(call() for _ in range(callers)))


def main() -> None:
    """Opens the log, appends, and tells."""
    folder, url, keys_url, callers, period, *rest = sys.argv[1:]
    log = LogSite(url, keys_url, Path(folder), pace=Pace()).open()
    try:
        entries = int(rest[0]) if rest else 0
        sys.stdout.write(json.dumps(uvloop.run(load(log, int(callers), float(period), entries))) + "\n")
    finally:
        log.close()


if __name__ == "__main__":
    main()
