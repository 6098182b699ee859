"""Retention classes: which records go when, and the ground in law for it, as data.

[[class]]
id = "housing-benefit"
purposes = ["housing-benefit.*"]    # names, or beginnings of names with a star
datasets = ["*"]
keep_days = 1826
ground = "gdpr.5.1.e"
law = "Databeskyttelsesforordningen artikel 5, stk. 1, litra e"
verified = false                    # whether somebody held the ground against the law's own text
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from audit.errors import FormatError
from audit.formats.entry import Entry

_TYPES: dict[str, type] = {
    "id": str,
    "purposes": list,
    "datasets": list,
    "keep_days": int,
    "ground": str,
    "law": str,
    "verified": bool,
}
CODE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """Records that are kept for the same time, on the same ground.

    Attributes:
        id: names the class.
        purposes: names of purposes, or beginnings of names that end in a star.
        datasets: likewise.
        keep_days: days that a record is kept, counted from its day.
        ground: code of the ground in law.
        law: the ground in words.
        verified: whether somebody held it against the law's own text.
    """

    id: str
    purposes: tuple[str, ...]
    datasets: tuple[str, ...]
    keep_days: int
    ground: str
    law: str
    verified: bool

    def before(self, today: str) -> str:
        """The first day whose records are kept, seen from a day (both as in 2026-11-21)."""
        return (date.fromisoformat(today) - timedelta(self.keep_days)).isoformat()

    def has(self, told: Entry, before: str) -> bool:
        """Tells whether a record is of this class, and older than a day."""
        return (
            told.time[:10] < before
            and any(_fits(told.purpose, p) for p in self.purposes)
            and any(_fits(told.dataset, d) for d in self.datasets)
        )


def read(path: Path) -> list[RetentionClass]:
    """Reads a file of classes.

    Raises:
        FormatError: it is not one; the message says where and why.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise FormatError(f"{path} cannot be read as TOML: {error}") from error
    found = document.get("class")
    if document.keys() != {"class"} or not isinstance(found, list) or not found:
        raise FormatError(f"{path}: must hold tables named [[class]], and nothing else")
    classes = [_class(path, number, c) for number, c in enumerate(found, 1)]
    if len({c.id for c in classes}) != len(classes):
        raise FormatError(f"{path}: two classes have the same id")
    return classes


def _class(path: Path, number: int, found: Any) -> RetentionClass:
    place = f"{path}: class {number}"
    if not isinstance(found, dict) or found.keys() != _TYPES.keys():
        raise FormatError(f"{place}: must have exactly {', '.join(_TYPES)}")
    for name, kind in _TYPES.items():
        if type(found[name]) is not kind:
            raise FormatError(f"{place}: {name} must be a {kind.__name__}")
    for name in ("purposes", "datasets"):
        if not found[name] or not all(isinstance(v, str) and v for v in found[name]):
            raise FormatError(f"{place}: {name} must be names")
    if not all(CODE.fullmatch(found[name]) for name in ("id", "ground")) or found["keep_days"] < 1:
        raise FormatError(f"{place}: id and ground are codes such as gdpr.5.1.e, keep_days is 1 or more")
    lists = {name: tuple(found[name]) for name in ("purposes", "datasets")}
    return RetentionClass(**{**found, **lists})


def _fits(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
