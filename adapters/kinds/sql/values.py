"""Values as drivers give them, turned into values of the catalogue."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from adapters.kinds.values import Convert, NotDecodedError
from adapters.port import AnswerInvalid, Cause, SchemaChanged, Value


def plain(value: Any, type_: str) -> Any:
    """Gives what a converter of `adapters.kinds.values` takes: databases have more types than JSON.

    Raises:
        TypeError: no attribute has such a value.
    """
    if type_ == "boolean" and value in (0, 1):  # many databases have no truth values
        return bool(value)
    if isinstance(value, str | int):
        return value
    if isinstance(value, datetime):
        return value.isoformat() if value.tzinfo else value.replace(tzinfo=UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    raise TypeError("no value of the catalogue's types")


@dataclass(frozen=True, slots=True)
class Column:
    """Where an attribute stands, and how its values are written there.

    Attributes:
        attribute: its name in the catalogue.
        type: its type in the catalogue.
        relation: name of the join that it comes from; empty: the table itself.
        name: of the column.
        form: how values are written, where that is not as usual.
        convert: turns them.
        values: what they mean, where the database has codes of its own; no other may come.
        codes: the values that there are; empty where any may be.
        required: whether a row without a value is an error.
        trim: whether spaces at the end are no part of the value, as in columns of fixed width.
    """

    attribute: str
    type: str
    relation: str
    name: str
    form: str | None
    convert: Convert
    values: Mapping[str, Value]
    codes: frozenset[str]
    required: bool
    trim: bool

    def value(self, found: Any) -> Value | None:
        """Turns a value of the driver's.

        Raises:
            AnswerInvalid: it is none of the catalogue's.
        """
        if type(found) is int and self.type == "integer" and not (self.form or self.values):
            return found  # most values of large answers are: reading them costs more than finding them
        if found is None:
            if self.required:
                raise SchemaChanged(Cause.FIELD_NULL, self.attribute)
            return None
        if isinstance(found, bytes):  # text of an encoding that the driver does not know
            raise AnswerInvalid(Cause.NOT_UTF8, self.attribute)
        try:
            value = self._turned(found)
        except NotDecodedError:
            raise AnswerInvalid(Cause.NOT_UTF8, self.attribute) from None
        except (ValueError, TypeError):
            raise SchemaChanged(Cause.FIELD_TYPE, self.attribute) from None
        if value is None or (self.codes and value not in self.codes):
            raise SchemaChanged(Cause.FIELD_VALUE, self.attribute)
        return value

    def _turned(self, found: Any) -> Value | None:
        if self.trim and isinstance(found, str):
            found = found.rstrip(" ")
        if self.values:
            return self.values.get(str(found))
        return self.convert(plain(found, self.type))

    def asked(self, value: str) -> list[str | int]:
        """Gives a key's value as the column may hold it.

        Raises:
            ValueError: it is no such value.
        """
        if self.form == "number" or (self.type == "integer" and self.form is None):
            return [int(value)]
        return [value, value.upper()] if self.form == "any-case" else [value]
