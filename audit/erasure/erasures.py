"""What is to be erased, what each erasure took, and the entry that says so.

Whoever wants something erased asks for it in the log's database, and the owner of the log carries it
out. What a crash leaves behind, at each point:

    asked                   a request; the owner takes it up, now or when there is one again
    entry and list durable  the sealed parts are gone in the same transaction; the keys still to go
    keys gone               old copies of the database may still be in its free pages and its journal
    scrubbed, done          nothing

Before it takes anything else, an owner finishes what another one left. An entry tells scope, ground and
number of an erasure, and commits to the indexes that it covers: told openly, they would say to everybody
which records are about one and the same person. It commits to the names of the keys that went, too. The
lists and what opens the commitments stay here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from audit.formats import ranges
from audit.formats.commitment import OPENING_SIZE, commit
from audit.formats.entry import ERASED, Event
from audit.formats.ranges import Range
from audit.storage.schema import erasure_requests, erasures, intentions, sealed
from audit.vault.pages import Place

MOST = 4096  # records that one entry covers where a set is erased by its indexes
_COVERED = "erased"
_KEYS = "keys"
_MARK = "erased/"  # the key's name of an intention whose sealed part an erasure took


class Scope(StrEnum):
    """What an erasure is of."""

    SUBJECT = "subject"
    RECORD = "record"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True)
class Request:
    """Something to be erased.

    Attributes:
        number: counts up from 1.
        time: when it was asked for, RFC 3339 in UTC.
        scope: what it is of.
        target: the random name of a subject's key, or ranges of indexes.
        ground: code of the ground in law.
        rule: the retention class; empty where it is of no class.
        done: when nothing of it was left; absent before that.
    """

    number: int
    time: str
    scope: Scope
    target: str
    ground: str
    rule: str
    done: str | None


@dataclass(frozen=True, slots=True)
class Taken:
    """What one entry covers: the indexes of the records, and the names of the keys that go."""

    indexes: Sequence[int]
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is kept of an erasure beside its entry."""

    entry: int
    request: int | None
    opening: bytes
    indexes: str
    names: tuple[str, ...]


