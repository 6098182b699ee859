"""Closing a period beside a writing log, and proving from it: `python -m tests.bench.periods ENTRIES`.

Every entry is about another subject: the most that an index of so many entries can cost. Prints processor
seconds beside wall seconds; other work on the machine changes the latter only.
"""

from __future__ import annotations

import asyncio
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from audit.completeness import proof_json
from audit.log import AuditLog
from audit.writing.sequencer import Pace
from tests.support import bulk
from tests.support.logs import LogSite, submission
from tests.support.periods import Periods

_EVERY = 0.01  # seconds between two appends


def main(entries: int) -> None:
    """Measures, and prints a line a figure."""
    with tempfile.TemporaryDirectory(prefix="hjemmel-bench-") as folder:
        site = replace(LogSite.at(Path(folder)), pace=Pace())
        bulk.write(site, (submission(n, subject=b"subject %d" % n) for n in range(entries)))
        asyncio.run(_measure(site, entries))


async def _measure(site: LogSite, entries: int) -> None:
    periods = Periods(site)
    with site.opened() as log:
        quiet = await _latencies(log, entries, lambda: asyncio.sleep(5))
        begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        closing = asyncio.get_running_loop().run_in_executor(None, periods.close)
        busy = await _latencies(log, 2 * entries, lambda: closing)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"closing {entries} subjects: {time.monotonic() - begun:.1f} s, {used:.1f} s of a processor")
        print(f"memory of the process: {after.ru_maxrss / 1024:.0f} MB")
        _show("append, quiet", quiet)
        _show("append, while closing", busy)
    for what, subject in (("with a record", b"subject 7"), ("with none", b"stranger")):
        begun_cpu = time.process_time()
        proof = periods.prove(subject)
        made = time.process_time() - begun_cpu
        data = proof_json.write(proof)
        proof_json.parse(data).verify(site.verifier)
        checked = time.process_time() - begun_cpu - made
        print(
            f"proof of a period {what}: {len(data)} bytes, made in {made:.3f} s, verified in {checked:.4f} s"
        )
    begun_cpu = time.process_time()
    site.verify()
    print(f"log verify, with the index made again: {time.process_time() - begun_cpu:.1f} s of a processor")


async def _latencies(log: AuditLog, first: int, work: Callable[[], Awaitable[object]]) -> list[float]:
    """Appends at a pace while something else is done; gives how long each took, in milliseconds."""
    done, found = asyncio.ensure_future(work()), []
    number = first
    while not done.done():
        number += 1
        begun = time.monotonic()
        await log.append(submission(number, subject=b"one more"), closes_intention=False)
        found.append((time.monotonic() - begun) * 1000)
        await asyncio.sleep(_EVERY)
    return found


def _show(what: str, found: list[float]) -> None:
    p99 = statistics.quantiles(found, n=100)[98]
    print(f"{what}: median {statistics.median(found):.1f} ms, p99 {p99:.0f} ms, most {max(found):.0f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]))
