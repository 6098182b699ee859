"""Tables that Hjemmel makes itself: the attributes under their own names, and four times as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from adapters.port import Attribute, Dataset

BITEMPORAL: Final = ("registreringFra", "registreringTil", "virkningFra", "virkningTil")
_SQL_TYPES: Final[Mapping[str, type[sa.types.TypeEngine[Any]]]] = {
    "integer": sa.BigInteger,
    "boolean": sa.Boolean,
}


def table_name(dataset: Dataset) -> str:
    """Reads which table a dataset stands in.

    Raises:
        ValueError: the catalogue does not say.
    """
    name = dataset.source.options.get("table")
    if not isinstance(name, str) or not name:
        raise ValueError(f"{dataset.source.place}: table is missing or no text")
    return name


def columns_of(attributes: Sequence[Attribute], times: Sequence[str]) -> list[sa.Column[Any]]:
    """Describes columns for attributes, and for times as fixed-width text."""
    return [
        *(sa.Column(a.name, _SQL_TYPES.get(a.type, sa.Text)(), nullable=True) for a in attributes),
        *(sa.Column(name, sa.Text, nullable=name.endswith("Til")) for name in times),
    ]


def table_of(dataset: Dataset, metadata: sa.MetaData, times: Sequence[str] = BITEMPORAL) -> sa.Table:
    """Describes the table behind a dataset: attributes, bitemporal columns, an index a key.

    Raises:
        ValueError: the catalogue does not say which.
    """
    table = table_name(dataset)
    indexes = [sa.Index(f"{table}_by_{k.kind}", k.attribute) for k in dataset.keys]
    return sa.Table(table, metadata, *columns_of(dataset.attributes, times), *indexes)
