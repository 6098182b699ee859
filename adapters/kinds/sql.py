"""The SQL adapter: any database that SQLAlchemy reaches, one table a dataset, bitemporal.

Every table holds the dataset's attributes and four times as fixed-width UTC text
(`YYYY-MM-DDTHH:MM:SS.ffffffZ`), whose order as text is their order in time. A row answers when its
registration interval and its effect interval both hold the time asked for: from inclusive, to
exclusive, an absent end means still.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa

from adapters.kinds.sql_changes import SqlChanges
from adapters.kinds.values import sortable
from adapters.port import (
    AnswerInvalid,
    Cause,
    Changes,
    ChangesNotTold,
    Connection,
    Dataset,
    Found,
    Lookup,
    Unavailable,
)

BITEMPORAL = ("registreringFra", "registreringTil", "virkningFra", "virkningTil")
_MOST_SUBJECTS = 500  # values in one query
_THREADS = 4
_SQL_TYPES: dict[str, type[sa.types.TypeEngine[Any]]] = {
    "integer": sa.BigInteger,
    "boolean": sa.Boolean,
}


def table_name(dataset: Dataset) -> str:
    """Reads which table a dataset stands in.

    Raises:
        ValueError: the catalogue does not say.
    """
    source = dataset.source
    name = source.options.get("table")
    if not isinstance(name, str) or not name:
        raise ValueError(f"{source.place}: table is missing or no text")
    if unknown := sorted(set(source.options) - {"table"}):
        raise ValueError(f"{source.place}: {unknown[0]} is not known to the kind sql")
    return name


def table_of(dataset: Dataset, metadata: sa.MetaData) -> sa.Table:
    """Describes the table behind a dataset: attributes, bitemporal columns, an index a key.

    Raises:
        ValueError: the catalogue does not say which.
    """
    columns = [
        sa.Column(a.name, _SQL_TYPES.get(a.type, sa.Text)(), nullable=True) for a in dataset.attributes
    ]
    times = [sa.Column(name, sa.Text, nullable=name.endswith("Til")) for name in BITEMPORAL]
    table = table_name(dataset)
    indexes = [sa.Index(f"{table}_by_{k.kind}", k.attribute) for k in dataset.keys]
    return sa.Table(table, metadata, *columns, *times, *indexes)


def open_sql(register: str, datasets: Sequence[Dataset], connection: Connection) -> SqlAdapter:
    """See `adapters.port.Opener`."""
    return SqlAdapter(register, datasets, connection)


class SqlAdapter:
    """Reads the datasets of one register from one database.

    Reads run on a few threads of the adapter's own, so that a slow database never holds up the
    broker's event loop.
    """

    most_subjects = _MOST_SUBJECTS

    def __init__(self, register: str, datasets: Sequence[Dataset], connection: Connection) -> None:
        """Connects lazily: a register that is down at start fails its first fetch, not the broker.

        Raises:
            ValueError: the catalogue does not say where a dataset stands.
        """
        self._engine = sa.create_engine(
            connection.url, pool_size=_THREADS, max_overflow=0, hide_parameters=True
        )
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix=f"register-{register}")
        self._max_records = connection.max_records
        metadata = sa.MetaData()
        self._tables: Mapping[str, sa.Table] = {d.name: table_of(d, metadata) for d in datasets}
        self._statements: dict[tuple[str, tuple[str, ...], str, bool], sa.Select[Any]] = {}
        self._changes = SqlChanges(self._engine, connection)

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        """See `adapters.port.RegisterAdapter`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._read, lookup)

    async def changes(self, dataset: Dataset, kind: str, after: int | None, limit: int) -> Changes:
        """See `adapters.port.ChangeFeed`."""
        table, key = self._tables[dataset.name], dataset.key(kind)
        if key is None:
            raise ChangesNotTold
        loop = asyncio.get_running_loop()
        column = table.c[key.attribute]
        return await loop.run_in_executor(self._threads, self._changes.read, column, after, limit)

    async def close(self) -> None:
        """Lets running reads end and gives the connections back."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._engine.dispose()

    def _statement(self, lookup: Lookup, *, many: bool) -> sa.Select[Any]:
        # Building a SELECT costs more than running it; there are few distinct questions.
        question = (lookup.dataset.name, lookup.attributes, lookup.kind, many)
        if question not in self._statements:
            self._statements[question] = self._select(lookup, many=many)
        return self._statements[question]

    def _select(self, lookup: Lookup, *, many: bool) -> sa.Select[Any]:
        table = self._tables[lookup.dataset.name]
        key = lookup.dataset.key(lookup.kind)
        if key is None:
            raise AnswerInvalid(Cause.FIELD_UNKNOWN)
        column = table.c[key.attribute]
        effect: sa.BindParameter[str] = sa.bindparam("effect")
        registration: sa.BindParameter[str] = sa.bindparam("registration")
        asked = column.in_(sa.bindparam("keys", expanding=True)) if many else column == sa.bindparam("keys")
        return (
            sa.select(column, *(table.c[name] for name in lookup.attributes))
            .where(
                asked,
                *_holds(table.c.registreringFra, table.c.registreringTil, registration),
                *_holds(table.c.virkningFra, table.c.virkningTil, effect),
            )
            .order_by(
                table.c.virkningFra, *(table.c[name] for name in sorted(lookup.dataset.attribute_names))
            )
            .limit(sa.bindparam("most"))
        )

    def _read(self, lookup: Lookup) -> list[Found]:
        keys = [_key_value(lookup, value) for value in lookup.values]
        many = len(keys) > 1
        most = self._max_records * len(keys)
        parameters = {
            "keys": keys if many else keys[0],
            "effect": sortable(lookup.as_of.effect),
            "registration": sortable(lookup.as_of.registration),
            "most": most + 1,
        }
        statement = self._statement(lookup, many=many)
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(statement, parameters).fetchall()
        except sa.exc.OperationalError as error:
            raise Unavailable(Cause.CONNECTION) from error
        if len(rows) > most:
            raise AnswerInvalid(Cause.TOO_MANY)
        names = lookup.attributes
        return [
            Found(row[0], {n: v for n, v in zip(names, row[1:], strict=True) if v is not None})
            for row in rows
        ]


def _holds(
    begin: sa.Column[str], end: sa.Column[str], moment: sa.BindParameter[str]
) -> tuple[sa.ColumnElement[bool], ...]:
    return begin <= moment, sa.or_(end.is_(None), end > moment)


def _key_value(lookup: Lookup, value: str) -> str | int:
    described = lookup.dataset.key(lookup.kind)
    types = {a.name: a.type for a in lookup.dataset.attributes}
    if described is not None and types[described.attribute] == "integer":
        return int(value)
    return value
