"""The SQL adapter: asks one statement a page, on threads of its own, and reads the rows strictly."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa

from adapters.kinds.sql.changes import SqlChanges, column_of
from adapters.kinds.sql.engine import engine_of
from adapters.kinds.sql.entry import Plan, plan_of
from adapters.kinds.sql.errors import translated
from adapters.kinds.sql.statement import KEYS, MOST, Asked, Statement, statement_of
from adapters.port import AnswerInvalid, Cause, Changes, ChangesNotTold, Connection, Dataset, Found, Lookup

_MOST_SUBJECTS: Final = 500  # values in one query
_THREADS: Final = 4


def open_sql(register: str, datasets: Sequence[Dataset], connection: Connection) -> SqlAdapter:
    """See `adapters.port.Opener`."""
    return SqlAdapter(register, datasets, connection)


class SqlAdapter:
    """Reads the datasets of one register from one database.

    Reads run on a few threads of the adapter's own, so that a slow database never holds up the
    broker's event loop.
    """

    most_subjects = _MOST_SUBJECTS

    def __init__(
        self,
        register: str,
        datasets: Sequence[Dataset],
        connection: Connection,
        planned: Callable[[Dataset], Plan] = plan_of,
        *,
        tells_changes: bool = True,
    ) -> None:
        """Connects lazily: a register that is down at start fails its first fetch, not the broker.

        Args:
            register: its name.
            datasets: what is read from it.
            connection: where it is.
            planned: how a dataset's entry is read.
            tells_changes: whether what is new stands there with the time at which it came.

        Raises:
            ValueError: the catalogue or the connection says what cannot be.
        """
        self._plans: Mapping[str, Plan] = {d.name: planned(d) for d in datasets}
        self._engine = engine_of(connection, _THREADS)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix=f"register-{register}")
        self._max_records = connection.max_records
        self._is_closed = False
        self._changes = SqlChanges(self._engine, connection) if tells_changes else None
        self._statements: dict[tuple[str, tuple[str, ...], str, bool], Statement] = {}
        self._told: dict[tuple[str, str], sa.Column[Any]] = {}  # keys whose changes are told

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        """See `adapters.port.RegisterAdapter`."""
        _check_times(self._plans[lookup.dataset.name], lookup)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._read, lookup)

    async def changes(self, dataset: Dataset, kind: str, after: int | None, limit: int) -> Changes:
        """See `adapters.port.ChangeFeed`. Only tables in Hjemmel's own form, joined with none, tell them."""
        key, plan = dataset.key(kind), self._plans[dataset.name]
        if key is None or self._changes is None or not plan.is_own:
            raise ChangesNotTold
        told = (dataset.name, kind)
        if told not in self._told:
            self._told[told] = column_of(plan.relations[""], plan.columns[key.attribute].name)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._changes.read, self._told[told], after, limit)

    async def close(self) -> None:
        """Lets running reads end and gives the connections back."""
        self._is_closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._engine.dispose()

    @contextmanager
    def _connected(self) -> Iterator[sa.Connection]:
        with self._engine.connect() as connection:
            try:
                yield connection
            finally:
                if self._is_closed:  # a call that was cancelled ends after its adapter
                    connection.invalidate()

    def _statement(self, lookup: Lookup, key: str, *, many: bool) -> Statement:
        # Building a SELECT costs more than running it; there are few distinct questions.
        question = (lookup.dataset.name, lookup.attributes, key, many)
        if question not in self._statements:
            plan = self._plans[lookup.dataset.name]
            self._statements[question] = statement_of(
                plan, lookup.attributes, key, Asked.MANY if many else Asked.ONE
            )
        return self._statements[question]

    def _read(self, lookup: Lookup) -> list[Found]:
        key = lookup.dataset.key(lookup.kind)
        if key is None:
            raise AnswerInvalid(Cause.FIELD_UNKNOWN)
        column = self._plans[lookup.dataset.name].columns[key.attribute]
        asked = {written: value for value in lookup.values for written in column.asked(value)}
        statement = self._statement(lookup, key.attribute, many=len(asked) > 1)
        parameters = statement.parameters(lookup.as_of)
        try:
            with self._connected() as connection:
                pages = self._pages(connection, statement, parameters, asked)
                return [
                    Found(asked.get(row[0]) or statement.subject(row), statement.record(row))
                    for page in pages
                    for row in page
                ]
        except (sa.exc.SQLAlchemyError, UnicodeError) as error:
            raise translated(error, (statement.key, *statement.columns)) from None

    def _pages(
        self,
        connection: sa.Connection,
        statement: Statement,
        parameters: Mapping[str, Any],
        asked: Mapping[str | int, str],
    ) -> Iterator[Sequence[Sequence[Any]]]:
        """Gives the rows, page for page, each about whole subjects.

        A full page may end within a subject: that one is asked about again, with all that did not come yet.

        Raises:
            AnswerInvalid: there are more records about a subject than may be.
        """
        if len(asked) == 1:
            (key,) = asked
            rows = connection.execute(
                statement.select, {**parameters, KEYS: key, MOST: self._max_records + 1}
            ).fetchall()
            self._check_number(rows)
            yield rows
            return
        most = max(statement.page, self._max_records + 1)
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")  # all pages are of one moment
        while asked:
            given = {**parameters, KEYS: list(asked), MOST: most}
            rows = connection.execute(statement.select, given).fetchall()
            self._check_number(rows)
            if len(rows) < most:
                yield rows
                return
            last = statement.subject(rows[-1])
            whole = [row for row in rows if statement.subject(row) != last]
            told = {str(statement.subject(row)) for row in whole}
            if not told:
                raise AnswerInvalid(Cause.TOO_MANY)
            if not told <= set(asked.values()):
                raise AnswerInvalid(Cause.OTHER_SUBJECT)
            yield whole
            asked = {key: value for key, value in asked.items() if value not in told}

    def _check_number(self, rows: Sequence[Sequence[Any]]) -> None:
        if len(rows) <= self._max_records:
            return
        if max(Counter(row[0] for row in rows).values()) > self._max_records:
            raise AnswerInvalid(Cause.TOO_MANY)


def _check_times(plan: Plan, lookup: Lookup) -> None:
    """A table that knows no times tells what holds now; asked of another time, it would tell wrong."""
    if lookup.current:
        return
    tells = [plan.relations[""].times.tells(axis) for axis in ("registrering", "virkning")]
    if not any(tells):
        raise AnswerInvalid(Cause.PRESENT_ONLY)
    if not all(tells):
        raise AnswerInvalid(Cause.NO_HISTORY)
