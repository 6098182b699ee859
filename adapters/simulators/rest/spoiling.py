"""Faults in the records of a REST service, put in when they were right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from adapters.kinds.fields import Fields
from adapters.port import Dataset, Key
from adapters.simulators.faults import Faults
from adapters.simulators.writing import put, somebody_else

Raw = dict[str, Any]
_MILLION: Final = 20_000  # enough to be far too many
_PAST: Final = "1900-01-01T00:00:00.000000Z"


def spoilt(raws: list[Raw], fields: Fields, dataset: Dataset, key: Key, faults: Faults) -> list[Raw]:
    """Gives the records as the faults leave them.

    Args:
        raws: the records, as they will be written.
        fields: where their attributes stand.
        dataset: what they are of.
        key: what they were found by.
        faults: what is ordered.
    """
    for made in raws:
        _field(made, fields, faults)
        if faults.has("other-subject"):
            put(made, fields.by_name[key.attribute].path.split("."), somebody_else(dataset, key))
        if faults.has("times"):
            for name, path in fields.times.items():
                if name.endswith("Til"):
                    put(made, path, _PAST)
    if faults.has("wrong-type"):
        raws = [_leaves(made, _turned) for made in raws]
    if faults.has("null"):
        raws = [_leaves(made, lambda _: None) for made in raws]
    if faults.has("duplicate"):
        raws = [made for made in raws for _ in range(2)]
    if faults.has("million"):
        raws = raws[:1] * _MILLION
    return raws


def _field(made: Raw, fields: Fields, faults: Faults) -> None:
    for fault in ("drift", "missing", "unknown-code"):
        name = faults.told(fault)
        if name in fields.by_name:
            *before, last = fields.path(name).split(".")
            at: Any = made
            for step in before:
                at = at.get(step, {})
            if last in at:
                value = at.pop(last)
                if fault != "missing":
                    at.update({f"{last}Ny": value} if fault == "drift" else {last: "ukendt"})


def _leaves(made: Raw, change: Callable[[Any], Any]) -> Raw:
    return {n: _leaves(v, change) if isinstance(v, dict) else change(v) for n, v in made.items()}


def _turned(value: Any) -> Any:
    return value if value is None else 7 if isinstance(value, str) else str(value)
