"""Which records are erased: those that an erasure entry commits to, and no others."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from audit.erasure import erasures
from audit.erasure.erasures import Erasure
from audit.errors import FormatError
from audit.formats import entry, ranges
from audit.formats.entry import Event
from audit.storage.schema import entries


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the erasures of a log cover.

    Attributes:
        by_index: the erasure entry that covers each erased record.
        kept: what is kept of each erasure, by its entry, where it is what the entry commits to.
        problems: by entry, why what is kept of an erasure is not believed.
    """

    by_index: dict[int, int]
    kept: dict[int, Erasure]
    problems: dict[int, str]

    @property
    def erasures(self) -> frozenset[int]:
        """The entries of which anything is kept beside them."""
        return frozenset(self.kept.keys() | self.problems.keys())

    def knows(self, entry: int) -> bool:
        """Tells whether anything is kept of the erasure that an entry is about."""
        return entry in self.kept or entry in self.problems


def load(connection: sa.Connection) -> Coverage:
    """Reads what erasures cover, and holds it to their entries.

    That the entries are the ones that were recorded is for the caller to check.
    """
    by_index: dict[int, int] = {}
    believed: dict[int, Erasure] = {}
    problems: dict[int, str] = {}
    for erasure in erasures.kept(connection):
        found = _covered(connection, erasure)
        if isinstance(found, str):
            problems[erasure.entry] = found
            continue
        believed[erasure.entry] = erasure
        for index in ranges.indexes(found):
            if by_index.setdefault(index, erasure.entry) != erasure.entry:
                problems[erasure.entry] = f"covers entry {index}, which was erased before"
    return Coverage(by_index, believed, problems)


def _covered(connection: sa.Connection, erasure: Erasure) -> list[ranges.Range] | str:
    leaf = connection.execute(sa.select(entries.c.leaf).where(entries.c.index == erasure.entry)).scalar()
    try:
        told = entry.decode_any(leaf)[0] if isinstance(leaf, bytes) else None
        found = erasures.covers(told, erasure) if isinstance(told, Event) else None
    except FormatError:
        found = None
    if found is None:
        return "what is kept of this erasure is not what the entry commits to"
    if found and found[-1][1] >= erasure.entry:
        return "covers entries that did not stand before it"
    return found
