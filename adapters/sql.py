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
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from exchange.errors import Failed
from exchange.model.catalogue import Catalogue, Dataset
from exchange.model.request import AsOf, Found, SubjectKey

BITEMPORAL = ("registreringFra", "registreringTil", "virkningFra", "virkningTil")
_SQL_TYPES: dict[str, type[sa.types.TypeEngine[Any]]] = {
    "integer": sa.BigInteger,
    "boolean": sa.Boolean,
}


def table_of(dataset: Dataset, metadata: sa.MetaData) -> sa.Table:
    """Describes the table behind a dataset: attributes, bitemporal columns, an index a key."""
    columns = [
        sa.Column(a.name, _SQL_TYPES.get(a.type, sa.Text)(), nullable=True) for a in dataset.attributes
    ]
    times = [sa.Column(name, sa.Text, nullable=name.endswith("Til")) for name in BITEMPORAL]
    indexes = [sa.Index(f"{dataset.table}_by_{k.kind}", k.attribute) for k in dataset.keys]
    return sa.Table(dataset.table, metadata, *columns, *times, *indexes)


def sortable(moment: datetime) -> str:
    """Gives a time in the fixed-width form that the tables hold."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


class SqlAdapter:
    """Reads the datasets of one register from one database.

    Reads run on a few threads of the adapter's own, so that a slow database never holds up the
    broker's event loop.
    """

    def __init__(
        self, url: str, catalogue: Catalogue, register: str, max_records: int, threads: int = 4
    ) -> None:
        """Connects lazily: a register that is down at start fails its first fetch, not the broker.

        Args:
            url: SQLAlchemy URL of the database.
            catalogue: where the datasets of the register are described.
            register: short name, e.g. `cpr`.
            max_records: an answer with more records than this is an error, never cut silently.
            threads: how many reads run at once.
        """
        self._engine = sa.create_engine(url, pool_size=threads, max_overflow=0, hide_parameters=True)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"register-{register}")
        self._max_records = max_records
        metadata = sa.MetaData()
        self._tables: Mapping[str, sa.Table] = {
            d.name: table_of(d, metadata) for d in catalogue.datasets.values() if d.register == register
        }
        self._statements: dict[tuple[str, tuple[str, ...], str], sa.Select[Any]] = {}

    async def fetch(
        self, dataset: Dataset, attributes: Sequence[str], key: SubjectKey, as_of: AsOf
    ) -> Sequence[Found]:
        """See `exchange.ports.RegisterAdapter`."""
        statement = self._statement(dataset, tuple(attributes), key.kind)
        parameters = {
            "key": _key_value(dataset, key),
            "effect": sortable(as_of.effect),
            "registration": sortable(as_of.registration),
        }
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._read, statement, parameters, attributes)

    def close(self) -> None:
        """Lets running reads end and gives the connections back."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._engine.dispose()

    def _statement(self, dataset: Dataset, attributes: tuple[str, ...], kind: str) -> sa.Select[Any]:
        # Building a SELECT costs more than running it; there are few distinct questions.
        question = (dataset.name, attributes, kind)
        if question not in self._statements:
            self._statements[question] = self._select(dataset, attributes, kind)
        return self._statements[question]

    def _select(self, dataset: Dataset, attributes: tuple[str, ...], kind: str) -> sa.Select[Any]:
        table = self._tables[dataset.name]
        key = dataset.key(kind)
        if key is None:
            raise Failed.because("REGISTER_ANSWER_INVALID")
        column = table.c[key.attribute]
        effect: sa.BindParameter[str] = sa.bindparam("effect")
        registration: sa.BindParameter[str] = sa.bindparam("registration")
        return (
            sa.select(column, *(table.c[name] for name in attributes))
            .where(
                column == sa.bindparam("key"),
                *_holds(table.c.registreringFra, table.c.registreringTil, registration),
                *_holds(table.c.virkningFra, table.c.virkningTil, effect),
            )
            .order_by(table.c.virkningFra, *(table.c[name] for name in sorted(dataset.attribute_names)))
            .limit(self._max_records + 1)
        )

    def _read(
        self,
        statement: sa.Select[Any],
        parameters: Mapping[str, object],
        attributes: Sequence[str],
    ) -> list[Found]:
        with self._engine.connect() as connection:
            rows = connection.execute(statement, parameters).fetchall()
        if len(rows) > self._max_records:
            raise Failed.because("REGISTER_ANSWER_INVALID")
        return [
            Found(row[0], {n: v for n, v in zip(attributes, row[1:], strict=True) if v is not None})
            for row in rows
        ]


def _holds(
    begin: sa.Column[str], end: sa.Column[str], moment: sa.BindParameter[str]
) -> tuple[sa.ColumnElement[bool], ...]:
    return begin <= moment, sa.or_(end.is_(None), end > moment)


def _key_value(dataset: Dataset, key: SubjectKey) -> str | int:
    described = dataset.key(key.kind)
    types = {a.name: a.type for a in dataset.attributes}
    if described is not None and types[described.attribute] == "integer":
        return int(key.value)
    return key.value
