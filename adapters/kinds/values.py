"""Values as registers write them, turned into values of the catalogue: few forms, declared, strict.

Each type of the catalogue has a usual form; an entry may declare another one of these:

    date     yyyy-mm-dd (usual), dd-mm-yyyy, yyyymmdd, timestamp (RFC 3339; the day in Denmark)
    month    yyyy-mm (usual), yyyymm, date (any day of it, yyyy-mm-dd)
    boolean  a truth value (usual), or two words for yes and no, e.g. "ja/nej"
    integer  number (usual), text (digits)
    others   text (usual), number (a whole number, told as its digits); uuid also any-case
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from adapters.port import Value

Convert = Callable[[object], Value]
"""Turns a register's value into one of the catalogue; raises ValueError or TypeError where it is none."""

_DENMARK: Final = ZoneInfo("Europe/Copenhagen")
_DATES: Final[Mapping[str, str]] = {
    "yyyy-mm-dd": r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})",
    "dd-mm-yyyy": r"(?P<d>[0-9]{2})-(?P<m>[0-9]{2})-(?P<y>[0-9]{4})",
    "yyyymmdd": r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})",
}
_MONTHS: Final[Mapping[str, str]] = {
    "yyyy-mm": r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})",
    "yyyymm": r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})",
    "date": _DATES["yyyy-mm-dd"],
}
_TIMESTAMP: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,18}")
_DIGITS: Final[Mapping[str, int]] = {"personnummer": 10, "cvr": 8}
_WORDS: Final = re.compile(r"(?P<yes>[^/]+)/(?P<no>[^/]+)")
_NOT_DECODED: Final = "\N{REPLACEMENT CHARACTER}"  # what somebody put for bytes that made no sense to him


class NotDecodedError(ValueError):
    """A text holds characters that were lost before it came here."""


def converter(type_: str, form: str | None) -> Convert:
    """Finds how values of a type are turned.

    Raises:
        ValueError: the type has no such form.
    """
    if type_ in _OWN_FORMS:
        return _OWN_FORMS[type_](form)
    told = _text if _one_of(form, "text", "number") == "text" else _number_as_text
    return _digits(told, _DIGITS[type_]) if type_ in _DIGITS else told


def instant(value: object) -> datetime:
    """Reads a time of RFC 3339, in UTC.

    Raises:
        ValueError: it is none, or has no zone.
    """
    text = _text(value)
    if _TIMESTAMP.fullmatch(text) is None:
        raise ValueError("no time of RFC 3339")
    return datetime.fromisoformat(_microseconds(text.upper())).astimezone(UTC)


def sortable(moment: datetime) -> str:
    """A time of RFC 3339 in UTC with microseconds, as generated registers hold it: texts sort as times do."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def in_denmark(moment: datetime) -> date:
    """The day on which a moment is, in Denmark."""
    return moment.astimezone(_DENMARK).date()


def _microseconds(text: str) -> str:
    return re.sub(r"(\.[0-9]{6})[0-9]+", r"\1", text)


def _integer(form: str | None) -> Convert:
    return _number if _one_of(form, "number", "text") == "number" else _number_in_text


def _identifier(form: str | None) -> Convert:
    return _uuid if _one_of(form, "text", "any-case") == "text" else _any_case


def _one_of(form: str | None, usual: str, other: str) -> str:
    if form not in {None, usual, other}:
        raise ValueError(f"form is {form!r}, but must be {usual} or {other}")
    return form or usual


def _known(form: str, forms: Mapping[str, str]) -> re.Pattern[str]:
    if form not in forms:
        raise ValueError(f"form is {form!r}, but must be one of {', '.join(forms)}")
    return re.compile(forms[form])


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    if _NOT_DECODED in value:
        raise NotDecodedError
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("no whole number")
    return value


def _number_in_text(value: object) -> int:
    text = _text(value)
    if _INTEGER.fullmatch(text) is None:
        raise ValueError("no whole number in digits")
    return int(text)


def _number_as_text(value: object) -> str:
    return str(_number(value))


def _uuid(value: object) -> str:
    text = _text(value)
    if str(uuid.UUID(text)) != text:
        raise ValueError("no UUID in its canonical form")
    return text


def _any_case(value: object) -> str:
    return _uuid(_text(value).lower())


def _digits(told: Callable[[object], str], count: int) -> Convert:
    def convert(value: object) -> str:
        text = told(value)
        if len(text) != count or not (text.isascii() and text.isdigit()):
            raise ValueError("not so many digits")
        return text

    return convert


def _date(form: str | None) -> Convert:
    if form == "timestamp":
        return lambda value: in_denmark(instant(value)).isoformat()
    pattern = _known(form or "yyyy-mm-dd", {**_DATES, "timestamp": ""})

    def convert(value: object) -> str:
        return _day(pattern, value).isoformat()

    return convert


def _month(form: str | None) -> Convert:
    pattern = _known(form or "yyyy-mm", _MONTHS)

    def convert(value: object) -> str:
        return _day(pattern, value).isoformat()[:7]

    return convert


def _day(pattern: re.Pattern[str], value: object) -> date:
    found = pattern.fullmatch(_text(value))
    if found is None:
        raise ValueError("not in the form declared")
    parts = {name: int(digits) for name, digits in found.groupdict().items()}
    return date(parts["y"], parts["m"], parts.get("d", 1))


def _boolean(form: str | None) -> Convert:
    if form is None:

        def truth(value: object) -> bool:
            if not isinstance(value, bool):
                raise TypeError("no truth value")
            return value

        return truth
    words = _WORDS.fullmatch(form)
    if words is None or words["yes"] == words["no"]:
        raise ValueError(f"form is {form!r}, but must be two words, e.g. ja/nej")
    meant = {words["yes"]: True, words["no"]: False}

    def word(value: object) -> bool:
        text = _text(value)
        if text not in meant:
            raise ValueError("neither of the two words")
        return meant[text]

    return word


_OWN_FORMS: Final[Mapping[str, Callable[[str | None], Convert]]] = {
    "date": _date,
    "month": _month,
    "boolean": _boolean,
    "integer": _integer,
    "uuid": _identifier,
}
