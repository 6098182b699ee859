"""Policy inputs as they were recorded, and the one place where they are brought up to date.

The revision that decided gets an input exactly as it was recorded. A candidate may ask for fields that
did not exist then, and would refuse every older request as INPUT_INVALID: nobody would learn anything
from that. So it gets each missing field with the value that says what was true when there was no such
field. Nothing else is added, and nothing that was recorded is changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

#: Fields that were added to policies/schemas/input/schema.json, each with what its absence meant.
ADDED: Mapping[str, Any] = MappingProxyType(
    {
        "emergency": False,  # nobody could declare urgent danger
    }
)


def upgraded(recorded: Mapping[str, Any]) -> Mapping[str, Any]:
    """Adds the fields that an input lacks because they came later; the same one where it lacks none."""
    missing = {name: value for name, value in ADDED.items() if name not in recorded}
    return {**recorded, **missing} if missing else recorded
