"""SQL: against the bare statement on a connection that is open."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from adapters.catalogue import load_catalogue
from adapters.kinds.sql import SqlAdapter
from adapters.kinds.values import sortable
from adapters.port import Connection
from adapters.registers import Registers
from tests.bench.registers.kind import ATTRIBUTES, DATASET, Kind
from tests.support.adapters import NOW


@asynccontextmanager
async def opened(folder: Path, _registers: Registers) -> AsyncIterator[Kind]:
    """Opens BBR's file twice: behind the adapter, and bare."""
    dataset = load_catalogue().datasets[DATASET]
    adapter = SqlAdapter("bbr", [dataset], Connection(f"sqlite:///{folder / 'bbr.db'}"))
    bare = sqlite3.connect(folder / "bbr.db")
    moment = sortable(NOW)

    async def raw(values: Sequence[str]) -> int:
        marks = ",".join("?" * len(values))
        rows = bare.execute(
            f"select id_lokalId, {', '.join(ATTRIBUTES)} from enhed where id_lokalId in ({marks})"
            " and registreringFra <= ? and (registreringTil is null or registreringTil > ?)"
            " and virkningFra <= ? and (virkningTil is null or virkningTil > ?)",
            [*values, moment, moment, moment, moment],
        ).fetchall()
        return len(rows)

    try:
        yield Kind(dataset, adapter, raw, "the statement, on sqlite3")
    finally:
        bare.close()
        await adapter.close()
