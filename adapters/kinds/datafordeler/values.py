"""Values: from the scalars of GraphQL to the types of the catalogue, nothing believed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from adapters.kinds.datafordeler.entry import Entry
from adapters.kinds.datafordeler.query import daf_time
from adapters.kinds.datafordeler.times import DENMARK
from adapters.port import Cause, Dataset, SchemaChanged, Value
from exchange.model.identifiers import is_cvr, is_personnummer, is_uuid

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_LONG = 1 << 63


class Values:
    """Reads the attributes of one dataset."""

    def __init__(self, dataset: Dataset, entry: Entry) -> None:
        """Takes what the catalogue says of them."""
        self._types = {a.name: a.type for a in dataset.attributes}
        self._entry = entry

    def read(self, name: str, node: Mapping[str, Any] | None) -> Value | None:
        """Reads an attribute from the node that it stands in; nothing where it has no value.

        Raises:
            SchemaChanged: the field is not there, or not as the catalogue says.
        """
        if node is None:  # a join that leads nowhere
            return None
        try:
            value = node[self._entry.places[name].field]
        except KeyError:
            raise SchemaChanged(Cause.FIELD_MISSING, name) from None
        if value is None:
            if name in self._entry.required:
                raise SchemaChanged(Cause.FIELD_NULL, name)
            return None
        try:
            read = _READ[self._types[name]](_SCALARS[self._entry.scalars[name]](value))
        except TypeError:
            raise SchemaChanged(Cause.FIELD_TYPE, name) from None
        except (ValueError, OverflowError):
            raise SchemaChanged(Cause.FIELD_VALUE, name) from None
        known = self._entry.codes.get(name)
        if known is not None and read not in known:
            raise SchemaChanged(Cause.FIELD_VALUE, name)
        return read


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    if not -_LONG <= value < _LONG:
        raise ValueError("no 64 bits")
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError("no time zone")
    return moment.astimezone(UTC)


def _day(value: object) -> date:
    day = date.fromisoformat(_text(value))
    if day.isoformat() != value:
        raise ValueError("another form of date")
    return day


#: What a scalar may hold, in Python's own types.
_SCALARS: Mapping[str, Callable[[object], object]] = {
    "String": _text,
    "Long": _whole,
    "Int": _whole,
    "Boolean": _truth,
    "DafDateTime": _moment,
    "LocalDate": _day,
}


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, datetime):
        return daf_time(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _as_date(value: object) -> str:
    if isinstance(value, datetime):  # the day that it was in Denmark
        return value.astimezone(DENMARK).date().isoformat()
    return _day(_as_text(value)).isoformat()


def _held(check: Callable[[str], object], change: Callable[[str], str] = str) -> Callable[[object], str]:
    def read(value: object) -> str:
        text = change(_as_text(value))
        if not check(text):
            raise ValueError("another form")
        return text

    return read


#: What a type of the catalogue makes of it.
_READ: Mapping[str, Callable[[object], Value]] = {
    "integer": _whole,
    "boolean": _truth,
    "string": _as_text,
    "code": _as_text,
    "date": _as_date,
    "month": _held(_MONTH.fullmatch),
    "uuid": _held(is_uuid, str.lower),
    "personnummer": _held(is_personnummer),
    "cvr": _held(is_cvr),
}
