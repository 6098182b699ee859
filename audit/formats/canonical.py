"""Canonical JSON (RFC 8785) for the values that entries are made of.

Entries hold strings, integers, booleans, null, lists or tuples, and objects with ASCII names. On these,
orjson with sorted keys gives exactly the bytes of RFC 8785 (a test holds it to the reference
implementation), sixty times faster. Floats are refused: their canonical form is the hard part.
"""

from __future__ import annotations

from typing import Any

import orjson

from audit.errors import FormatError

_MAX_INTEGER = 2**53 - 1  # RFC 8785 section 3.2.2.3: beyond it, JSON readers disagree


def encode(value: Any) -> bytes:
    """Serialises a value canonically.

    Raises:
        FormatError: it holds a float, a huge integer, a name that is not ASCII, or another type.
    """
    try:
        _check(value)
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (TypeError, RecursionError) as error:
        raise FormatError("canonical JSON has no form for lone surrogates or such a depth") from error


def decode(data: bytes) -> Any:
    """Parses canonical JSON, and only the canonical form of it.

    Raises:
        FormatError: not JSON, or not in canonical form.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise FormatError("not valid JSON") from error
    if encode(value) != data:
        raise FormatError("not in canonical form (RFC 8785)")
    return value


def _check(value: Any) -> None:
    """Descends into lists and objects only: texts, of which most of an entry is made, are passed by."""
    kind = type(value)
    if kind is dict:
        if not all(type(name) is str and name.isascii() for name in value):
            raise FormatError("names in canonical JSON must be ASCII strings here")
        value, kind = value.values(), list
    if kind is list or kind is tuple:
        for item in value:
            if type(item) is not str:
                _check(item)
    elif kind is int:
        if abs(value) > _MAX_INTEGER:
            raise FormatError("integers beyond 2^53 - 1 have no canonical form")
    elif kind is not str and kind is not bool and value is not None:
        raise FormatError(f"canonical JSON has no form for {kind.__name__}")
