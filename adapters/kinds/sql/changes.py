"""What changed in a table, by the four times of its rows.

A record answers differently from the moment at which it is registered, or its registration ends, or its
effect begins or ends: a move that was registered last month takes effect today. Each such moment that has
passed is a change. They are read in the order of their times.

Rows may become visible in another order than their times: a transaction takes its time when it writes, and
others commit before it does. So what was read is read again for a while (`options.changes_overlap`, seconds).
PostgreSQL tells which transactions are still under way, so that there no bound is guessed: nothing is taken
for settled before all that were under way then have ended. How often a row stands there in all, the reader
counts; a position is the moment and how many changes of the same moment came before.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from adapters.kinds.sql.entry import Relation
from adapters.kinds.sql.tables import BITEMPORAL
from adapters.port import Cause, Change, Changes, Connection, RegisterError, SchemaChanged, Unavailable

_OVERLAP: Final = 30.0  # seconds
_TIES: Final = 1 << 32  # changes of one moment, at most
_LOOKS: Final = 4096  # remembered, while a transaction takes long
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FORM: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z")
_UNDER_WAY: Final = sa.text(
    "SELECT pg_snapshot_xmin(pg_current_snapshot())::text, pg_snapshot_xmax(pg_current_snapshot())::text"
)
_OLDEST: Final = sa.text("SELECT min(xact_start) FROM pg_stat_activity WHERE backend_xid IS NOT NULL")


class SqlChanges:
    """Reads the changes of the tables of one database. Called from the adapter's threads."""

    def __init__(self, engine: sa.Engine, connection: Connection) -> None:
        """Takes the database.

        Raises:
            ValueError: the configuration says what cannot be.
        """
        self._engine = engine
        self._overlap = timedelta(seconds=_overlap(connection))
        self._tells_transactions = engine.dialect.name == "postgresql"
        self._looking = threading.Lock()
        self._looks: deque[tuple[datetime, int]] = deque()
        self._ended: datetime | None = None  # transactions that were under way then have all ended
        self._statements: dict[sa.Column[Any], sa.Select[Any]] = {}

    def read(self, column: sa.Column[Any], after: int | None, limit: int) -> Changes:
        """See `adapters.port.ChangeFeed`; the key is named by its column.

        Raises:
            RegisterError: the database does not answer, or a time is none.
        """
        now = datetime.now(UTC)
        try:
            with self._engine.connect() as connection:
                if after is None:
                    end = self._position(min(now, self._oldest(connection) or now))
                    return Changes((), end, end, more=False)
                horizon = self._horizon(connection, now)
                rows = self._rows(connection, column, after, now, limit + 1)
        except sa.exc.OperationalError as error:
            raise Unavailable(Cause.CONNECTION) from error
        except sa.exc.SQLAlchemyError as error:
            raise RegisterError(Cause.SERVER_ERROR) from error
        changes = _numbered(rows[:limit], after)
        more = len(rows) > limit
        end = changes[-1].position if changes else after
        position = end if more else max(end, _at(now))
        settled = after if horizon is None else min(position, self._position(horizon))
        return Changes(changes, position, settled, more)

    def _rows(
        self, connection: sa.Connection, column: sa.Column[Any], after: int, now: datetime, most: int
    ) -> list[tuple[str, Any]]:
        if column not in self._statements:
            self._statements[column] = _statement(column)
        micros, told = divmod(after, _TIES)
        parameters = {
            "since": _text(_EPOCH + timedelta(microseconds=micros)),
            "now": _text(now),
            "told": told,
            "most": most,
        }
        found = connection.execute(self._statements[column], parameters)
        return [(row.moment, row.value) for row in found]

    def _horizon(self, connection: sa.Connection, now: datetime) -> datetime | None:
        """Since when something that is not visible yet may have been written; None where nobody knows."""
        if not self._tells_transactions:
            return now
        oldest, following = map(int, connection.execute(_UNDER_WAY).one())
        with self._looking:
            while self._looks and self._looks[0][1] <= oldest:
                self._ended = self._looks.popleft()[0]
            if len(self._looks) < _LOOKS:  # a look less only keeps the horizon back
                self._looks.append((now, following))
            return self._ended

    def _oldest(self, connection: sa.Connection) -> datetime | None:
        if not self._tells_transactions:
            return None
        begun: datetime | None = connection.execute(_OLDEST).scalar_one()
        return begun

    def _position(self, moment: datetime) -> int:
        return _at(moment - self._overlap)


def column_of(relation: Relation, name: str) -> sa.Column[Any]:
    """Describes the column of a key, in a table of Hjemmel's own form."""
    columns = [sa.Column[Any](n) for n in dict.fromkeys((name, *BITEMPORAL))]
    return sa.Table(relation.table, sa.MetaData(), *columns, schema=relation.schema).c[name]


def _statement(column: sa.Column[Any]) -> sa.Select[Any]:
    table = column.table
    parts = [
        sa.select(table.c[name].label("moment"), column.label("value")).where(
            table.c[name] >= sa.bindparam("since"), table.c[name] <= sa.bindparam("now"), column.is_not(None)
        )
        for name in BITEMPORAL
    ]
    moments = sa.union_all(*parts).subquery()
    return (
        sa.select(moments)
        .order_by(moments.c.moment, moments.c.value)
        .limit(sa.bindparam("most"))
        .offset(sa.bindparam("told"))
    )


def _numbered(rows: Sequence[tuple[str, Any]], after: int) -> tuple[Change, ...]:
    """Gives each row its position: the moment, and its number among those of the same one."""
    last, number = divmod(after, _TIES)
    changes = []
    for text, value in rows:
        moment = _moment(text)
        micros = _at(moment) // _TIES
        number = number + 1 if micros == last else 1
        last = micros
        changes.append(Change(str(value), moment, micros * _TIES + number))
    return tuple(changes)


def _moment(text: str) -> datetime:
    if _FORM.fullmatch(text) is None:
        raise SchemaChanged(Cause.TIMES)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise SchemaChanged(Cause.TIMES) from None


def _at(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * _TIES


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _overlap(connection: Connection) -> float:
    text = connection.options.get("changes_overlap", "")
    try:
        seconds = float(text or _OVERLAP)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 86_400:  # noqa: PLR2004  # a day; and no NaN
        raise ValueError("options.changes_overlap must be seconds, 0 to 86400")
    return seconds