def now() -> str:
    """The time, as entries tell it."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def ask(connection: sa.Connection, scope: Scope, target: str, ground: str, rule: str = "") -> int:
    """Asks for an erasure, and gives its number; what was asked for already is not asked for again."""
    wanted = {"scope": scope.value, "target": target, "ground": ground, "rule": rule}
    same = sa.and_(*(erasure_requests.c[name] == value for name, value in wanted.items()))
    waiting = sa.select(erasure_requests.c.number).where(same, erasure_requests.c.done.is_(None))
    number: int | None = connection.execute(waiting).scalar()
    if number is None:
        added = erasure_requests.insert().returning(erasure_requests.c.number)
        number = int(connection.execute(added, {**wanted, "time": now()}).scalar_one())
    return number


def requests(connection: sa.Connection, *, unfinished: bool = False) -> list[Request]:
    """Gives what was asked for, oldest first."""
    query = sa.select(erasure_requests).order_by(erasure_requests.c.number)
    rows = connection.execute(query.where(erasure_requests.c.done.is_(None)) if unfinished else query)
    return [Request(r.number, r.time, Scope(r.scope), r.target, r.ground, r.rule, r.done) for r in rows]


def kept(connection: sa.Connection, request: int | None = None) -> Iterator[Erasure]:
    """Gives what is kept of erasures, by entry; of one request, or of all.

    What is not stored as it should be is given as empty, which no entry commits to.
    """
    query = sa.select(erasures).order_by(erasures.c.entry)
    for row in connection.execute(query if request is None else query.where(erasures.c.request == request)):
        indexes, keys = (text if isinstance(text, str) else "" for text in (row.indexes, row.keys))
        opening = row.opening if isinstance(row.opening, bytes) else b""
        entry = row.entry if isinstance(row.entry, int) else -1
        yield Erasure(entry, row.request, opening, indexes, tuple(keys.split(",")) if keys else ())


def take(connection: sa.Connection, request: Request) -> Taken | None:
    """Removes what is sealed of a request, or the next part of it; gives nothing where all is gone."""
    if request.scope is Scope.SUBJECT:
        return None if any(kept(connection, request.number)) else _take_subject(connection, request)
    rows = list(_next(connection, ranges.parse(request.target)))
    for begin in range(0, len(rows), 500):
        some = [row.index for row in rows[begin : begin + 500]]
        connection.execute(sealed.delete().where(sealed.c.index.in_(some)))
    places = [Place(row.page, row.slot).text for row in rows]
    return Taken([row.index for row in rows], places) if rows else None


def _take_subject(connection: sa.Connection, request: Request) -> Taken:
    same = sealed.c.key_id == request.target
    found = list(connection.execute(sa.select(sealed.c.index).where(same).order_by(sealed.c.index)).scalars())
    connection.execute(sealed.delete().where(same))
    # What an exchange under way intended goes as well; its entry, when it ends, is a new record.
    mark = {"key_id": f"{_MARK}{request.number}", "sealed": b"", "page": None, "slot": None}
    connection.execute(intentions.update().where(intentions.c.key_id == request.target).values(mark))
    return Taken(found, [request.target])


def _next(connection: sa.Connection, wanted: list[Range]) -> Iterator[Any]:
    left = MOST
    for first, last in wanted:
        if left == 0:
            return
        query = (
            sa.select(sealed.c.index, sealed.c.page, sealed.c.slot)
            .where(sealed.c.index.between(first, last), sealed.c.page.is_not(None))
            .order_by(sealed.c.index)
            .limit(left)
        )
        for row in connection.execute(query):
            left -= 1
            yield row


def by_request(marks: Sequence[tuple[int, str]]) -> dict[int, list[int]]:
    """Sorts the indexes of interrupted exchanges by the erasure that took their sealed parts.

    Args:
        marks: index and key's name of each.
    """
    found: dict[int, list[int]] = {}
    for index, mark in marks:
        found.setdefault(int(mark.removeprefix(_MARK)), []).append(index)
    return found


def event(request: Request, taken: Taken, opening: bytes) -> Event:
    """Writes the public part of an erasure's entry."""
    details = {
        "scope": request.scope.value,
        "ground": request.ground,
        "rule": request.rule,
        "request": str(request.number),
        "records": str(len(taken.indexes)),
        "covers": commit(opening, _COVERED, ranges.write(taken.indexes).encode()),
        "keys": commit(opening, _KEYS, ",".join(taken.names).encode()),
    }
    return Event(ERASED, now(), None, "", details)


def new_opening() -> bytes:
    """Draws what opens an entry's commitment to what it covers."""
    return os.urandom(OPENING_SIZE)


def keep(connection: sa.Connection, entry: int, request: Request, taken: Taken, opening: bytes) -> None:
    """Keeps what an erasure's entry covers, in the transaction that appends it."""
    row = {
        "entry": entry,
        "request": request.number,
        "opening": opening,
        "indexes": ranges.write(taken.indexes),
        "keys": ",".join(taken.names),
    }
    connection.execute(erasures.insert(), row)


def finish(connection: sa.Connection, number: int) -> None:
    """Notes that nothing is left of what a request was about."""
    same = erasure_requests.c.number == number
    connection.execute(erasure_requests.update().where(same).values(done=now()))


def covers(told: Event, erasure: Erasure) -> list[Range] | None:
    """Gives the ranges that an erasure's entry commits to, where what is kept of it is what it says."""
    kept = {"covers": (_COVERED, erasure.indexes), "keys": (_KEYS, ",".join(erasure.names))}
    committed = {field: commit(erasure.opening, name, text.encode()) for field, (name, text) in kept.items()}
    if told.kind != ERASED or committed.items() - told.details.items():
        return None
    found = ranges.parse(erasure.indexes)
    number = sum(last - first + 1 for first, last in found)
    return found if told.details.get("records") == str(number) else None
