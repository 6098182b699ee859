"""What of an entry can be searched: its fields, and the values that it has in each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from functools import lru_cache
from typing import Any

import orjson

from audit.errors import FormatError
from audit.formats.entry import EVENT_KINDS, REVIEW
from audit.queries import danish_time

#: What an entry has in a field.
Term = tuple["Field", str]


class Field(IntEnum):
    """A field. Its number stands in the index."""

    KIND = 1
    OUTCOME = 2
    PARTY = 3  # whoever took part: the entry is on its side
    ASKER = 4  # whoever asked, and knows the sealed values anyway
    CONSUMER = 5
    PROVIDER = 6
    PROCESSOR = 7
    DATASET = 8
    PURPOSE = 9
    LEGAL_BASIS = 10
    AGREEMENT = 11
    ASKED = 12
    GRANTED = 13
    RELEASED = 14
    REASON = 15
    OBLIGATION = 16
    REVISION = 17
    REVIEW = 18
    HOUR = 30  # since 1970, in UTC
    DAY = 31  # in Denmark, as ordinals of dates


_UNREADABLE = "an entry of the log cannot be read: run hjemmel log verify"
_PARTIES = ("caller", "consumer", "provider", "processor")
_SINGLE = (
    ("outcome", Field.OUTCOME),
    ("consumer", Field.CONSUMER),
    ("provider", Field.PROVIDER),
    ("processor", Field.PROCESSOR),
    ("dataset", Field.DATASET),
    ("purpose", Field.PURPOSE),
    ("legal_basis", Field.LEGAL_BASIS),
    ("agreement", Field.AGREEMENT),
    ("policy_revision", Field.REVISION),
)
_SEVERAL = (
    ("attributes_asked", Field.ASKED),
    ("attributes_granted", Field.GRANTED),
    ("attributes_released", Field.RELEASED),
    ("reasons", Field.REASON),
)


def read(leaf: bytes) -> dict[str, Any]:
    """Reads a leaf that was recorded here, no more strictly than it needs.

    Raises:
        FormatError: it is no entry.
    """
    try:
        document: dict[str, Any] = orjson.loads(leaf)
        if document["kind"] in EVENT_KINDS or document["outcome"]:
            return document
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise FormatError(_UNREADABLE) from error
    raise FormatError(_UNREADABLE)


def terms(document: Mapping[str, Any]) -> list[Term]:
    """Gives what can be searched of an entry, but for its time."""
    caller: str = document["caller"]
    found = [(Field.KIND, document["kind"])]
    if document["kind"] in EVENT_KINDS:
        return [*found, (Field.PARTY, caller), (Field.ASKER, caller)] if caller else found
    found += [(field, value) for name, field in _SINGLE if (value := document[name])]
    found += [(Field.PARTY, cvr) for cvr in {document[name] for name in _PARTIES} if cvr]
    found += [(Field.ASKER, cvr) for cvr in {caller, document["consumer"]} if cvr]
    found += [(field, v) for name, field in _SEVERAL for v in dict.fromkeys(document[name]) if v]
    obligations = document["obligations"]
    found += [(Field.OBLIGATION, one) for one in {o["id"] for o in obligations} if one]
    if document["outcome"] == "granted" and any(o["effect"] == REVIEW for o in obligations):
        found.append((Field.REVIEW, "yes"))
    return found


@lru_cache(maxsize=4096)
def times(hour: int) -> tuple[tuple[Field, int], ...]:
    """Gives what can be searched of an hour: Danish days begin and end at full hours."""
    return (Field.HOUR, hour), (Field.DAY, danish_time.day_of_hour(hour))
