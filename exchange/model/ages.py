"""Dates as text, and how old somebody is on a day."""

from __future__ import annotations

from datetime import date


def as_date(value: object) -> date | None:
    """Reads a date (YYYY-MM-DD); gives nothing where it is unknown or malformed."""
    try:
        read = date.fromisoformat(str(value))
    except ValueError:
        return None
    return read if read.isoformat() == value else None


def age(born: object, day: date) -> int | None:
    """Gives the whole years, or nothing where the date of birth is unknown or malformed."""
    birth = as_date(born)
    if birth is None:
        return None
    had_birthday = (day.month, day.day) >= (birth.month, birth.day)
    return day.year - birth.year - (not had_birthday)
