"""What goes wrong in databases, in the port's words: none of a driver's own, which may quote a row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import sqlalchemy as sa

from adapters.kinds.sql.values import Column
from adapters.port import AccessRefused, AnswerInvalid, Cause, RegisterError, SchemaChanged, Unavailable

_STATES: Final[Mapping[str, RegisterError]] = {  # SQLSTATE, or its class; the longest first
    "42501": AccessRefused(Cause.NOT_AUTHORISED),
    "42P01": SchemaChanged(Cause.FIELD_UNKNOWN),  # no such table
    "42703": SchemaChanged(Cause.FIELD_UNKNOWN),  # no such column
    "3F000": SchemaChanged(Cause.FIELD_UNKNOWN),  # no such schema
    "42": SchemaChanged(Cause.FIELD_TYPE),  # no operator for these types
    "22021": AnswerInvalid(Cause.NOT_UTF8),
    "22P05": AnswerInvalid(Cause.NOT_UTF8),
    "22": SchemaChanged(Cause.FIELD_TYPE),  # a value that the column's type does not take
    "28": AccessRefused(Cause.CREDENTIALS_REFUSED),
    "08": Unavailable(Cause.CONNECTION),
    "57P": Unavailable(Cause.CONNECTION),  # it is shut down, or starting
}
_SQLITE: Final[Sequence[tuple[str, RegisterError]]] = (
    ("no such table", SchemaChanged(Cause.FIELD_UNKNOWN)),
    ("no such column", SchemaChanged(Cause.FIELD_UNKNOWN)),
    ("Could not decode to UTF-8", AnswerInvalid(Cause.NOT_UTF8)),
    ("unable to open database", Unavailable(Cause.CONNECTION)),
)
_CANCELLED: Final = "57014"  # the statement took longer than it may
_NO_COLUMN: Final = re.compile(r"no such column: (?:\w+\.)?(\w+)|column (?:\w+\.)?\"?(\w+)\"? does not exist")


def translated(error: Exception, columns: Sequence[Column]) -> Exception:
    """Gives what the port may raise instead; the columns are those that were asked for.

    To be raised from nothing: the driver's message may quote the row or the key.
    """
    original = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if isinstance(original, UnicodeError):
        return AnswerInvalid(Cause.NOT_UTF8)
    state, message = getattr(original, "sqlstate", None) or "", str(original)
    if state == _CANCELLED:
        return TimeoutError()
    known = [_STATES[state[:length]] for length in (5, 3, 2) if state[:length] in _STATES]
    known += [cause for words, cause in _SQLITE if not state and message.startswith(words)]
    found = known[0] if known else Unavailable(Cause.CONNECTION if not state else Cause.SERVER_ERROR)
    return type(found)(found.cause, _attribute(message, columns))


def _attribute(message: str, columns: Sequence[Column]) -> str:
    told = _NO_COLUMN.search(message)
    name = (told[1] or told[2]) if told else None
    return next((column.attribute for column in columns if column.name == name), "")
