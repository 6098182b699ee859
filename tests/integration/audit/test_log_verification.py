"""Verifying a whole log: one that holds yields nothing, at every moment; one that never was does not hold.

What is found of a log that was damaged: `test_promise_3_*.py`.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path

from tests.integration.audit.damaged import SIZE, Damaged
from tests.support.logs import LogSite, fill, submission


async def test_log_that_holds_yields_no_finding(log_site: LogSite) -> None:
    """A log with entries, interruptions, replays, tiles and an open intention holds."""
    with log_site.opened() as log:
        await fill(log, 260)
        await log.append(submission(1, outcome="refused", claims=False), closes_intention=False)
        await log.intend(submission(900, outcome="interrupted"))
        await log.append(submission(900, outcome="refused", claims=False), closes_intention=False)
        report = log_site.verify()
        assert () == report.findings
        assert (262, 262, 0, 1) == (
            report.entries,
            report.sealed,
            report.erased,
            report.open_intentions,
        )
        assert {"granted": 260, "refused": 2} == report.by_outcome
        assert log.reader.checkpoint() == report.checkpoint
        public = log_site.verify(sealed=False)
        assert (262, 0, True) == (public.entries, public.sealed, public.holds)


async def test_growing_log_holds_at_every_moment(log_site: LogSite) -> None:
    """Verifying beside a writer sees one moment of the log: what is just added is no finding."""
    with log_site.opened() as log:
        await fill(log, 20)
        ended = threading.Event()

        async def grow() -> None:
            first = 20
            while not ended.is_set():
                await fill(log, 10, first)
                first += 10

        growing = asyncio.ensure_future(grow())
        try:
            sizes = []
            for _ in range(8):
                report = await asyncio.to_thread(log_site.verify, sealed=False)
                assert () == report.findings
                sizes.append(report.entries)
        finally:
            ended.set()
            await growing
        assert sizes == sorted(sizes)
        assert sizes[0] < sizes[-1]


def test_progress_is_told(damaged: Damaged) -> None:
    """Progress runs from the first entry to the last, and says how many there are in all."""
    told: list[tuple[int, int]] = []
    damaged.site.verify(progress=lambda done, in_all: told.append((done, in_all)))
    assert (SIZE, SIZE) == told[-1]
    assert told == sorted(told)
    assert len(told) > 1


def test_another_logs_key_verifies_nothing(damaged: Damaged, tmp_path: Path) -> None:
    """Held against another key, the checkpoint is the finding, and entries are still read."""
    other = LogSite.at(tmp_path)
    report = replace(damaged.site, folder=other.folder).verify(sealed=False)
    assert (["checkpoint"], SIZE) == ([f.place for f in report.findings], report.entries)
