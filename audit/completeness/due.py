"""When a period is to be closed, and whether what was built for it still fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from audit.completeness import rows
from audit.completeness.asked import Asked, What
from audit.completeness.rows import Standing
from audit.erasure import erasures
from audit.errors import FormatError
from audit.formats import entry, ranges
from audit.storage import store
from audit.storage.schema import entries
from audit.storage.schema import erasures as erasures_table

#: Most entries of one period: what is in memory while it is closed, and what an erasure has built anew.
MOST = 1 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """A period to close.

    Attributes:
        period: what it is over; its `entry` and keys are those that it had, if it was closed before.
        replaces: the entry that closed it before.
        seen: how many entries the log had; an erasure since may have changed what is built.
        answers: the requests that are answered by this.
        forced: whether it is closed even where no entry is about anybody.
    """

    period: Standing
    replaces: int | None
    seen: int
    answers: tuple[int, ...]
    forced: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """How long periods are, in seconds; none where they are closed on demand only."""

    length: float

    def stretch(self, time: datetime) -> int:
        """Numbers the stretches of time that periods are closed after."""
        return int(time.timestamp() // self.length) if self.length else 0


def plan(
    connection: sa.Connection,
    waiting: Sequence[Asked],
    calendar: Calendar,
    now: datetime,
    skipped: int | None,
) -> Plan | None:
    """Tells what is to be closed next, if anything.

    Args:
        connection: where the log is read.
        waiting: what was asked for.
        calendar: when periods end by themselves.
        now: the time.
        skipped: the stretch of time in which nothing was found to close.
    """
    head = store.read_head(connection)
    if head is None:
        return None
    anew = rows.withdrawn(connection)
    if anew is not None and not erasures.requests(connection, unfinished=True):
        answers = tuple(a.number for a in waiting if a.what is What.AGAIN and a.details == str(anew.entry))
        return Plan(anew, anew.entry, head.size, answers, forced=True)
    last = rows.newest(connection)
    first = last.end if last else 0
    end = min(head.size, first + MOST)
    if first == end:
        return None
    demanded = tuple(a.number for a in waiting if a.what is What.CLOSE)
    if not demanded:
        before = last.until if last else _stated(connection, 0)
        stretch = calendar.stretch(now)
        if before is None or stretch == skipped:
            return None
        if calendar.stretch(datetime.fromisoformat(before)) >= stretch:
            return None
    whole = end == head.size
    until = written(now) if whole else _stated(connection, end - 1) or written(now)
    since = last.until if last else ""
    period = Standing(first, end, since, max(since, until), -1, None, "")
    return Plan(period, None, head.size, demanded if whole else (), forced=bool(demanded) and whole)


def fits(connection: sa.Connection, planned: Plan) -> bool:
    """Tells whether a period is still as it was planned, and nothing in it was erased since."""
    wanted = planned.period
    if planned.replaces is None:
        last = rows.newest(connection)
        as_planned = wanted.first == (last.end if last else 0)
    else:
        as_planned = rows.at(connection, wanted.first) == wanted
    since = sa.select(erasures_table.c.indexes).where(erasures_table.c.entry >= planned.seen)
    erased = (r for text in connection.execute(since).scalars() for r in ranges.parse(text))
    return as_planned and not any(first < wanted.end and wanted.first <= last for first, last in erased)


def written(time: datetime) -> str:
    """Writes a time as entries tell it."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _stated(connection: sa.Connection, index: int) -> str | None:
    """The time that an entry states, where it does."""
    leaf = connection.execute(sa.select(entries.c.leaf).where(entries.c.index == index)).scalar()
    try:
        content = entry.decode_any(leaf)[0] if isinstance(leaf, bytes) else None
        return written(datetime.fromisoformat(content.time)) if content else None
    except (FormatError, ValueError):
        return None
