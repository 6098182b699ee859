"""One owner at a time: taking a log over, and what becomes of the one before."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit.errors import DuplicateRequest, IntentionClosed, LogStopped
from audit.files import write_private
from audit.log import AuditLog
from audit.vault.vault import MasterKeyError
from audit.writing.operations import Appended
from audit.writing.sequencer import Pace
from tests.support.logs import (
    QUICK,
    LogSite,
    all_still_prove,
    fill,
    request_id,
    signing_key_pem,
    submission,
)


@pytest.mark.parametrize("begun", [False, True])
async def test_second_owner_fences_the_first(log_site: LogSite, *, begun: bool) -> None:
    """The first owner's next commit fails, for good, whether or not the second has written before it."""
    with log_site.opened() as first:
        acknowledged = await fill(first, 5)
        with log_site.opened() as second:
            acknowledged += await fill(second, int(begun), first=5)
            for _ in range(2):
                with pytest.raises(LogStopped):
                    await first.append(submission(90), closes_intention=False)
            acknowledged += await fill(second, int(not begun), first=5)
            await asyncio.sleep(5 * QUICK.retry)  # the first one does not take it back
            assert "another process owns this log now" == first.problem
            with pytest.raises(LogStopped, match="another process"):
                await first.intend(submission(91))
            acknowledged += await fill(second, 5, first=6)
            assert list(range(11)) == [a.index for a in acknowledged]
            all_still_prove(second, acknowledged)
    report = log_site.verify()
    assert (11, 0, True) == (report.entries, report.open_intentions, report.holds)


async def test_fenced_owner_can_note_no_intention(log_site: LogSite) -> None:
    """An owner that lost the log learns it from its intention, before it reads a register."""
    with log_site.opened() as first, log_site.opened(), pytest.raises(LogStopped):
        await first.intend(submission(1))
    assert 0 == log_site.verify().open_intentions


async def test_takeover_under_load_forks_nothing(log_site: LogSite) -> None:
    """Owners take the log from each other under load: no index twice, no acknowledged entry lost."""
    acknowledged: list[Appended] = []
    owners: list[AuditLog] = []
    with ThreadPoolExecutor(4) as pool:
        work = []
        for turn in range(4):
            owners.append(log_site.open())
            work.append(pool.submit(asyncio.run, _until_fenced(owners[-1], 10_000 * turn)))
            await asyncio.sleep(0.15)
        owners[-1].close()
        for part in work:
            acknowledged += part.result(20)
    for owner in owners[:-1]:
        owner.close()
    indexes = [a.index for a in acknowledged]
    assert len(set(indexes)) == len(indexes) > 20
    with log_site.opened() as log:
        all_still_prove(log, acknowledged)
    assert log_site.verify().holds


async def _until_fenced(log: AuditLog, first: int) -> list[Appended]:
    done: list[Appended] = []

    async def caller(begin: int) -> None:
        for n in range(begin, begin + 1_000):
            try:
                done.append(await log.append(submission(n), closes_intention=False))
            except LogStopped:
                return

    await asyncio.gather(*(caller(first + 1_000 * k) for k in range(5)))
    return done


async def test_open_intentions_become_interrupted_entries(log_site: LogSite) -> None:
    """Invariant 1: whoever takes the log over records what may have been read without a record."""
    site = replace(log_site, pace=Pace(max_batch=10, interval=0.001))  # more than one group of them
    with site.opened() as crashed:
        await fill(crashed, 3)
        intended = [submission(n, outcome="interrupted") for n in range(10, 35)]
        await asyncio.gather(*(crashed.intend(s) for s in intended))
        await crashed.append(submission(12), closes_intention=True)
        with site.opened() as log:  # the first was not closed: as after a crash
            assert 4 + 24 == log.reader.checkpoint().size
            for n in (*range(10, 12), *range(13, 35)):
                stored = log.reader.by_request(request_id(n))
                assert ("interrupted", request_id(n)) == (
                    stored.entry.outcome,
                    stored.entry.request_id,
                )
                assert f"case {n}".encode() == _opened(log, stored.index)["case"]
                log.reader.proof(stored.index).verify(stored.leaf, site.verifier)
            with pytest.raises(IntentionClosed):
                await log.append(submission(11), closes_intention=True)
            with pytest.raises(DuplicateRequest):
                await log.append(submission(11), closes_intention=False)
            with pytest.raises(LogStopped):
                await crashed.append(submission(13), closes_intention=True)
    report = site.verify()
    assert {"granted": 4, "interrupted": 24} == report.by_outcome
    assert (28, 0, True) == (report.sealed, report.open_intentions, report.holds)


