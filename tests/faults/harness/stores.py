"""Where the logs of the runs lie. Each run gets a log of its own, from a template with work left over.

The template's owner died: registers were about to be read, and an erasure was asked for. Its log stands a
few entries before its first complete tile.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from audit.writing.sequencer import Pace
from exchange.sealed import subject_bytes
from tests.faults.harness.actor import Actor
from tests.faults.harness.forked import forked
from tests.faults.harness.parts import KEY, home
from tests.faults.harness.told import Side
from tests.support import postgres
from tests.support.logs import GROUND, LogSite, submission

_ENTRIES = 248
_GROUP = 31
_OPEN = 3
_FIRST = 800_000
_RECEIPTS = 40  # every so many lines of what was told are kept: a sample will do for old entries
_DISK = 64 << 20  # bytes: two databases and some room
_FILES = ("log.db", "keys.db")
_KEY_FILES = ("log.pem", "master.key")
BESIDE = ("", "-wal", "-shm", "-journal")  # the files of one database of SQLite


class Store(Protocol):
    """A kind of database.

    Attributes:
        name: how runs name it.
    """

    name: str

    def fresh(self, folder: Path, *, empty: bool) -> LogSite:
        """A log in a folder: the template's, or none yet."""

    def files(self, folder: Path) -> Sequence[Path]:
        """The files that a log in a folder is written to by the driver itself."""

    def drop(self, site: LogSite) -> None:
        """Removes a log, where that takes more than removing its folder."""


class SqliteStore:
    """Files; see `Store`."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        """Makes the template in a folder."""
        self._template = folder
        _leave_work(LogSite.at(folder), folder)

    def fresh(self, folder: Path, *, empty: bool) -> LogSite:
        """See `Store`."""
        _copy_keys(self._template, folder)
        if not empty:
            for name in (f"{file}{suffix}" for file in _FILES for suffix in ("", "-wal")):
                if (self._template / name).exists():
                    shutil.copy(self._template / name, folder)
        _copy_told(self._template, folder, empty=empty)
        return sqlite_site(folder)

    def files(self, folder: Path) -> Sequence[Path]:
        """See `Store`."""
        return [folder, *(folder / f"{file}{suffix}" for file in _FILES for suffix in BESIDE)]

    def drop(self, site: LogSite) -> None:
        """See `Store`."""


class PostgresStore:
    """Databases of a server; see `Store`."""

    name = "postgresql"

    def __init__(self, folder: Path, server: postgres.Server, disk: Path | None) -> None:
        """Makes the template on a server, its keys in a folder; the runs' tables on a disk, where given."""
        self.server = server
        self.disk = disk
        self._template = folder
        self._made = 0
        self._urls = [server.fresh_database(), server.fresh_database()]
        _leave_work(LogSite.at(folder, *self._urls), folder)
        if disk:
            self._administer(f"CREATE TABLESPACE small LOCATION '{disk}'")

    def fresh(self, folder: Path, *, empty: bool) -> LogSite:
        """See `Store`."""
        _copy_keys(self._template, folder)
        _copy_told(self._template, folder, empty=empty)
        self._made += 1
        urls: list[str] = []
        for url in self._urls:
            template, name = sa.make_url(url).database, f"run_{self._made}_{len(urls)}"
            where = " TABLESPACE small" if self.disk else ""
            self._administer(f"CREATE DATABASE {name} TEMPLATE {'template1' if empty else template}{where}")
            urls.append(url.replace(template or "", name))
        self._administer("CHECKPOINT")  # else a crash has the server write all these databases again
        return LogSite(urls[0], urls[1], folder)

    def files(self, folder: Path) -> Sequence[Path]:
        """See `Store`."""
        return ()

    def drop(self, site: LogSite) -> None:
        """See `Store`."""
        for url in (site.url, site.keys_url):
            self._administer(f"DROP DATABASE IF EXISTS {sa.make_url(url).database} WITH (FORCE)")

    def _administer(self, statement: str) -> None:
        url = sa.make_url(self._urls[0]).set(database="postgres")
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)


def sqlite_site(folder: Path) -> LogSite:
    """A log in the files of a folder."""
    log, keys = (f"sqlite:///{folder / name}" for name in _FILES)
    return LogSite(log, keys, folder)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """A small file system for PostgreSQL's tables, in memory; only root may mount one."""
    if os.geteuid() != 0:
        yield None
        return
    folder.mkdir()
    options = f"size={_DISK},uid={pwd.getpwnam('postgres').pw_uid},mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "hjemmel-test", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _leave_work(site: LogSite, folder: Path) -> None:
    with forked(lambda _: _owner_that_dies(site, folder)) as child:
        status = child.ended(60)
    if status:
        raise RuntimeError(f"the template was not made: {status}")
    told = folder / "told"
    lines = told.read_bytes().splitlines(keepends=True)
    told.write_bytes(b"".join(lines[:: _RECEIPTS + 1] + lines[-_OPEN:]))


def _owner_that_dies(site: LogSite, folder: Path) -> int:
    slow = replace(site, pace=Pace(interval=0.001, look=3600))  # it dies before it looks for erasures
    side = Side(folder / "told")
    log = slow.open()

    async def leave() -> None:
        actor = Actor(slow, log, side, _FIRST, 10)
        for begin in range(0, _ENTRIES, _GROUP):
            await actor.together(*(10 + number % 40 for number in range(begin, begin + _GROUP)))
        for number in range(_FIRST + 1000, _FIRST + 1000 + _OPEN):
            about = submission(number, subject=subject_bytes(KEY, home(10)), outcome="interrupted")
            await log.intend(about)
            side.read(about.entry.request_id or "")

    asyncio.run(leave())
    with slow.erasing() as erasing:
        erasing.ask(erasing.subject(subject_bytes(KEY, home(11))), GROUND)
    os._exit(0)  # nothing is closed


def _copy_keys(template: Path, folder: Path) -> None:
    for name in _KEY_FILES:
        shutil.copy(template / name, folder)


def _copy_told(template: Path, folder: Path, *, empty: bool) -> None:
    if not empty:
        shutil.copy(template / "told", folder)
