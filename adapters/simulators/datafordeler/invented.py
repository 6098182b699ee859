"""Records out of nothing, for a type that no generated register has rows of.

Whoever is asked about is found: one record for each value of the first field that is filtered by `eq` or
`in`. The same question gets the same answer; nothing in it looks real.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Mapping
from typing import Any

from graphql import GraphQLObjectType, get_named_type

_SINCE = "2020-01-01T00:00:00.000000Z"
_SPACE = uuid.UUID("9d0a4f0e-5c46-5a2c-8a8f-0c6d2a7b1f10")


def invented(
    entity: GraphQLObjectType, where: Mapping[str, Any], times: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Makes the records that a filter asks for."""
    if any(moment < _SINCE for moment in times.values()):
        return []
    for field, wanted in where.items():
        if field in entity.fields:
            values = wanted.get("in", [wanted["eq"]] if "eq" in wanted else [])
            return [_record(entity, field, value) for value in dict.fromkeys(values)]
    return []


def _record(entity: GraphQLObjectType, key: str, value: Any) -> dict[str, Any]:
    record = {
        name: invented_value(entity.name, name, get_named_type(field.type).name, str(value))
        for name, field in entity.fields.items()
    }
    return record | {key: value}


def invented_value(entity: str, name: str, scalar: str, value: str) -> Any:
    """Makes the value of a field of the record that another value names."""
    if name.endswith("Til"):
        return None
    seed = f"{entity}|{name}|{value}"
    number = zlib.crc32(seed.encode()) % 1000
    text = str(uuid.uuid5(_SPACE, seed)) if name.lower().startswith("id") else f"opdigtet {name}"
    values = {
        "String": text,
        "Long": number,
        "Int": number,
        "Boolean": number % 2 == 0,
        "DafDateTime": _SINCE,
        "LocalDate": _SINCE[:10],
    }
    return values.get(scalar)
