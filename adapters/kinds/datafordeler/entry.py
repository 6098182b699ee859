"""What the catalogue says of a dataset that Datafordeler has, checked for form when the broker starts.

[datasets.source]
kind = "datafordeler"
type = "BBR_Enhed"              # the root field, which is also the type of its nodes
identity = ["id_lokalId"]       # the fields that tell records apart
effect = "argument"             # how a time is asked for: see Asks
registration = "argument"
weight = 5000                   # the root field's @cost
required = ["id_lokalId"]       # attributes that are never null
scalars = { pNummer = "Long" }  # where the attribute's type does not say it
codes = { status = ["6", "7"] } # attributes whose codes are all known
fields = { opfoerelsesaar = "bygning.byg026Opfoerelsesaar" }  # attributes that are named otherwise

[[datasets.source.joins]]       # a second look-up: its fields are reached as <name>.<field>
name = "bygning"
type = "BBR_Bygning"
from = "bygning"                # a field of this type, or <name>.<field> of an earlier join
to = "id_lokalId"
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from adapters.port import Dataset, Source

SCALARS = ("Boolean", "DafDateTime", "Int", "LocalDate", "Long", "String")
USUAL = {"integer": "Long", "boolean": "Boolean", "date": "LocalDate"}  # of every other type: String
_NAME = re.compile(r"[A-Za-z_][0-9A-Za-z_]*")  # GraphQL's own; what matches can be pasted into a query
_OPTIONS = frozenset(
    {
        "type",
        "identity",
        "effect",
        "registration",
        "weight",
        "required",
        "scalars",
        "codes",
        "fields",
        "joins",
    }
)
_JOIN = frozenset({"name", "type", "from", "to", "scalar", "effect", "registration", "weight"})


class Asks(StrEnum):
    """How a service is asked what held at a time."""

    ARGUMENT = "argument"  # the root field has an argument; the records' times are held to it
    FIELDS = "fields"  # it has none: the whole history is fetched, and sieved here by the records' times
    NONE = "none"  # records have no times: only what holds now can be asked for


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attribute stands: a field, of the dataset's own type or of a join."""

    join: str
    field: str


@dataclass(frozen=True, slots=True)
class Kept:
    """One type of the service, and how it keeps time.

    Attributes:
        type: name of the root field and of the type.
        identity: the fields that tell its records apart.
        effect: how it is asked what was true.
        registration: how it is asked what was recorded.
        weight: what one call of the root field costs.
    """

    type: str
    identity: tuple[str, ...]
    effect: Asks
    registration: Asks
    weight: int


