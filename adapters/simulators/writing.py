"""Records as a register would write them: the way of `adapters.kinds.fields` and `values`, backwards."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from adapters.kinds.fields import TIMES, Fields
from adapters.port import Attribute, Dataset, Key
from adapters.simulators.rows import Row


def raw(dataset: Dataset, fields: Fields, row: Row, names: Collection[str]) -> dict[str, Any]:
    """Writes one record: the attributes named, and the times where the entry has them."""
    made: dict[str, Any] = {}
    for attribute in dataset.attributes:
        if attribute.name in names:
            field = fields.by_name[attribute.name]
            put(made, field.path.split("."), written(attribute, field.form, row[attribute.name]))
    for name in TIMES:
        if name in fields.times:
            put(made, fields.times[name], row[name])
    return made


def somebody_else(dataset: Dataset, key: Key) -> str | int:
    """A value of a key that nobody has."""
    types = {a.name: a.type for a in dataset.attributes}
    others: dict[str, str | int] = {"integer": 1, "personnummer": "6101010000", "cvr": "90000012"}
    return others.get(types[key.attribute], "00000000-0000-4000-8000-000000000000")


def put(made: dict[str, Any], path: Collection[str], value: Any) -> None:
    """Puts a value where a path leads."""
    *before, last = path
    for step in before:
        made = made.setdefault(step, {})
    made[last] = value


def written(attribute: Attribute, form: str | None, value: Any) -> Any:
    """Writes a value in the form that the entry declares."""
    if value is None or form is None:
        return value
    if attribute.type == "boolean":
        return form.split("/")[0 if value else 1]
    if attribute.type == "integer":
        return str(value) if form == "text" else value
    if attribute.type in {"date", "month"}:
        return _date(form, value)
    if form == "number":
        return int(value)
    return value.upper() if form == "any-case" else value


def _date(form: str, value: str) -> str:
    if form == "dd-mm-yyyy":
        return "-".join(reversed(value.split("-")))
    if form == "timestamp":
        return f"{value}T12:00:00+01:00"
    if form == "date":
        return f"{value}-01"
    return value.replace("-", "") if "-" not in form else value
