"""What the owner of a log is asked to do about periods: close one, close one anew, note a disclosure.

Whoever asks writes a row, and the owner answers with the entry that says that it was done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from audit.erasure.erasures import now
from audit.storage.schema import period_requests


class What(StrEnum):
    """What can be asked for."""

    CLOSE = "close"  # all that was recorded so far
    AGAIN = "again"  # the period that an entry closed, under other keys; details are its index
    DISCLOSED = "disclosed"  # details are those of the entry, as canonical JSON
    QUERIED = "queried"  # details are an entry with its sealed values; see `audit.queries.waiting`


@dataclass(frozen=True, slots=True)
class Asked:
    """Something that was asked for, and not done yet."""

    number: int
    what: What
    details: str


def ask(connection: sa.Connection, what: What, details: str = "") -> int:
    """Asks for something, and gives its number."""
    row = {"time": now(), "what": what.value, "details": details}
    added = period_requests.insert().returning(period_requests.c.number)
    return int(connection.execute(added, row).scalar_one())


def waiting(connection: sa.Connection) -> list[Asked]:
    """Gives what is not done yet, oldest first."""
    query = sa.select(period_requests).where(period_requests.c.entry.is_(None))
    rows = connection.execute(query.order_by(period_requests.c.number))
    return [Asked(r.number, What(r.what), r.details) for r in rows]


def answer(connection: sa.Connection, numbers: Sequence[int], entry: int) -> None:
    """Notes which entry says that something was done."""
    same = period_requests.c.number.in_(numbers)
    connection.execute(period_requests.update().where(same).values(entry=entry))


def answered(connection: sa.Connection, number: int) -> int | None:
    """Gives the entry that says that something was done, once it does."""
    query = sa.select(period_requests.c.entry).where(period_requests.c.number == number)
    entry: int | None = connection.execute(query).scalar()
    return entry
