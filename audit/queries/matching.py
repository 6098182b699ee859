"""Which entries meet some criteria: sets of a few thousand bits, one for each segment, intersected.

What an authority may not see is taken out here, by the same intersection as everything else, before
anything is counted, paged or shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from audit.formats.ranges import Range
from audit.queries import bits, names, places, tokens
from audit.queries.bits import WIDTH
from audit.queries.criteria import Criteria, Viewer
from audit.queries.danish_time import microseconds
from audit.queries.fields import Field
from audit.queries.position import read_position
from audit.storage.schema import search_postings, search_segments, search_tokens
from audit.vault.key_reader import KeyReader

_NEVER = 1 << 62  # microseconds

#: Entries by segment, a bit each; segments without any are left out.
Sets = dict[int, int]


@dataclass(frozen=True, slots=True)
class Matched:
    """What met some criteria.

    Attributes:
        sets: the entries.
        size: how many entries of the log were searched.
        unsearched: entries whose sealed fields could not be: they are being looked into anew after an
            erasure, or are the newest, or do not open. Any of them may meet the criteria, too.
    """

    sets: Sets
    size: int
    unsearched: tuple[Range, ...]

    @property
    def count(self) -> int:
        """How many entries there are."""
        return sum(found.bit_count() for found in self.sets.values())


class Matcher:
    """Searches one state of an index."""

    def __init__(self, connection: sa.Connection, keys: KeyReader) -> None:
        """Takes the state, and the keys of sealed fields."""
        self._connection = connection
        self._keys = keys

    def match(self, viewer: Viewer, criteria: Criteria, end: int | None = None) -> Matched:
        """Finds what a viewer may see and meets all criteria, among the first so many entries.

        Raises:
            FormatError: the index is damaged.
            MasterKeyError: the master key is another one.
        """
        position = read_position(self._connection)
        size = position.entries if position else 0
        if end is not None:
            size = min(size, end)
        sets: Sets = {segment: bits.below(size - segment * WIDTH) for segment in range(-(-size // WIDTH))}
        for field, values in _wanted(viewer, criteria):
            if sets:
                sets = _both(sets, self._having(field, values))
        if criteria.since is not None or criteria.until is not None:
            sets = self._between(sets, criteria)
        missing: Sets = {}
        for name, value in criteria.sealed.items():
            sets, unknown = self._sealed(sets, name, value)
            missing |= {segment: missing.get(segment, 0) | some for segment, some in unknown.items()}
        return Matched(sets, size, _ranges(missing))

    def each(self, field: Field, within: Sets) -> dict[int, int]:
        """Counts entries by their values of a field."""
        c = search_postings.c
        query = sa.select(c.value, c.segment, c.bits).where(c.field == int(field))
        if within:
            query = query.where(c.segment.between(min(within), max(within)))
        counts: defaultdict[int, int] = defaultdict(int)
        for value, segment, data in self._connection.execute(query) if within else ():
            found = within.get(segment)
            if found:
                counts[value] += (found & bits.decode(data)).bit_count()
        return {value: count for value, count in counts.items() if count}

    def named(self, numbers: Collection[int]) -> dict[int, str]:
        """Gives the names of values."""
        return names.texts(self._connection, numbers)

    def known(self, values: Collection[str]) -> set[str]:
        """Tells which names stand in the log at all."""
        return set(names.numbers(self._connection, values))

    def _having(self, field: Field, values: Sequence[str]) -> Sets:
        numbers = names.numbers(self._connection, values)
        found: Sets = {}
        c = search_postings.c
        for number in numbers.values():
            query = sa.select(c.segment, c.bits).where(c.field == int(field), c.value == number)
            for segment, data in self._connection.execute(query):
                found[segment] = found.get(segment, 0) | bits.decode(data)
        return found

    def _between(self, sets: Sets, criteria: Criteria) -> Sets:
        """Leaves those in a time: whole segments by their first and last one, others entry by entry."""
        since = max(0, microseconds(criteria.since)) if criteria.since else 0
        until = microseconds(criteria.until) if criteria.until else _NEVER
        c = search_segments.c
        query = sa.select(c.segment, c.earliest, c.latest, c.stated, c.count)
        rows = self._connection.execute(query.where(c.earliest < until, c.latest >= since)).all()
        inside = {
            r.segment
            for r in rows
            if since <= r.earliest and r.latest < until and r.stated == r.count  # who states none is in none
        }
        found: Sets = {}
        for segment in sets.keys() & {r.segment for r in rows}:
            found[segment] = sets[segment]
            if segment not in inside:
                found[segment] &= self._at(segment, since, until)
        return {segment: kept for segment, kept in found.items() if kept}

    def _at(self, segment: int, since: int, until: int) -> int:
        query = sa.select(search_segments.c.times).where(search_segments.c.segment == segment)
        times = bits.numbers(self._connection.execute(query).scalar_one())
        return bits.of(place for place, time in enumerate(times) if since <= time < until)

    def _sealed(self, sets: Sets, name: str, value: bytes) -> tuple[Sets, Sets]:
        """Leaves those with a sealed value; gives apart those of which it is not known."""
        c = search_segments.c
        rows = self._connection.execute(sa.select(c.segment, c.key_id, c.sealed, c.unread)).all()
        rows = [row for row in rows if row.segment in sets]
        keys = self._keys.search_keys({row.key_id for row in rows if row.key_id})
        wanted = {
            row.segment: tokens.token(keys[row.key_id], name, value) for row in rows if row.key_id in keys
        }
        found = self._tokens(wanted)
        matched = {s: kept for s, bits_ in found.items() if (kept := bits_ & sets[s])}
        missing: Sets = dict(sets)
        for row in rows:
            if row.segment in wanted:
                missing[row.segment] &= ~bits.below(row.sealed) | bits.decode(row.unread)
        return matched, {s: unknown for s, unknown in missing.items() if unknown}

    def _tokens(self, wanted: dict[int, tokens.Token]) -> Sets:
        at = [(segment, made[0]) for segment, made in wanted.items()]
        rows = places.rows_at(self._connection, search_tokens, at)
        return {segment: tokens.places(row, wanted[segment]) for (segment, _), row in rows}


def _wanted(viewer: Viewer, criteria: Criteria) -> Iterable[tuple[Field, tuple[str, ...]]]:
    """What an entry must have: first of all, be one that the viewer may see."""
    if viewer.authority is not None:
        # By what is sealed, only who asked finds anything: a provider would learn whom others asked about.
        yield (Field.ASKER if criteria.sealed else Field.PARTY), (viewer.authority,)
    for _, field, values in criteria.public():
        yield field, values
    if criteria.needs_review:
        yield Field.REVIEW, ("yes",)


def _both(some: Sets, others: Sets) -> Sets:
    return {s: both for s, found in some.items() if (both := found & others.get(s, 0))}


def _ranges(sets: Sets) -> tuple[Range, ...]:
    """Writes sets as ranges: runs of bits, joined over the borders of segments."""
    found: list[Range] = []
    for segment in sorted(sets):
        left, at = sets[segment], segment * WIDTH
        while left:
            skipped = (left & -left).bit_length() - 1
            left >>= skipped
            length = (~left & (left + 1)).bit_length() - 1
            left >>= length
            at += skipped
            if found and found[-1][1] == at - 1:
                found[-1] = (found[-1][0], at + length - 1)
            else:
                found.append((at, at + length - 1))
            at += length
    return tuple(found)
