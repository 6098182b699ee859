"""The one SELECT that answers a question: what was asked for, where every row in it holds.

A join is an outer one, so that a record without a partner stays. Of what must have one partner at most the
partners are counted along: two would give the record twice, and nobody could tell it from two records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from adapters.kinds.sql.entry import Plan, Relation
from adapters.kinds.sql.values import Column
from adapters.port import AnswerInvalid, AsOf, Cause, Record, SchemaChanged, Value

KEYS: Final = "keys"
MOST: Final = "most"
_Tables = Mapping[str, sa.FromClause]


@dataclass(frozen=True, slots=True)
class Statement:
    """A question, ready to be asked: its rows are the key, the attributes, partners, times."""

    select: sa.Select[Any]
    key: Column
    columns: tuple[Column, ...]
    relations: tuple[Relation, ...]
    partners: int
    checked: tuple[Relation, ...]
    page: int

    def parameters(self, as_of: AsOf) -> dict[str, Any]:
        """The moments; keys and the limit are the caller's."""
        told: dict[str, Any] = {}
        for number, relation in enumerate(self.relations):
            told |= relation.times.parameters(as_of, number)
        return told

    def subject(self, row: Sequence[Any]) -> Value:
        """Reads whom a row is about.

        Raises:
            AnswerInvalid: the key is no value of the catalogue's.
        """
        value = self.key.value(row[0])
        if value is None:
            raise SchemaChanged(Cause.FIELD_NULL, self.key.attribute)
        return value

    def record(self, row: Sequence[Any]) -> Record:
        """Reads a row.

        Raises:
            AnswerInvalid: a value is none of the catalogue's, or the row is met more than once.
        """
        end = 1 + len(self.columns)
        partners, times = row[end : end + self.partners], row[end + self.partners :]
        if any(count > 1 for count in partners):
            raise AnswerInvalid(Cause.CONFLICT)
        position = 0
        for relation in self.checked:
            for _ in relation.times.columns:
                relation.times.check(times[position])
                position += 1
        values = [(c.attribute, c.value(found)) for c, found in zip(self.columns, row[1:end], strict=True)]
        return {name: value for name, value in values if value is not None}


class Asked(StrEnum):
    """About how many subjects a statement is."""

    ONE = "one"
    MANY = "many"
    ALL = "all"


def statement_of(plan: Plan, attributes: Sequence[str], key: str, asked_about: Asked) -> Statement:
    """Builds the statement for attributes of the subjects that a key names; subject by subject.

    Only one about all of them has no parameters but the moments.
    """
    relations = plan.needed(key, *attributes)
    tables = {relation.name: _table(relation, plan) for relation in relations}
    asked, columns = plan.columns[key], tuple(plan.columns[name] for name in attributes)
    found = _at(tables, asked)
    source, conditions = tables[""], relations[0].times.holds(tables[""], 0)
    counts: list[sa.ColumnElement[Any]] = []
    for number, relation in enumerate(relations[1:], 1):
        table = tables[relation.name]
        source = source.outerjoin(table, sa.and_(*_meets(relation, table, tables, number)))
        is_keys = relation.name == asked.relation
        if not relation.many or is_keys:
            counts.append(_partners(relation, plan, tables, number, asked.name if is_keys else None))
    checked = tuple(relation for relation in relations if not relation.times.own)
    times = [tables[r.name].c[name] for r in checked for name in r.times.columns.values()]
    select = (
        sa.select(*_labelled([found, *(_at(tables, c) for c in columns), *counts, *times]))
        .select_from(source)
        .where(*_named(found, asked_about), *conditions)
        .order_by(
            *([] if asked_about is Asked.ONE else [_sorted(found, asked)]), *_order(plan, tables, columns)
        )
    )
    if asked_about is not Asked.ALL:
        select = select.limit(sa.bindparam(MOST))
    return Statement(select, asked, columns, tuple(relations), len(counts), checked, plan.page)


def _named(found: sa.ColumnElement[Any], asked_about: Asked) -> list[sa.ColumnElement[bool]]:
    if asked_about is Asked.ALL:
        return [found.is_not(None)]
    many = asked_about is Asked.MANY
    return [found.in_(sa.bindparam(KEYS, expanding=True)) if many else found == sa.bindparam(KEYS)]


def _labelled(columns: Sequence[sa.ColumnElement[Any]]) -> list[sa.ColumnElement[Any]]:
    return [column.label(f"c{number}") for number, column in enumerate(columns)]


def _sorted(found: sa.ColumnElement[Any], key: Column) -> sa.ColumnElement[Any]:
    """By subject, so that a page ends between two; the spellings of one stand together."""
    return sa.func.lower(found) if key.form == "any-case" else found


def _order(plan: Plan, tables: _Tables, columns: Sequence[Column]) -> list[sa.ColumnElement[Any]]:
    """By effect and content; in tables of Hjemmel's own alike for all questions about the same records."""
    times = plan.relations[""].times
    told = plan.columns.values() if times.own else columns
    own = [tables[""].c[c.name] for c in sorted(told, key=lambda c: c.attribute) if not c.relation]
    begin = times.columns.get("virkningFra")
    return [*([tables[""].c[begin]] if begin else []), *own]


def _table(relation: Relation, plan: Plan, alias: str = "") -> sa.FromClause:
    own = [c.name for c in plan.columns.values() if c.relation == relation.name]
    own += [column for r in plan.relations.values() for before, column, _ in r.on if before == relation.name]
    own += [column for _, _, column in relation.on]
    own += relation.times.columns.values()
    columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in dict.fromkeys(own)]
    table = sa.table(relation.table, *columns, schema=relation.schema)
    return table.alias(alias or f"t_{relation.name}")


def _at(tables: _Tables, column: Column) -> sa.ColumnElement[Any]:
    return tables[column.relation].c[column.name]


def _meets(
    relation: Relation, table: sa.FromClause, tables: _Tables, number: int
) -> list[sa.ColumnElement[bool]]:
    equal = [tables[before].c[theirs] == table.c[own] for before, theirs, own in relation.on]
    return [*equal, *relation.times.holds(table, number)]


def _partners(
    relation: Relation, plan: Plan, tables: _Tables, number: int, key: str | None
) -> sa.ColumnElement[Any]:
    """How many partners a row has here; where the key stands here, how many of the same subject."""
    again = _table(relation, plan, f"n_{relation.name}")
    conditions = _meets(relation, again, tables, number)
    if key is not None and relation.many:
        conditions.append(again.c[key] == tables[relation.name].c[key])
    counted = sa.select(sa.func.count()).select_from(again).where(*conditions)
    return counted.correlate(*tables.values()).scalar_subquery()
