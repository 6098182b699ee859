"""Searching a log: the one place for the console, for gRPC and for the command line.

A search is made, recorded, and only then answered. What is given here first is an `Unrecorded`: it holds the
entry to append, and gives the answer for the index at which that entry stands, which it looks up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Generic, TypeVar

import sqlalchemy as sa

from audit.errors import FormatError, VerificationError
from audit.formats.entry import Event, Submission
from audit.formats.proof_file import ProofFile
from audit.formats.ranges import Range
from audit.queries import bits, danish_time
from audit.queries.bits import WIDTH
from audit.queries.criteria import GROUPS, Criteria, Order
from audit.queries.danish_time import Unit
from audit.queries.fields import Field
from audit.queries.looks import Asker, Look
from audit.queries.matching import Matched, Matcher, Sets
from audit.queries.page_token import PageTokens, Place
from audit.reading.reader import LogReader, StoredEntry
from audit.storage import database
from audit.vault.key_reader import KeyReader

T = TypeVar("T")
#: Most records of a page.
MOST = 1000


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the records that were found.

    Attributes:
        records: each with its proof, in the order that was asked for.
        next_token: what gives the next page; empty after the last record.
        count: how many records were found in all.
        searched: how many entries of the log were searched.
        unsearched: entries that may meet the criteria, too; see `Matched`.
    """

    records: tuple[tuple[StoredEntry, ProofFile], ...]
    next_token: str
    count: int
    searched: int
    unsearched: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records were found.

    Attributes:
        count: in all.
        by: of each stretch of time in order, or of each value, the most frequent first. A record that has
            several values counts for each.
        searched: as in `Page`.
        unsearched: likewise.
    """

    count: int
    by: tuple[tuple[str, int], ...]
    searched: int
    unsearched: tuple[Range, ...]


class Unrecorded(Generic[T]):
    """A search that was made, and that nobody gets the answer to before it is recorded.

    Attributes:
        submission: the entry to append.
    """

    def __init__(self, submission: Submission, reader: LogReader, answer: Callable[[], T]) -> None:
        """Takes the entry, the log, and what gives the answer."""
        self.submission = submission
        self._reader = reader
        self._answer = answer

    def recorded(self, index: int) -> T:
        """Gives the answer, once the log has the entry at an index.

        Raises:
            NotFound: the log has none there.
            VerificationError: it has another one there.
        """
        told, wanted = self._reader.by_index(index).content, self.submission.entry
        same = isinstance(told, Event) and isinstance(wanted, Event) and told.details == wanted.details
        if not same or (told.kind, told.caller) != (wanted.kind, wanted.caller):
            raise VerificationError(f"entry {index} does not say that this search was made")
        return self._answer()


class Queries:
    """Searches one log. Safe to use from several threads."""

    def __init__(self, index: sa.Engine, reader: LogReader, keys: KeyReader, page_key: bytes) -> None:
        """Takes the index, the log, the keys of sealed fields, and the key of page tokens."""
        self._index = index
        self._reader = reader
        self._keys = keys
        self._tokens = PageTokens(page_key)

    def search(
        self,
        asker: Asker,
        criteria: Criteria,
        order: Order = Order.NEWEST,
        page_size: int = 50,
        page_token: str = "",
        *,
        prefer_cosigned: bool = False,
    ) -> Unrecorded[Page]:
        """Finds records, a page at a time. Pages neither skip nor repeat any while the log grows.

        Args:
            asker: who looks, and why.
            criteria: what for.
            order: of the records.
            page_size: records of a page at most, up to `MOST`.
            page_token: of the page before; empty for the first.
            prefer_cosigned: see `LogReader.proof`.

        Raises:
            FormatError: the page token is of another search, or the index is damaged.
            MasterKeyError: the master key is another one.
            sqlalchemy.exc.SQLAlchemyError: a database failed.
        """
        if not 0 < page_size <= MOST:
            raise FormatError(f"a page has 1 to {MOST} records")
        viewer = asker.viewer
        place = self._tokens.read(page_token, viewer, criteria, order) if page_token else None
        with database.snapshot(self._index) as connection:
            matcher = Matcher(connection, self._keys)
            matched = matcher.match(viewer, criteria, place.size if place else None)
            look = Look("search", criteria, "", matched.count, matched.size)
            submission = look.submission(asker, matcher.known, _now())
        indexes = list(islice(_after(matched.sets, order, place), page_size + 1))
        token = ""
        if len(indexes) > page_size:
            indexes.pop()
            token = self._tokens.write(Place(indexes[-1], matched.size), viewer, criteria, order)

        def answer() -> Page:
            records = self._reader.with_proofs(indexes, prefer_cosigned=prefer_cosigned)
            return Page(tuple(records), token, matched.count, matched.size, matched.unsearched)

        return Unrecorded(submission, self._reader, answer)

    def count(self, asker: Asker, criteria: Criteria, by: str = "") -> Unrecorded[Counts]:
        """Counts records: in all, and by stretches of time or by the values of a field.

        Args:
            asker: who looks, and why.
            criteria: what for.
            by: a `Unit`, a name of `GROUPS`, or empty.

        Raises:
            FormatError: nothing can be counted by that, or the index is damaged.
            MasterKeyError: the master key is another one.
            sqlalchemy.exc.SQLAlchemyError: a database failed.
        """
        if by and by not in GROUPS and by not in set(Unit):
            raise FormatError(f"records are counted by one of {', '.join((*Unit, *GROUPS))}")
        with database.snapshot(self._index) as connection:
            matcher = Matcher(connection, self._keys)
            matched = matcher.match(asker.viewer, criteria)
            rows: tuple[tuple[str, int], ...] = ()
            if by:
                rows = (
                    _by_value(matcher, matched, by) if by in GROUPS else _by_time(matcher, matched, Unit(by))
                )
            look = Look("count", criteria, by, matched.count, matched.size)
            submission = look.submission(asker, matcher.known, _now())
        counts = Counts(matched.count, rows, matched.size, matched.unsearched)
        return Unrecorded(submission, self._reader, lambda: counts)


def _after(sets: Sets, order: Order, place: Place | None) -> chain[int]:
    """Gives the indexes of a set in an order, from where the page before ended."""
    newest = order is Order.NEWEST
    walk = bits.descending if newest else bits.ascending

    def left(segment: int) -> int:
        if place is None:
            return sets[segment]
        at = place.last - segment * WIDTH
        before = bits.below(at) if newest else bits.below(at + 1)
        return sets[segment] & before if newest else sets[segment] & ~before

    return chain.from_iterable(
        (segment * WIDTH + at for at in walk(left(segment))) for segment in sorted(sets, reverse=newest)
    )


def _by_value(matcher: Matcher, matched: Matched, by: str) -> tuple[tuple[str, int], ...]:
    counts = matcher.each(GROUPS[by], matched.sets)
    names = matcher.named(counts)
    return tuple(
        sorted(((names[n], count) for n, count in counts.items()), key=lambda row: (-row[1], row[0]))
    )


def _by_time(matcher: Matcher, matched: Matched, unit: Unit) -> tuple[tuple[str, int], ...]:
    counts = matcher.each(Field.HOUR if unit is Unit.HOUR else Field.DAY, matched.sets)
    found: Counter[str] = Counter()
    for number in sorted(counts):
        found[danish_time.start_of(unit, number)] += counts[number]
    return tuple(found.items())


def _now() -> str:
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
