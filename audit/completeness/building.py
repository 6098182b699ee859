"""Building the index of a period, beside the log's writer: few entries in a thread, many in a process.

Nothing of it stands until the owner says so in an entry. What is written meanwhile are pseudonyms whose key
nobody has: it is in memory only, and made durable by the owner just before that entry.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from audit.completeness import rows
from audit.completeness.closed import Account
from audit.completeness.gathered import Gathered, gather
from audit.completeness.sparse_tree import BUCKETS, Bucket, Collision, IndexKeys, Listed, root
from audit.errors import LogError
from audit.files import read_private
from audit.storage import database
from audit.vault.key_reader import KeyReader
from audit.vault.vault import MasterKey

_FEW = 2048  # entries, a tenth of a second of work: a process takes longer to start
_WRITTEN = 1 << 18  # bytes of an index in one transaction
_NICE = 10  # enough not to disturb; one that hardly runs would hold the database's lock for long


@dataclass(frozen=True, slots=True)
class Job:
    """An index to build.

    Attributes:
        url: the log's database.
        keys_url: the database of keys.
        master_key: file of the key that wraps those.
        key_id: name of the index's keys.
        first: index of the first entry.
        end: index after the last one.
        even_empty: whether to build it where no entry is about anybody.
    """

    url: str
    keys_url: str
    master_key: Path
    key_id: str
    first: int
    end: int
    even_empty: bool


@dataclass(frozen=True, slots=True)
class Built:
    """An index that is written, and not standing yet.

    Attributes:
        keys: its two keys, for the vault.
        root: what the entry will say.
        account: likewise, but for why it was closed anew.
    """

    keys: IndexKeys
    root: bytes
    account: Account


@dataclass(frozen=True, slots=True)
class Failed:
    """Why an index could not be built: the kind of the error, which names nobody."""

    problem: str


Outcome = Built | Failed | None  # none where there is nothing to build


def build(job: Job) -> Built | None:
    """Builds an index and writes it; gives nothing where no entry is about anybody.

    Raises:
        LogError: a key is missing or another one.
        sqlalchemy.exc.SQLAlchemyError: a database failed.
    """
    log, keys_engine = database.connect(job.url), database.connect(job.keys_url)
    try:
        keys = KeyReader(keys_engine, MasterKey(read_private(job.master_key)))
        found = gather(log, keys, job.first, job.end)
        if found.is_empty and not job.even_empty:
            return None
        drawn, leaves = draw(found)
        top = _write(log, job.key_id, drawn, leaves)
        return Built(drawn, top, found.account)
    finally:
        log.dispose()
        keys_engine.dispose()


def draw(found: Gathered) -> tuple[IndexKeys, list[Listed]]:
    """Draws keys under which no two pseudonyms begin alike: the first, but once in a while."""
    while True:
        keys = IndexKeys.draw()
        with suppress(Collision):
            return keys, found.listed(keys)


def _write(log: sa.Engine, key_id: str, keys: IndexKeys, leaves: list[Listed]) -> bytes:
    """Writes an index in small transactions, each made ready before it begins; gives the root.

    Where one writer locks the database, the log's own waits for as long as they last.
    """
    hashes: list[bytes] = []
    ready: list[dict[str, Any]] = []
    size = 0
    for number, part in enumerate(rows.split(leaves)):
        hashes.append(Bucket(keys, number, part).root())
        ready.append(rows.part(key_id, number, hashes[-1], part))
        size += len(ready[-1]["leaves"])
        if size >= _WRITTEN or number == BUCKETS - 1:
            with log.begin() as connection:
                rows.stage(connection, ready)
            size, ready = 0, []
    return root(hashes)


class Work:
    """A job that is being done elsewhere. Begun by its making."""

    def __init__(self, job: Job) -> None:
        """Begins."""
        self._outcome: list[Outcome] = []
        self._process: multiprocessing.process.BaseProcess | None = None
        self._thread: threading.Thread | None = None
        if job.end - job.first <= _FEW:
            self._thread = threading.Thread(
                target=lambda: self._outcome.append(_outcome(job)), name="log-index", daemon=True
            )
            self._thread.start()
            return
        spawning = multiprocessing.get_context("spawn")
        self._receiver, sender = spawning.Pipe(duplex=False)
        self._process = spawning.Process(target=_apart, args=(job, sender), name="log-index", daemon=True)
        self._process.start()
        sender.close()  # so that the process's end is seen here

    def outcome(self) -> tuple[Outcome] | None:
        """What came of it, once it ended."""
        if self._process is not None and not self._outcome and self._receiver.poll():
            try:
                self._outcome.append(self._receiver.recv())
            except EOFError:
                self._outcome.append(Failed("the process ended"))
            self._process.join()
        return (self._outcome[0],) if self._outcome else None

    def stop(self) -> None:
        """Ends it, or waits for its end where that is near; what it wrote is left over."""
        if self._process is not None:
            self._process.terminate()
            self._process.join()
        if self._thread is not None:
            self._thread.join()


def _apart(job: Job, sender: Connection) -> None:
    os.nice(_NICE)
    sender.send(_outcome(job))


def _outcome(job: Job, work: Callable[[Job], Built | None] = build) -> Outcome:
    try:
        return work(job)
    except (LogError, sa.exc.SQLAlchemyError) as error:
        return Failed(type(error).__name__)
