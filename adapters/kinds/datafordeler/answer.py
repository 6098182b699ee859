"""Reading one answer: whole, or an error that says what was wrong. None of the register's words go on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from adapters.kinds.datafordeler.query import FOUND
from adapters.port import AccessRefused, AnswerInvalid, Cause, RegisterError, SchemaChanged, Unavailable

_WORDS = re.compile(r"[A-Za-z_][0-9A-Za-z_]*")
_REFUSED = {
    "AUTH_NOT_AUTHENTICATED": Cause.CREDENTIALS_REFUSED,
    "AUTH_NOT_AUTHORIZED": Cause.NOT_AUTHORISED,
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a connection.

    Attributes:
        nodes: the records.
        after: where the next page begins; nothing where this is the last.
    """

    nodes: Sequence[Mapping[str, Any]]
    after: str | None


def read_page(body: bytes, *, refused: bool, attributes: Mapping[str, str]) -> Page:
    """Reads an answer to a query of `adapters.kinds.datafordeler.query`.

    Args:
        body: the answer.
        refused: whether HTTP called the query itself bad.
        attributes: what was asked for: by field, what the catalogue calls it.

    Raises:
        RegisterError: the answer is an error, is not whole, or makes no sense.
    """
    document = _decode(body)
    errors = document.get("errors")
    if errors:
        raise _error(errors, document.get("data"), attributes)
    if refused:
        raise AnswerInvalid(Cause.SERVER_ERROR)
    data = document.get("data")
    found = data.get(FOUND) if isinstance(data, dict) else None
    if not isinstance(found, dict):
        raise AnswerInvalid(Cause.NOT_DECODED)
    return Page(_nodes(found.get("nodes")), _after(found.get("pageInfo")))


def _decode(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise AnswerInvalid(Cause.NOT_UTF8) from None
    except orjson.JSONDecodeError:
        raise AnswerInvalid(Cause.NOT_DECODED) from None
    if not isinstance(document, dict):
        raise AnswerInvalid(Cause.NOT_DECODED)
    return document


def _nodes(nodes: object) -> Sequence[Mapping[str, Any]]:
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise AnswerInvalid(Cause.NOT_DECODED)
    return nodes


def _after(info: object) -> str | None:
    if not isinstance(info, dict) or not isinstance(info.get("hasNextPage"), bool):
        raise AnswerInvalid(Cause.NOT_DECODED)
    if not info["hasNextPage"]:
        return None
    cursor = info.get("endCursor")
    if not isinstance(cursor, str) or not cursor:  # there is more, and no way to it
        raise AnswerInvalid(Cause.PARTIAL)
    return cursor


def _error(errors: object, data: object, attributes: Mapping[str, str]) -> RegisterError:
    listed = [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []
    for error in listed:
        code = _extension(error, "code")
        if code in _REFUSED:
            return AccessRefused(_REFUSED[code])
        field = _unknown_field(error, attributes)
        if field is not None:
            return SchemaChanged(Cause.FIELD_UNKNOWN, attributes[field])
    if data is not None:
        return AnswerInvalid(Cause.PARTIAL)
    if any("path" in error for error in listed):  # it began, and failed
        return Unavailable(Cause.SERVER_ERROR)
    return AnswerInvalid(Cause.SERVER_ERROR)


def _unknown_field(error: Mapping[str, Any], attributes: Mapping[str, str]) -> str | None:
    """The field that a query was refused for; only one that was asked for is believed."""
    named = _extension(error, "field")
    if named in attributes:
        return named
    if "path" in error:  # it began: the query itself was good
        return None
    words = _WORDS.findall(str(error.get("message")))
    return next((word for word in words if word in attributes), None)


def _extension(error: Mapping[str, Any], name: str) -> str:
    extensions = error.get("extensions")
    value = extensions.get(name) if isinstance(extensions, dict) else None
    return value if isinstance(value, str) else ""
