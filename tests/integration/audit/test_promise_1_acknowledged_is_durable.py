"""Promise 1: acknowledged means durable, with an index that is never reused.

Invariant 7 kills the writer. Here the power goes: what is on the disk at the moment of an acknowledgement
must be enough, without anything that a process would still have written.
"""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from audit.errors import LogError, LogStopped
from audit.log import AuditLog
from audit.writing.operations import Appended
from tests.support import postgres
from tests.support.logs import LogSite, all_still_prove, fill, submission


def as_the_disk_has_it(site: LogSite, folder: Path) -> LogSite:
    """Copies what would be left after a power cut: files and write-ahead logs, no shared memory."""
    folder.mkdir()
    for path in site.folder.iterdir():
        if path.is_file() and not path.name.endswith("-shm"):
            shutil.copy(path, folder / path.name)
    urls = (f"sqlite:///{folder}/{name}.db" for name in ("log", "keys"))
    return replace(site, folder=folder, url=next(urls), keys_url=next(urls))


async def test_promise_1_what_is_acknowledged_is_on_the_disk(sqlite_site: LogSite, tmp_path: Path) -> None:
    """At every acknowledgement the files alone hold the entry, its proof, what is sealed."""
    acknowledged: list[Appended] = []
    with sqlite_site.opened() as log:
        for turn in range(6):
            await log.intend(submission(90 + turn, outcome="interrupted"))
            acknowledged += await fill(log, 1 + 3 * turn, first=100 * (turn + 1))
            left = as_the_disk_has_it(sqlite_site, tmp_path / f"cut-{turn}")
            with left.opened() as after:
                all_still_prove(after, acknowledged)
                assert all(after.reader.opened(after.reader.by_index(a.index)) for a in acknowledged)
            report = left.verify()
            assert ((), turn + 1) == (report.findings, report.by_outcome["interrupted"])


async def test_promise_1_what_is_acknowledged_survives_the_server(
    postgres_site: LogSite, postgres_server: postgres.Server
) -> None:
    """PostgreSQL ends at once, as in a crash, right after an acknowledgement: nothing of it is lost."""
    acknowledged: list[Appended] = []
    for turn in range(2):
        log = postgres_site.open()
        try:
            acknowledged += await fill(log, 20, first=100 * turn)
        finally:
            postgres_server.stop()
            log.close()
            postgres_server.start()
    with postgres_site.opened() as log:
        all_still_prove(log, acknowledged)
    assert postgres_site.verify().holds


async def once_it_takes(log: AuditLog, number: int) -> Appended:
    """Appends an entry to a log that starts over."""
    for _ in range(500):
        try:
            return await log.append(submission(number), closes_intention=False)
        except LogStopped:
            await asyncio.sleep(0.01)
    raise AssertionError("the log does not start over")


async def test_promise_1_no_index_is_used_twice(log_site: LogSite) -> None:
    """Over failed commits, interruptions, erasures and new owners, every index stands for one entry."""
    told: dict[int, bytes] = {}
    for turn in range(4):
        with log_site.opened() as log:
            await log.intend(submission(900 + turn, outcome="interrupted"))
            done = await fill(log, 5, first=100 * turn)
            log_site.execute("ALTER TABLE log_entries RENAME TO away")
            with pytest.raises(LogStopped):
                await log.append(submission(50 + 100 * turn), closes_intention=False)
            log_site.execute("ALTER TABLE away RENAME TO log_entries")
            done.append(await once_it_takes(log, 60 + 100 * turn))
            log_site.erase(b"subject 1")
            for appended in done:
                assert appended.index not in told
                told[appended.index] = appended.leaf.data
    with log_site.opened() as log:
        size = log.reader.checkpoint().size
        assert 4 * (6 + 1) + 4 <= size  # what was told, its erasures, what was interrupted
        for index in range(size):
            leaf = log.reader.by_index(index).leaf
            assert leaf == told.get(index, leaf)
        with pytest.raises(LogError):
            log.reader.by_index(size)
