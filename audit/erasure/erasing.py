"""Asking for an erasure, beside whoever owns the log: what it would take, and what became of it.

Counts first, asks then. Asking twice for the same erases nothing twice: what is gone is not counted, and
a request that still waits is the same one. The subject stands in no request: its key's random name does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from audit.erasure import coverage, erasures
from audit.erasure.erasures import Scope
from audit.erasure.retention import RetentionClass
from audit.errors import FormatError, NotFound
from audit.formats import entry, ranges
from audit.formats.entry import Entry
from audit.formats.ranges import Range
from audit.storage.schema import entries, intentions, sealed
from audit.vault.subject_keys import SubjectKeys

_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Wanted:
    """An erasure that could be asked for, and how much it would take at present.

    Attributes:
        scope: what it is of.
        target: see `erasures.Request`; empty where there is nothing to erase.
        records: how many records it would take.
        intentions: how many exchanges are under way whose sealed part it would take.
        rule: the retention class, where it is of one.
    """

    scope: Scope
    target: str
    records: int
    intentions: int = 0
    rule: str = ""


class Erasing:
    """Asks for erasures in one log. Owns nothing."""

    def __init__(self, engine: sa.Engine, keys: SubjectKeys) -> None:
        """Takes the log's database, and the keys that name subjects."""
        self._engine = engine
        self._keys = keys

    def subject(self, subject: bytes) -> Wanted:
        """Looks for everything that is sealed about a subject.

        Raises:
            MasterKeyError: the master key is another one.
        """
        key_id = self._keys.named(subject)
        if key_id is None:
            return Wanted(Scope.SUBJECT, "", 0)
        counts = [
            sa.select(sa.func.count()).select_from(t).where(t.c.key_id == key_id)
            for t in (sealed, intentions)
        ]
        with self._reading() as connection:
            records, under_way = (connection.execute(query).scalar_one() for query in counts)
        return Wanted(Scope.SUBJECT, key_id, records, under_way)

    def record(self, index: int) -> Wanted:
        """Looks for what is sealed of one record.

        Raises:
            NotFound: the log has no such entry.
            FormatError: it is of no exchange, or was sealed before records could be erased alone.
        """
        with self._reading() as connection:
            leaf = connection.execute(sa.select(entries.c.leaf).where(entries.c.index == index)).scalar()
            row = connection.execute(sa.select(sealed).where(sealed.c.index == index)).first()
        if leaf is None:
            raise NotFound(f"the log has no entry {index}")
        content, commitments = entry.decode_any(leaf)
        if not isinstance(content, Entry) and not commitments:
            raise FormatError(f"entry {index} is of no exchange: nothing about anybody is sealed with it")
        if row is None:
            return Wanted(Scope.RECORD, "", 0)
        if row.page is None:
            raise FormatError(
                f"record {index} has no key of its own: erase its subject, or wait for its time"
            )
        return Wanted(Scope.RECORD, str(index), 1)

    def retention(self, rule: RetentionClass, today: str) -> list[Wanted]:
        """Looks for the records of a class that are older than the class lets them be, a part at a time.

        Args:
            rule: the class.
            today: the date, as in 2026-11-21.
        """
        before = rule.before(today)
        found = [index for index, told in self._exchanges() if rule.has(told, before)]
        parts = [found[i : i + erasures.MOST] for i in range(0, len(found), erasures.MOST)]
        name = f"{rule.id} before {before}"
        return [Wanted(Scope.RETENTION, ranges.write(part), len(part), rule=name) for part in parts]

    def ask(self, wanted: Wanted, ground: str) -> int | None:
        """Asks for it, and gives the request's number; asks for nothing where nothing is to be erased."""
        if not wanted.target:
            return None
        with self._engine.begin() as connection:
            return erasures.ask(connection, wanted.scope, wanted.target, ground, wanted.rule)

    def done(self, number: int) -> bool:
        """Tells whether nothing is left of what a request was about."""
        with self._reading() as connection:
            return all(r.number != number for r in erasures.requests(connection, unfinished=True))

    def entries(self, number: int) -> list[int]:
        """The entries that tell of a request."""
        with self._reading() as connection:
            return [e.entry for e in erasures.kept(connection, number)]

    def covered(self, number: int) -> int:
        """How many records a request took."""
        with self._reading() as connection:
            return sum(_size(ranges.parse(e.indexes)) for e in erasures.kept(connection, number))

    def proof(self, index: int) -> Covered:
        """Gives what an erasure's entry covers, held to the entry and to what is sealed.

        Raises:
            NotFound: there is no erasure with an entry at that index.
            FormatError: what is kept of it is not what its entry commits to.
        """
        with self._reading() as connection:
            known = coverage.load(connection)
            if index in known.problems:
                raise FormatError(f"entry {index}: {known.problems[index]}")
            if index not in known.kept:
                raise NotFound(f"entry {index} is of no erasure, or what it covers is not kept")
            kept = known.kept[index]
            found = ranges.parse(kept.indexes)
            again = [i for first, last in found for i in connection.execute(_sealed(first, last)).scalars()]
        return Covered(
            index, kept.opening, kept.indexes, _size(found), again, self._keys.remaining(kept.names)
        )

    def _exchanges(self) -> Iterator[tuple[int, Entry]]:
        """Every exchange with a sealed part and a key of its own."""
        query = (
            sa.select(entries.c.index.label("log_index"), entries.c.leaf)
            .join(sealed, sealed.c.index == entries.c.index)
            .where(sealed.c.page.is_not(None))
            .order_by(entries.c.index)
            .execution_options(yield_per=_CHUNK)
        )
        with self._reading() as connection:
            for index, leaf in connection.execute(query):
                content = entry.decode_any(leaf)[0]
                if isinstance(content, Entry):
                    yield index, content

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with self._engine.connect().execution_options(read_only=True) as connection:
            yield connection


@dataclass(frozen=True, slots=True)
class Covered:
    """What an erasure's entry covers, for an auditor.

    Attributes:
        entry: index of the entry.
        opening: opens the entry's commitment to the indexes.
        indexes: ranges of the records that were erased.
        records: how many.
        sealed_again: those of them that have a sealed part all the same.
        keys_again: those of the erased keys that are there all the same.
    """

    entry: int
    opening: bytes
    indexes: str
    records: int
    sealed_again: Sequence[int]
    keys_again: Sequence[str]

    @property
    def holds(self) -> bool:
        """Whether all that it covers is gone."""
        return not self.sealed_again and not self.keys_again


def _sealed(first: int, last: int) -> sa.Select[int]:
    return sa.select(sealed.c.index).where(sealed.c.index.between(first, last))


def _size(found: Sequence[Range]) -> int:
    return sum(last - first + 1 for first, last in found)