def _opened(log: AuditLog, index: int) -> dict[str, bytes]:
    opened = log.reader.opened(log.reader.by_index(index))
    assert opened is not None
    return dict(opened.values)


async def _refused(site: LogSite, match: str) -> None:
    """Checks that a log is not opened, and that trying changed nothing and left nothing open."""
    before = _head(site)
    with pytest.raises(LogStopped, match=match):
        site.open()
    assert before == _head(site)


def open_files() -> int:
    """How many files and sockets this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def _head(site: LogSite) -> list[tuple[object, ...]]:
    with site.database() as engine, engine.connect() as connection:
        return [tuple(r) for r in connection.execute(sa.text("SELECT * FROM log_head"))]


async def test_log_of_another_key_is_not_taken_over(log_site: LogSite, tmp_path: Path) -> None:
    """A log that another key signed is refused, so that a checkpoint never changes its signer."""
    with log_site.opened() as log:
        await fill(log, 2)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    write_private(elsewhere / "log.pem", signing_key_pem())
    write_private(elsewhere / "master.key", (tmp_path / "master.key").read_bytes())
    await _refused(replace(log_site, folder=elsewhere), "not signed by")


async def test_log_of_another_origin_is_not_taken_over(log_site: LogSite) -> None:
    """A log keeps the name that it was begun with."""
    with log_site.opened() as log:
        await fill(log, 2)
    await _refused(replace(log_site, origin="elsewhere.example/log"), "not signed by")


async def test_keys_of_another_master_key_are_refused(log_site: LogSite, tmp_path: Path) -> None:
    """With the wrong master key nobody's records would be found again: the log is not opened."""
    with log_site.opened() as log:
        await fill(log, 2)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    write_private(elsewhere / "log.pem", (tmp_path / "log.pem").read_bytes())
    write_private(elsewhere / "master.key", os.urandom(32))
    before = _head(log_site)
    with pytest.raises(MasterKeyError, match="wrong master key"):
        replace(log_site, folder=elsewhere).open()
    assert before == _head(log_site)


@pytest.mark.parametrize(
    ("damage", "match"),
    [
        ('DELETE FROM log_entries WHERE "index" = 6', "missing or damaged"),
        ('DELETE FROM log_entries WHERE "index" >= 4', "missing or damaged"),
        ("UPDATE log_entries SET leaf_hash = substr(leaf_hash, 1, 31)", "missing or damaged"),
        ('UPDATE log_entries SET leaf_hash = leaf WHERE "index" = 6', "missing or damaged"),
        ("UPDATE log_head SET size = 6", "do not lead to the signed checkpoint"),
        ("DELETE FROM log_head", "beyond the signed checkpoint"),
        ("UPDATE log_head SET signed_checkpoint = 'x'", "empty line"),
    ],
)
async def test_damaged_log_is_not_taken_over(log_site: LogSite, damage: str, match: str) -> None:
    """A log whose entries do not lead to its signed checkpoint is looked at, not written to."""
    with log_site.opened() as log:
        await fill(log, 7)
    log_site.execute(damage)
    await _refused(log_site, match)


async def test_head_put_back_is_not_taken_over(log_site: LogSite) -> None:
    """An older checkpoint over newer entries, both genuine, is a rollback: refused."""
    with log_site.opened() as log:
        await fill(log, 3)
    ((_, epoch, size, root, signed),) = _head(log_site)
    with log_site.opened() as log:
        await fill(log, 3, first=3)
    log_site.execute(
        "UPDATE log_head SET epoch=:e, size=:s, root=:r, signed_checkpoint=:c",
        e=epoch, s=size, r=root, c=signed,
    )  # fmt: skip
    await _refused(log_site, "beyond the signed checkpoint")


@pytest.mark.parametrize("broken", ["url", "keys_url"])
def test_database_out_of_reach_is_said(log_site: LogSite, broken: str) -> None:
    """A server that is not there, or a folder that takes no file, is a LogStopped and leaks nothing."""
    url = getattr(log_site, broken)
    nowhere = (
        "sqlite:////proc/nowhere/log.db"
        if url.startswith("sqlite")
        else "postgresql+psycopg://postgres@127.0.0.1:1/nowhere"
    )
    before = open_files()
    site = replace(log_site, url=nowhere) if broken == "url" else replace(log_site, keys_url=nowhere)
    with pytest.raises(LogStopped, match="database failed"):
        site.open()
    assert before == open_files()


async def test_refused_log_leaves_no_connection_open(log_site: LogSite) -> None:
    """What opening a log opened is closed again when the log is refused."""
    with log_site.opened() as log:
        await fill(log, 2)
    log_site.execute("DELETE FROM log_head")
    before = open_files()
    with pytest.raises(LogStopped):
        log_site.open()
    assert before == open_files()