@dataclass(frozen=True, slots=True)
class Join:
    """A second look-up, of what a field of the first refers to."""

    name: str
    kept: Kept
    origin: Place
    to: str
    scalar: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A dataset as Datafordeler has it."""

    kept: Kept
    places: Mapping[str, Place]
    scalars: Mapping[str, str]
    required: frozenset[str]
    codes: Mapping[str, frozenset[str]]
    joins: tuple[Join, ...]


def read_entry(dataset: Dataset) -> Entry:
    """Reads the source of a dataset.

    Raises:
        ValueError: it says what cannot be; the message says where, and what to write.
    """
    source = _Source(dataset.source, _OPTIONS)
    names = {a.name: a for a in dataset.attributes}
    joins: dict[str, Join] = {}
    for number, table in enumerate(source.tables("joins"), 1):
        join = _join(table, joins, f"joins {number}")
        joins[join.name] = join
    fields = source.texts("fields", names)
    places = {name: _place(source, "fields", fields.get(name, name), joins) for name in names}
    scalars = source.texts("scalars", names)
    for scalar in scalars.values():
        source.one_of("scalars", scalar, SCALARS)
    for key in dataset.keys:
        if places[key.attribute].join:
            raise ValueError(f"{source.place}: {key.attribute} is a key, and cannot come through a join")
    return Entry(
        kept=_kept(source, tuple(source.name("identity", n) for n in source.texts_of("identity"))),
        places=places,
        scalars={n: scalars.get(n, USUAL.get(a.type, "String")) for n, a in names.items()},
        required=frozenset(source.known("required", n, names) for n in source.texts_of("required")),
        codes={n: frozenset(c) for n, c in source.lists("codes", names).items()},
        joins=tuple(joins.values()),
    )


def _kept(source: _Source, identity: tuple[str, ...]) -> Kept:
    return Kept(
        type=source.name("type", source.text("type")),
        identity=identity,
        effect=Asks(source.one_of("effect", source.text("effect", "argument"), list(Asks))),
        registration=Asks(source.one_of("registration", source.text("registration", "argument"), list(Asks))),
        weight=source.whole("weight"),
    )


def _join(table: Mapping[str, Any], earlier: Mapping[str, Join], place: str) -> Join:
    source = _Source(Source("datafordeler", table, place), _JOIN)
    name = source.name("name", source.text("name"))
    if name in earlier:
        raise ValueError(f"{place}: there is a join {name} already")
    to = source.name("to", source.text("to"))
    return Join(
        name=name,
        kept=_kept(source, (to,)),
        origin=_place(source, "from", source.text("from"), earlier),
        to=to,
        scalar=source.one_of("scalar", source.text("scalar", "String"), ("Long", "String")),
    )


def _place(source: _Source, option: str, path: str, joins: Mapping[str, Join]) -> Place:
    join, _, field = path.rpartition(".")
    if join and join not in joins:
        raise ValueError(f"{source.place}: {option}: {path} names the join {join}, which is not there (yet)")
    return Place(join, source.name(option, field))


class _Source:
    """The options of a source, which know their place in the catalogue."""

    def __init__(self, source: Source, known: frozenset[str]) -> None:
        self.place = source.place
        self._options = source.options
        if unknown := sorted(set(source.options) - known):
            raise ValueError(f"{self.place}: {unknown[0]} is not known to the kind datafordeler")

    def text(self, option: str, default: str = "") -> str:
        value = self._options.get(option, default)
        if not isinstance(value, str) or not value:
            raise ValueError(f"{self.place}: {option} is missing or no text")
        return value

    def whole(self, option: str) -> int:
        value = self._options.get(option, 0)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ValueError(f"{self.place}: {option} must be a whole number, 0 or more")
        return value

    def name(self, option: str, value: str) -> str:
        if _NAME.fullmatch(value) is None:
            raise ValueError(f"{self.place}: {option}: {value!r} is no name of GraphQL's")
        return value

    def one_of(self, option: str, value: str, allowed: Sequence[str]) -> str:
        if value not in allowed:
            raise ValueError(
                f"{self.place}: {option} is {value!r}, but must be one of {', '.join(sorted(allowed))}"
            )
        return value

    def known(self, option: str, value: str, names: Mapping[str, object]) -> str:
        if value not in names:
            raise ValueError(f"{self.place}: {option} names {value!r}, which is no attribute of the dataset")
        return value

    def texts_of(self, option: str) -> Sequence[str]:
        return _texts(self._options.get(option, []), f"{self.place}: {option}")

    def texts(self, option: str, names: Mapping[str, object]) -> Mapping[str, str]:
        table = self._table(option, names)
        _texts(list(table.values()), f"{self.place}: {option}")
        return table

    def lists(self, option: str, names: Mapping[str, object]) -> Mapping[str, Sequence[str]]:
        return {n: _texts(v, f"{self.place}: {option}: {n}") for n, v in self._table(option, names).items()}

    def tables(self, option: str) -> Sequence[Mapping[str, Any]]:
        value = self._options.get(option, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise ValueError(f"{self.place}: {option} must be tables")
        return value

    def _table(self, option: str, names: Mapping[str, object]) -> Mapping[str, Any]:
        value = self._options.get(option, {})
        if not isinstance(value, dict):
            raise ValueError(f"{self.place}: {option} must be a table")  # noqa: TRY004  # the file's mistake
        for name in value:
            self.known(option, name, names)
        return value


def _texts(value: object, place: str) -> Sequence[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValueError(f"{place} must hold texts")
    return value
