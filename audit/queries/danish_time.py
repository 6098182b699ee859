"""Danish days and the times at which they begin: 23 or 25 hours apart when the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from audit.errors import FormatError

DENMARK = ZoneInfo("Europe/Copenhagen")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR = 3_600_000_000  # microseconds
_MICROSECOND = timedelta(microseconds=1)
_DAYS_OF_WEEK = 7
_DATE = len("2026-11-21")


class Unit(StrEnum):
    """Stretches of time that records are counted by. All but hours are Danish, weeks begin on Monday."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def begins(day: date) -> datetime:
    """When a day begins in Denmark, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=DENMARK).astimezone(UTC)


def parse(text: str, *, last: bool = False) -> datetime:
    """Reads a Danish day, or a time with its zone.

    Args:
        text: as in 2026-11-21 or 2026-11-21T08:00:00+01:00.
        last: whether a day is meant with all of it.

    Raises:
        FormatError: it is neither.
    """
    try:
        if len(text) == _DATE:
            return begins(date.fromisoformat(text) + timedelta(days=last))
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise FormatError("a time is a day as in 2026-11-21, or has its zone as in 2026-11-21T08:00:00Z")


def microseconds(time: datetime) -> int:
    """A time as the index keeps it."""
    return (time - EPOCH) // _MICROSECOND


def stated(text: str) -> int | None:
    """The time that an entry states, as the index keeps it; nothing where it states none since 1970."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is None or found < EPOCH:
        return None
    return microseconds(found)


def day_of_hour(hour: int) -> int:
    """The Danish day that an hour since 1970 lies in, as the ordinal of a date."""
    try:
        return (EPOCH + timedelta(hours=hour)).astimezone(DENMARK).toordinal()
    except OverflowError:  # in the last hours of the year 9999
        return date.max.toordinal()


def start_of(unit: Unit, number: int) -> str:
    """Names the stretch of time that an hour (for hours) or a day's ordinal (for the others) lies in."""
    if unit is Unit.HOUR:
        return (EPOCH + timedelta(hours=number)).replace(tzinfo=None).isoformat(timespec="minutes") + "Z"
    day = date.fromordinal(number)
    if unit is Unit.WEEK:
        day = date.fromordinal(number - (number - 1) % _DAYS_OF_WEEK)
    return (day.replace(day=1) if unit is Unit.MONTH else day).isoformat()
