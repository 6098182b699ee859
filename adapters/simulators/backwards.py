"""Templates of calls, read backwards: what stood in their places when a call was written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from adapters.kinds.template import Template
from adapters.kinds.values import instant

_DENMARK: Final = ZoneInfo("Europe/Copenhagen")


def backwards(template: Template, text: str, one: str = ".*") -> Mapping[str, str] | None:
    """Reads a text by the template that wrote it, or nothing where none of it could have.

    Args:
        template: what wrote it.
        text: what came.
        one: pattern of a value.
    """
    parts = re.split(r"\{([a-z_]+)\}", template.text)
    pattern = "".join(f"(?P<{p}>{one})" if n % 2 else re.escape(p) for n, p in enumerate(parts))
    found = re.fullmatch(pattern, text, re.DOTALL)
    return None if found is None else found.groupdict()


def moment_told(told: Mapping[str, str], place: str) -> datetime | None:
    """The time that a call tells on an axis, or nothing where it tells none."""
    if place in told:
        return instant(told[place])
    if f"{place}_date" in told:
        day = datetime.fromisoformat(told[f"{place}_date"]).date()
        return datetime.combine(day, time(12), _DENMARK).astimezone(UTC)
    return None
