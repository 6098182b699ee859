"""A dataset's entry for the kind `sql`: which table and columns it stands in, and what it is joined with.

    [datasets.source]
    kind = "sql"
    table = "VEJ"                     # as the database writes it; `schema` where there is one
    times = { virkningFra = "GYLDIG_FRA", virkningTil = "GYLDIG_TIL" }     # {}: no history
    time_form = "date"
    columns = { vejnavn = "NAVN", ejer = "ejer.NAVN",
                status = { column = "STATUS", values = { "1" = "aktiv", "2" = "nedlagt" } } }

    [[datasets.source.joins]]
    name = "ejer"
    table = "EJER"
    on = { EJER_ID = "ID" }           # column here, or <join>.<column> of a join above = column there

Without `columns` an attribute stands under its own name, without `times` they are Hjemmel's own columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from adapters.kinds.entry import Entry
from adapters.kinds.sql.times import Times, times_of
from adapters.kinds.sql.values import Column
from adapters.kinds.values import converter
from adapters.port import Attribute, Dataset, Key, Value

_PAGE: Final = 1000


@dataclass(frozen=True, slots=True)
class Relation:
    """The table of a dataset, or one that it is joined with.

    Attributes:
        name: of the join; empty: the table itself.
        on: what must be equal: relation and column before it, column of its own.
        many: whether a record may be met several times, once for each row here.
    """

    name: str
    table: str
    schema: str | None
    on: tuple[tuple[str, str, str], ...]
    times: Times
    many: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is to be known of a dataset.

    Attributes:
        relations: by name; the table itself first, then joins in the order in which they can be made.
        columns: by attribute.
        page: most rows that are taken from the driver at once.
    """

    relations: Mapping[str, Relation]
    columns: Mapping[str, Column]
    page: int

    @property
    def is_own(self) -> bool:
        """Whether its records stand in one table, in the form of those that Hjemmel makes."""
        return len(self.relations) == 1 and self.relations[""].times.own

    def needed(self, *attributes: str) -> list[Relation]:
        """The relations that attributes come from, and those that lead there."""
        wanted = {"", *(self.columns[name].relation for name in attributes)}
        for relation in reversed(list(self.relations.values())):
            if relation.name in wanted:
                wanted |= {before for before, _, _ in relation.on}
        return [relation for relation in self.relations.values() if relation.name in wanted]


def plan_of(dataset: Dataset) -> Plan:
    """Reads the entry of a dataset.

    Raises:
        ValueError: it says something that cannot be.
    """
    entry = Entry(dataset.source.options, dataset.source.place)
    times = times_of(entry)
    relations = {"": Relation("", entry.text("table"), _schema(entry), (), times, many=False)}
    for number, told in enumerate(entry.value("joins") or (), 1):
        relation = _join(Entry(told, f"{entry.place}: join {number}"), relations, times)
        relations[relation.name] = relation
    told = entry.table("columns")
    columns = {a.name: _column(a, told.value(a.name), told.place, relations) for a in dataset.attributes}
    told.end()
    page = entry.number("page", _PAGE)
    if page < 1:
        raise ValueError(f"{entry.place}: page must be 1 or more")
    entry.end()
    for key in dataset.keys:
        _check_key(key, columns[key.attribute], entry.place)
    return Plan(relations, columns, page)


def _schema(entry: Entry) -> str | None:
    return entry.text("schema") if "schema" in entry else None


def _join(entry: Entry, before: Mapping[str, Relation], usual: Times) -> Relation:
    name = entry.text("name")
    if name in before or "." in name:
        raise ValueError(f"{entry.place}: name {name!r} is taken, or holds a dot")
    on = entry.table("on")
    pairs = tuple((*_place(left, before, on.place), on.text(left)) for left in on.names())
    on.end()
    if not pairs:
        raise ValueError(f"{on.place} must say which columns are equal")
    many = entry.flag("many", usual=False)
    relation = Relation(name, entry.text("table"), _schema(entry), pairs, times_of(entry, usual), many)
    entry.end()
    return relation


def _place(written: str, relations: Mapping[str, Relation], place: str) -> tuple[str, str]:
    relation, dot, column = written.rpartition(".")
    if (dot and relation not in relations) or not column or (dot and not relation):
        known = ", ".join(name for name in relations if name) or "none"
        raise ValueError(f"{place}: {written!r} names no column of a join; joins are: {known}")
    return relation, column


def _column(attribute: Attribute, told: Any, place: str, relations: Mapping[str, Relation]) -> Column:
    table = {} if told is None else {"column": told} if isinstance(told, str) else told
    entry = Entry(table, f"{place}: {attribute.name}")
    relation, name = _place(entry.text("column", attribute.name), relations, entry.place)
    form = entry.text("form") if "form" in entry else None
    try:
        convert = converter(attribute.type, form)
        values = {name: _meaning(attribute, meant) for name, meant in _pairs(entry, "values")}
    except (ValueError, TypeError) as error:
        raise ValueError(f"{entry.place}: {error}") from error
    column = Column(
        attribute=attribute.name,
        type=attribute.type,
        relation=relation,
        name=name,
        form=form,
        convert=convert,
        values=values,
        codes=frozenset(entry.texts("codes")),
        required=entry.flag("required", usual=False),
        trim=entry.flag("trim", usual=False),
    )
    entry.end()
    if column.codes and attribute.type != "code":
        raise ValueError(f"{entry.place}: codes are for attributes of type code")
    if values and form:
        raise ValueError(f"{entry.place}: with values, a form says nothing")
    return column


def _pairs(entry: Entry, field: str) -> list[tuple[str, Any]]:
    table = entry.table(field)
    return [(name, table.value(name)) for name in table.names()]


def _meaning(attribute: Attribute, meant: Any) -> Value:
    return converter(attribute.type, None)(meant)


def _check_key(key: Key, column: Column, place: str) -> None:
    if column.values or column.form not in {None, "number", "text", "any-case"}:
        raise ValueError(f"{place}: {key.attribute} is a key; its values are looked up as they are written")
