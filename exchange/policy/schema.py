"""Data held to its JSON Schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs

from exchange.policy.errors import PolicyError
from exchange.policy.folder import read_json, read_text
from exchange.policy.json_text import Lines

_LONGEST = 300  # characters of a message: it may quote the whole file


def check_schema(folder: Path, place: tuple[str, ...], path: Path, content: Any) -> None:
    """Holds a data file to the schema at the same place below `schemas`.

    Raises:
        PolicyError: there is no such schema, it is none, or it refuses the data.
    """
    schema = folder.joinpath("schemas", *place, "schema.json")
    if not schema.exists():
        raise PolicyError(f"there is no schema for it: write {schema}", path)
    try:
        validator = jsonschema_rs.validator_for(read_json(schema))
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
        raise PolicyError(f"not a JSON Schema: {_short(str(error))}", schema) from error
    try:
        wrong = next(iter(validator.iter_errors(content)), None)
    except UnicodeEncodeError as error:
        raise PolicyError("has half a character (a lone surrogate)", path) from error
    if wrong is not None:
        where = "/".join(str(part) for part in wrong.instance_path) or "the top"
        line = Lines(read_text(path)).of(wrong.instance_path)
        raise PolicyError(f"at {where}: {_short(wrong.message)}", path, line)


def _short(message: str) -> str:
    first = message.partition("\n\n")[0]
    return first if len(first) <= _LONGEST else f"{first[:_LONGEST]} …"
