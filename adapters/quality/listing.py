"""Going through a register of the kind `sql`, however large it is, in the order of its subjects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter

import sqlalchemy as sa

from adapters.kinds.sql import table_of
from adapters.kinds.values import sortable
from adapters.port import AsOf, Cause, Connection, Unavailable
from adapters.quality.comparison import Own

Rows = Sequence[Sequence[object]]

_AT_ONCE = 2_000  # rows that the database hands over together


@contextmanager
def subjects(
    own: Own, columns: Sequence[str], connection: Connection, as_of: AsOf
) -> Iterator[Iterator[tuple[object, Rows]]]:
    """Yields each subject with the columns of its current records; one statement, one state of the database.

    Args:
        own: what is gone through.
        columns: which attributes are read.
        connection: how the register is reached.
        as_of: the times at which a record must hold.

    Raises:
        Unavailable: the database cannot be read.
    """
    table = table_of(own.dataset, sa.MetaData())
    effect, registration = sortable(as_of.effect), sortable(as_of.registration)
    subject = table.c[own.subject]
    statement = (
        sa.select(subject, *(table.c[name] for name in columns))
        .where(
            *_holds(table.c.registreringFra, table.c.registreringTil, registration),
            *_holds(table.c.virkningFra, table.c.virkningTil, effect),
            *(sa.cast(table.c[name], sa.Text).in_(values) for name, values in own.where.items()),
        )
        .order_by(subject)
    )
    engine = sa.create_engine(connection.url, poolclass=sa.pool.NullPool, hide_parameters=True)
    try:
        with engine.connect() as reading:
            found = reading.execution_options(yield_per=_AT_ONCE).execute(statement)
            rows = (tuple(row) for row in found)
            yield ((key, [row[1:] for row in group]) for key, group in groupby(rows, itemgetter(0)))
    except sa.exc.DBAPIError as error:
        raise Unavailable(Cause.CONNECTION) from error
    finally:
        engine.dispose()


def _holds(
    begin: sa.Column[str], end: sa.Column[str], moment: str
) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return begin <= moment, sa.or_(end.is_(None), end > moment)
