"""Holding the indexes of periods to the entries that they are over.

Without the vault: that the periods follow each other, that none was closed twice, and that what was closed
anew is what stands. With it, every standing index is made again; see `verify_indexes`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from audit.completeness import closed, rows
from audit.completeness.closed import Closed
from audit.completeness.rows import Standing
from audit.erasure.coverage import Coverage
from audit.errors import FormatError
from audit.formats import entry
from audit.formats.entry import Entry, Event
from audit.storage.schema import entries
from audit.vault.key_reader import KeyReader
from audit.verification.verify_indexes import index_problems

Find = Callable[[int, str, str], None]


@dataclass(frozen=True, slots=True)
class Periods:
    """What a verification says of periods.

    Attributes:
        closed: how many there are.
        recomputed: how many indexes were made again and compared.
        anew: how many are to be closed anew, after an erasure.
        until: when the last one was closed; empty where none was.
        unclosed: how many entries stand in none so far.
    """

    closed: int = 0
    recomputed: int = 0
    anew: int = 0
    until: str = ""
    unclosed: int = 0


class PeriodCheck:
    """Collects the entries that close periods, then holds them to what they are over."""

    def __init__(self, connection: sa.Connection, keys: KeyReader | None, begin: int, find: Find) -> None:
        """Takes one state of a log.

        Args:
            connection: to it.
            keys: open what is sealed, where given.
            begin: entries before this index were verified before.
            find: called with the index, the place and the problem of what does not hold.
        """
        self._connection = connection
        self._keys = keys
        self._begin = begin
        self._find = find
        self._told: dict[int, Closed] = {}

    def entry(self, index: int, content: Entry | Event) -> None:
        """Takes an entry that closes a period."""
        try:
            self._told[index] = closed.read(content)
        except FormatError as error:
            self._find(index, f"entry {index}", str(error))

    def run(self, size: int, coverage: Coverage) -> Periods:
        """Says what does not hold, of a log of a size with what was erased from it."""
        known = rows.standing(self._connection)
        before = {p.entry for p in known} | {
            t.replaces for t in self._told.values() if t.replaces is not None
        }
        for index in sorted(i for i in before if i < self._begin):
            self._read_before(index)
        standing = self._chain()
        self._kept(known, standing)
        self._erased(known, coverage)
        recomputed = 0
        for period in known:
            if self._keys and period.key_id and period.entry >= self._begin and period.entry in self._told:
                told = self._told[period.entry]
                for problem in index_problems(self._connection, self._keys, period, period.key_id, told):
                    self._find(period.entry, f"entry {period.entry}", problem)
                recomputed += 1
        last = max(standing.values(), key=lambda told: told.end, default=None)
        return Periods(
            len(standing),
            recomputed,
            sum(p.key_id is None for p in known),
            last.until if last else "",
            size - (last.end if last else 0),
        )

    def _read_before(self, index: int) -> None:
        leaf = self._connection.execute(sa.select(entries.c.leaf).where(entries.c.index == index)).scalar()
        try:
            self._told[index] = closed.read(entry.decode_any(leaf or b"")[0])
        except FormatError as error:
            self._find(index, f"entry {index}", str(error))

    def _chain(self) -> dict[int, Closed]:
        """Follows the entries that close periods; gives those that stand, by entry."""
        standing: dict[int, int] = {}
        newest: Closed | None = None
        for index, told in sorted(self._told.items()):
            if index < self._begin:
                standing[told.first] = index
        for first in sorted(standing):
            told = self._told[standing[first]]
            self._follows(standing[first], told, newest)
            newest = told
        for index, told in sorted(self._told.items()):
            if index < self._begin:
                continue
            if told.end > index:
                what = f"closes a period up to entry {told.end}, which comes after it"
                self._find(index, f"entry {index}", what)
            if told.replaces is None:
                self._follows(index, told, newest)
                newest = told if newest is None or told.end > newest.end else newest
            else:
                self._replaces(index, told, standing.get(told.first))
            standing[told.first] = index
        return {index: self._told[index] for index in standing.values()}

    def _follows(self, index: int, told: Closed, newest: Closed | None) -> None:
        end, until = (newest.end, newest.until) if newest else (0, "")
        place = f"entry {index}"
        if told.first < end:
            self._find(index, place, f"closes entries from {told.first} on, closed up to {end} already")
        elif told.first > end:
            what = f"closes entries from {told.first} on, and leaves out {end} to {told.first - 1}"
            self._find(index, place, what)
        elif told.since != until:
            self._find(index, place, f"closes a period since {told.since}; the one before ended {until}")

    def _replaces(self, index: int, told: Closed, stood: int | None) -> None:
        if stood is None or stood != told.replaces:
            self._find(index, f"entry {index}", f"replaces entry {told.replaces}, which does not stand")
        elif _span(self._told[stood]) != _span(told):
            self._find(index, f"entry {index}", "closes another period than the one that it replaces")

    def _kept(self, known: Sequence[Standing], standing: Mapping[int, Closed]) -> None:
        """Holds what is kept of periods to the entries that closed them."""
        kept = {p.entry: (p.first, p.end, p.since, p.until) for p in known}
        for index in sorted(kept.keys() | standing.keys()):
            told = standing.get(index)
            if told is None:
                self._find(index, f"entry {index}", "closes no period that stands, but is kept as if")
            elif kept.get(index) != _span(told):
                self._find(index, f"entry {index}", "what is kept of the period is not what it says")

    def _erased(self, known: Sequence[Standing], coverage: Coverage) -> None:
        firsts = [p.first for p in known]
        for index, erasure in coverage.by_index.items():
            period = known[bisect_right(firsts, index) - 1] if firsts and index >= firsts[0] else None
            if period and index < period.end and period.key_id is not None and erasure > period.entry:
                self._find(
                    period.entry,
                    f"entry {period.entry}",
                    f"its index still stands, though entry {erasure} erased entry {index} of it",
                )


def _span(told: Closed) -> tuple[int, int, str, str]:
    return told.first, told.end, told.since, told.until
