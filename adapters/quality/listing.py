"""Going through a register in a database, however large it is, in the order of its subjects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Final

import sqlalchemy as sa

from adapters.kinds.snapshot import planned
from adapters.kinds.sql.engine import engine_of
from adapters.kinds.sql.entry import Plan, plan_of
from adapters.kinds.sql.errors import translated
from adapters.kinds.sql.statement import Asked, statement_of
from adapters.port import AsOf, Connection, Dataset, Record
from adapters.quality.comparison import Own

_PLANNED: Final[Mapping[str, Callable[[Dataset], Plan]]] = {"sql": plan_of, "snapshot": planned}

_AT_ONCE = 2_000  # rows that the database hands over together
_PATIENT = {"statement_timeout": "3600"}  # seconds: it sorts the whole register


@contextmanager
def subjects(
    own: Own, attributes: Sequence[str], connection: Connection, as_of: AsOf
) -> Iterator[Iterator[Sequence[Record]]]:
    """Yields the current records of each subject; one statement, one state of the database.

    Args:
        own: what is gone through.
        attributes: which are read.
        connection: how the register is reached.
        as_of: the times at which a record must hold.

    Raises:
        RegisterError: the database cannot be read, or holds what the catalogue does not know.
    """
    plan = _PLANNED[own.dataset.source.kind](own.dataset)
    read = sorted({*attributes, *own.where})
    statement = statement_of(plan, read, own.subject, Asked.ALL)
    engine = engine_of(replace(connection, options={**connection.options, **_PATIENT}), 1)
    try:
        with engine.connect() as reading:
            found = reading.execution_options(yield_per=_AT_ONCE).execute(
                statement.select, statement.parameters(as_of)
            )
            yield (
                [record for record in map(statement.record, rows) if _is_meant(record, own)]
                for _, rows in groupby(found, itemgetter(0))
            )
    except (sa.exc.SQLAlchemyError, UnicodeError) as error:
        raise translated(error, (statement.key, *statement.columns)) from None
    finally:
        engine.dispose()


def _is_meant(record: Record, own: Own) -> bool:
    return all(str(record.get(name)) in values for name, values in own.where.items())
