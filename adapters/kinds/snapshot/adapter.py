"""Reading what was loaded: the kind `sql`, on the tables that the loader makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adapters.kinds.snapshot.entry import entry_of
from adapters.kinds.sql import SqlAdapter
from adapters.kinds.sql.entry import Plan, plan_of
from adapters.kinds.sql.times import OWN
from adapters.port import Connection, Dataset, Source


def open_snapshot(register: str, datasets: Sequence[Dataset], connection: Connection) -> SqlAdapter:
    """See `adapters.port.Opener`."""
    # What a file brings is older than the moment at which it comes: a feed by its times would pass it by.
    return SqlAdapter(register, datasets, connection, planned, tells_changes=False)


def planned(dataset: Dataset) -> Plan:
    """Describes the table that the loader makes of a dataset.

    Raises:
        ValueError: the entry says something that cannot be.
    """
    entry = entry_of(dataset)
    source = Source("sql", {"table": entry.table}, dataset.source.place)
    plan = plan_of(replace(dataset, source=source))
    own = replace(plan.relations[""], times=replace(OWN, columns={name: name for name in entry.times}))
    return replace(plan, relations={"": own})
