"""Keeping an index beside a log: follows it entry by entry, and looks anew into what an erasure touched.

Never on the way of an exchange, and never in the way: it reads snapshots of the log and writes to a database
of its own. Any number may follow one log, into one index or several. What a crash leaves behind, at each
point:

    a key durable           one that stands for nothing; the log's next owner removes it
    the key stands          a segment whose sealed fields cannot be searched yet; answers say so
    a part of it indexed    the next step goes on there

An index that is of another log, or of one that was put back, is made anew from the first entry.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from audit.errors import FormatError
from audit.queries import danish_time, fields, places, search_keys, tokens
from audit.queries.bits import WIDTH, decode, encode, numbers
from audit.queries.fields import Term
from audit.queries.names import Names
from audit.queries.position import Position, advance, begin_anew, read_position
from audit.queries.sealed_values import SealedReader
from audit.queries.tokens import Token
from audit.storage import database, store
from audit.storage.schema import entries, search_postings, search_segments, search_tokens
from audit.vault.subject_keys import SubjectKeys


@dataclass(frozen=True, slots=True)
class Step:
    """What a step did: how many entries it indexed, and how many it opened; none where all is done."""

    indexed: int = 0
    opened: int = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing was left to do."""
        return not (self.indexed or self.opened)


class Indexer:
    """Follows one log. Used by one thread."""

    def __init__(self, log: sa.Engine, index: sa.Engine, keys: SubjectKeys, most: int = WIDTH) -> None:
        """Takes the log, the index, the keys that open what is sealed, and the most entries of a step."""
        self._log = log
        self._index = index
        self._keys = keys
        self._most = most
        self._names = Names()
        self._sealed = SealedReader(keys)

    def prepare(self) -> None:
        """Brings the index to the newest schema.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database failed.
        """
        database.migrate(self._index, "search")

    def catch_up(self, progress: Callable[[int, int], None] = lambda _done, _all: None) -> None:
        """Steps until nothing is left to do.

        Args:
            progress: called with entries indexed, and entries in the log.

        Raises:
            LogError: an entry or a key cannot be read.
            sqlalchemy.exc.SQLAlchemyError: a database failed.
        """
        while not self.step().is_idle:
            with self._index.connect().execution_options(read_only=True) as connection:
                position = read_position(connection)
            with self._log.connect().execution_options(read_only=True) as connection:
                head = store.read_head(connection)
            progress(position.entries if position else 0, head.size if head else 0)

    def step(self) -> Step:
        """Indexes some entries, and looks into what is sealed of some.

        Raises:
            LogError: an entry or a key cannot be read.
            sqlalchemy.exc.SQLAlchemyError: a database failed.
        """
        return Step(self._grow(), self._open_next())

    # What is public

    def _grow(self) -> int:
        with self._index.connect().execution_options(read_only=True) as connection:
            position = read_position(connection)
        with database.snapshot(self._log) as connection:
            head = store.read_head(connection)
            size = head.size if head else 0
            if position is None or not position.is_in(connection, size):
                position = self._anew(position)
            first = position.entries
            end = min(size, first + self._most, (first // WIDTH + 1) * WIDTH)
            query = sa.select(entries.c.leaf, entries.c.leaf_hash).order_by(entries.c.index)
            rows = connection.execute(query.where(entries.c.index >= first, entries.c.index < end)).all()
        if len(rows) != end - first:
            raise FormatError("entries of the log are missing: run hjemmel log verify")
        if not rows:
            return 0
        grown = _Grown(first)
        for leaf, _ in rows:
            document = fields.read(leaf)
            grown.add(fields.terms(document), danish_time.stated(document["time"]))
        with self._index.begin() as connection:
            if not advance(connection, position, Position(end, rows[-1].leaf_hash, position.generation)):
                return len(rows)  # another follows the log, too: it did the same
            numbered = self._names.numbered(connection, grown.names, position.generation)
            places.merge(connection, search_postings, grown.postings(numbered), _union)
            _extend(connection, grown)
        self._names.settle(numbered)
        return len(rows)

    def _anew(self, position: Position | None) -> Position:
        with self._index.begin() as connection:
            return begin_anew(connection, position)

    # What is sealed

    def _open_next(self) -> int:
        """Looks into the newest segment of which something is left to be looked into."""
        with self._log.connect().execution_options(read_only=True) as connection:
            stand = search_keys.standing(connection)
        with self._index.connect().execution_options(read_only=True) as connection:
            found = [row for row in connection.execute(_progress()) if _is_open(row, stand)]
        kept = self._keys.searched() if found else set()
        return self._open(found[0], stand.get(found[0].segment), kept) if found else 0

    def _open(self, row: Any, name: str | None, kept: set[str]) -> int:
        if name is None or name not in kept:
            search_keys.put_up(self._log, self._keys, row.segment)
        with database.snapshot(self._log) as connection:
            name = search_keys.stands(connection, row.segment)
            done: int = row.sealed if name == row.key_id else 0
            end: int = min(row.count, done + self._most)
            first = row.segment * WIDTH
            values = self._sealed.read(connection, first + done, first + end) if name else {}
        key = self._keys.search_keys([name]).get(name) if name else None
        if name is None or key is None:
            return 1  # it went meanwhile: the next step sees to it
        made = [
            (tokens.token(key, field, value), index - first)
            for index, found in values.items()
            for field, value in found.values.items()
        ]
        unread = [index - first for index, found in values.items() if found.is_broken]
        with self._index.begin() as connection:
            if _claim(connection, row, name, done, end, unread):
                places.merge(connection, search_tokens, _rows(row.segment, made), lambda old, new: old + new)
        return max(1, end - done)


def _progress() -> sa.Select[Any]:
    c = search_segments.c
    return sa.select(c.segment, c.count, c.sealed, c.key_id, c.unread).order_by(c.segment.desc())


def _is_open(row: Any, stand: Mapping[int, str]) -> bool:
    return row.sealed < row.count or row.key_id is None or stand.get(row.segment) != row.key_id


def _claim(
    connection: sa.Connection, row: Any, name: str, done: int, end: int, unread: Sequence[int]
) -> bool:
    """Notes that a part of a segment is looked into; tells whether nobody else did so meanwhile.

    What stands there under another key says nothing any more, and goes.
    """
    c = search_segments.c
    same_key = c.key_id.is_(None) if row.key_id is None else c.key_id == row.key_id
    same = sa.and_(c.segment == row.segment, same_key, c.sealed == row.sealed)
    before = decode(row.unread) if done else 0
    marks = encode(before | sum(1 << place for place in unread))
    change = search_segments.update().where(same).values(key_id=name, sealed=end, unread=marks)
    if connection.execute(change).rowcount != 1:
        return False
    if name != row.key_id:
        connection.execute(search_tokens.delete().where(search_tokens.c.segment == row.segment))
    return True


def _rows(segment: int, made: Sequence[tuple[Token, int]]) -> dict[tuple[int, ...], bytes]:
    return {(segment, bucket): row for bucket, row in tokens.packed(made).items()}


class _Grown:
    """What some entries of one segment add to an index."""

    def __init__(self, first: int) -> None:
        self.segment, self._begin = divmod(first, WIDTH)
        self._named: defaultdict[Term, int] = defaultdict(int)
        self._timed: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.times: list[int] = []

    def add(self, terms: Iterable[Term], stated: int | None) -> None:
        bit = 1 << (self._begin + len(self.times))
        for term in terms:
            self._named[term] |= bit
        if stated is not None:
            for timed in fields.times(stated // danish_time.HOUR):
                self._timed[timed] |= bit
        self.times.append(-1 if stated is None else stated)

    @property
    def names(self) -> list[str]:
        """All names, each once."""
        return list(dict.fromkeys(name for _, name in self._named))

    def postings(self, numbered: Mapping[str, int]) -> dict[tuple[int, ...], bytes]:
        """The rows that are added or added to."""
        rows = {(int(f), numbered[name], self.segment): bits for (f, name), bits in self._named.items()}
        rows |= {(f, value, self.segment): bits for (f, value), bits in self._timed.items()}
        return {place: encode(bits) for place, bits in rows.items()}


def _extend(connection: sa.Connection, grown: _Grown) -> None:
    """Adds to the row of a segment."""
    same = search_segments.c.segment == grown.segment
    row = connection.execute(sa.select(search_segments).where(same)).first()
    times = numbers(row.times) if row else numbers(b"")
    times.extend(grown.times)
    stated = [time for time in times if time >= 0]
    values = {
        "count": len(times),
        "earliest": min(stated, default=None),
        "latest": max(stated, default=None),
        "stated": len(stated),
        "times": times.tobytes(),
    }
    if row:
        connection.execute(search_segments.update().where(same).values(values))
    else:
        fresh = {"segment": grown.segment, "key_id": None, "sealed": 0, "unread": encode(0)}
        connection.execute(search_segments.insert(), {**fresh, **values})


def _union(old: bytes, new: bytes) -> bytes:
    return encode(decode(old) | decode(new))
