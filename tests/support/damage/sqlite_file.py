"""Damage to the bytes of a log's SQLite file, and what sort of page they stand on."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from audit.formats import checkpoint
from audit.formats.checkpoint import Checkpoint
from audit.storage import database
from audit.vault.subject_keys import SubjectKeys
from audit.verification.verify import verify_log
from tests.support.damage import unheld
from tests.support.damage.outsiders import Outsiders, Seen
from tests.support.damage.rows import Rows, read_rows
from tests.support.damage.verdict import Verdict
from tests.support.damage.whole_log import WholeLog

_HEADER = 100  # bytes
_INDEX = "no row reads otherwise; SQLite's own integrity check finds it"
_TWICE = (
    "a key stands in the table and in its index, by which rows are read; SQLite's integrity check finds it"
)
_UNUSED = "no row reads otherwise: unused bytes of a page, or counters in the file's header"


@dataclass(frozen=True)
class FileBench:
    """A log's SQLite file in a state of rest, and the verifiers."""

    whole: WholeLog
    path: Path
    data: bytes
    rows: Rows
    pages: dict[int, str]
    page_size: int
    known: Checkpoint
    outsiders: Outsiders

    @classmethod
    def of(cls, whole: WholeLog, folder: Path) -> FileBench:
        """Reads a log that nobody owns; its checkpoint is what was last verified."""
        path = whole.site.folder / "log.db"
        rows = read_rows(whole.site)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("PRAGMA journal_mode=DELETE")
            page_size: int = connection.execute("PRAGMA page_size").fetchone()[0]
            found = connection.execute("SELECT pageno, name FROM dbstat").fetchall()
        known = checkpoint.verify(rows["log_head"][1,]["signed_checkpoint"], whole.site.verifier)
        with whole.site.database() as engine:
            outsiders = Outsiders.of(folder, engine, known, whole.site.verifier.vkey)
        return cls(whole, path, path.read_bytes(), rows, dict(found), page_size, known, outsiders)

    def case(self, chosen: random.Random) -> Verdict:
        """Draws damage, does it, asks the verifiers, and undoes it."""
        kind = chosen.choice(["flip", "flip", "flip", "overwrite", "zeros", "truncate", "swap pages"])
        at = chosen.randrange(len(self.data))
        changed = self._damaged(kind, at, chosen)
        while changed == self.data:
            at = chosen.randrange(len(self.data))
            changed = self._damaged(kind, at, chosen)
        where = self._where(at)
        self.path.write_bytes(changed)
        try:
            found, seen, why = self._judged()
        finally:
            self._undo()
        what = f"at {at}, page {at // self.page_size + 1}"
        return Verdict(kind, where, what, found, True, seen.fsck, seen.go, seen.committed, why)  # noqa: FBT003

    def _judged(self) -> tuple[bool, Seen, str]:
        engine = database.connect(self.whole.site.url)
        try:
            found = self._ours(engine)
            try:
                seen = self.outsiders.judge(engine)
                why = "" if found else self._why()
            except (sa.exc.DBAPIError, TypeError, AttributeError, UnicodeError):  # nothing could be published
                seen, why = Seen(fsck=False, go=False, committed=False), ""
        finally:
            engine.dispose()
        return found, seen, why

    def _ours(self, engine: sa.Engine) -> bool:
        """Whether ours finds anything; a database that cannot be read at all is a finding too."""
        site = self.whole.site
        with site.keys_database() as keys_engine:
            keys = SubjectKeys(keys_engine, site.master)
            try:
                report = verify_log(engine, site.verifier, keys, roots=self.whole.tsa.roots)
                return not report.holds or not verify_log(engine, site.verifier, since=self.known).holds
            except sa.exc.DBAPIError:
                return True

    def _why(self) -> str:
        """Why nothing was found: no row reads otherwise, or only what nothing is held to."""
        now = read_rows(self.whole.site, by_key=True)
        changes = {
            (t, key): now[t].get(key)
            for t in self.rows
            for key in self.rows[t].keys() | now[t].keys()
            if self.rows[t].get(key) != now[t].get(key)
        }
        if changes:
            return unheld.why(changes, self.rows)
        if self._is_sound():
            return _UNUSED
        try:
            return _INDEX if read_rows(self.whole.site) == self.rows else _TWICE
        except sa.exc.DBAPIError:
            return _TWICE

    def _is_sound(self) -> bool:
        """Asks SQLite itself."""
        with closing(sqlite3.connect(self.path)) as connection:
            try:
                return bool(connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)])
            except sqlite3.DatabaseError:
                return False

    def _damaged(self, kind: str, at: int, chosen: random.Random) -> bytes:
        data = bytearray(self.data)
        match kind:
            case "flip":
                data[at] ^= 1 << chosen.randrange(8)
            case "overwrite":
                put = chosen.randbytes(chosen.randrange(1, 64))
                data[at : at + len(put)] = put
            case "zeros":
                data[at : at + 512] = bytes(512)
            case "truncate":
                del data[at:]
            case "swap pages":
                size = self.page_size
                one, other = at // size * size, chosen.randrange(len(data) // size) * size
                data[one : one + size], data[other : other + size] = (
                    data[other : other + size],
                    data[one : one + size],
                )
        return bytes(data[: len(self.data)])

    def _where(self, at: int) -> str:
        if at < _HEADER:
            return "file: header"
        return f"file: {self.pages.get(at // self.page_size + 1, 'a free page')}"

    def _undo(self) -> None:
        for path in self.path.parent.glob(f"{self.path.name}-*"):
            path.unlink()
        copy = self.path.with_suffix(".whole")
        copy.write_bytes(self.data)
        shutil.move(copy, self.path)
