"""The times of records: read, held to sense, and held to the times that were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from adapters.kinds.datafordeler.entry import Asks
from adapters.kinds.datafordeler.query import EFFECT, REGISTRATION, Question
from adapters.port import AnswerInvalid, AsOf, Cause

DENMARK = ZoneInfo("Europe/Copenhagen")
_DAY = len("2025-01-01")


def holds(node: Mapping[str, Any], question: Question, as_of: AsOf) -> bool:
    """Tells whether a record held at the times asked for.

    Raises:
        AnswerInvalid: its times make no sense, or it was asked for by time and does not hold then.
    """
    kept = question.kept
    effect = _holds(node, EFFECT, kept.effect, as_of.effect)
    registration = _holds(node, REGISTRATION, kept.registration, as_of.registration)
    return effect and registration


def read_time(value: object) -> datetime | date | None:
    """Reads DafDateTime or LocalDate.

    Raises:
        AnswerInvalid: it is neither.
    """
    if value is None:
        return None
    try:
        if isinstance(value, str) and len(value) == _DAY:
            return date.fromisoformat(value)
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise AnswerInvalid(Cause.TIMES)


def _holds(node: Mapping[str, Any], names: tuple[str, str], asks: Asks, moment: datetime) -> bool:
    if asks is Asks.NONE:
        return True
    begin, end = (read_time(node.get(name)) for name in names)
    held = _between(begin, end, moment)
    if not held and asks is Asks.ARGUMENT:  # it ignored the argument, or its clock is another
        raise AnswerInvalid(Cause.TIMES)
    return held


def _between(begin: datetime | date | None, end: datetime | date | None, moment: datetime) -> bool:
    """Whether a moment lies between. A beginning is included; an end in time is not, one in days is.

    A service that keeps days keeps Danish days.
    """
    if begin is not None and end is not None and _later(begin, end):
        raise AnswerInvalid(Cause.TIMES)
    if begin is not None and _later(begin, moment):
        return False
    if isinstance(end, datetime):
        return moment < end
    return end is None or not _later(moment, end)


def _later(one: datetime | date, other: datetime | date) -> bool:
    if isinstance(one, datetime) and isinstance(other, datetime):
        return one > other
    return _day(one) > _day(other)


def _day(moment: datetime | date) -> date:
    return moment.astimezone(DENMARK).date() if isinstance(moment, datetime) else moment
