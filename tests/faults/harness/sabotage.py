"""Logs that are wrong on purpose: what the checks must find, or they are worth nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from audit.storage import database
from exchange.model.trace import Draft, Receipt
from exchange.ports import Trail
from tests.faults.harness.told import Side

_DATA = b"what would leave"


class _Unintended:
    """A trail that notes nothing before a register is read."""

    def __init__(self, trail: Trail, side: Side) -> None:
        self._trail = trail

    async def intend(self, draft: Draft, timeout: float | None = None) -> None:
        pass

    async def record(self, draft: Draft, *, closes_intention: bool, timeout: float | None = None) -> Receipt:
        return await self._trail.record(draft, closes_intention=False)


class _Early:
    """A trail that lets answers leave before their entries are durable."""

    def __init__(self, trail: Trail, side: Side) -> None:
        self._trail = trail
        self._side = side

    async def intend(self, draft: Draft, timeout: float | None = None) -> None:
        await self._trail.intend(draft, timeout)

    async def record(self, draft: Draft, *, closes_intention: bool, timeout: float | None = None) -> Receipt:
        if draft.request_id and draft.response_digest:
            self._side.answered(draft.request_id, _DATA, None)
        return await self._trail.record(draft, closes_intention=closes_intention)


def unsync() -> None:
    """Makes every commit of this process return before it is durable."""
    sqlite, postgresql = database._durable_sqlite, database._durable_postgresql

    def lax_sqlite(connection: Any, record: Any) -> None:
        sqlite(connection, record)
        connection.execute("PRAGMA synchronous=OFF")

    def lax_postgresql(connection: Any, record: Any) -> None:
        postgresql(connection, record)
        connection.execute("SET synchronous_commit = off")
        connection.commit()

    setattr(database, sqlite.__name__, lax_sqlite)
    setattr(database, postgresql.__name__, lax_postgresql)


#: Trails by name; `unsynced` is no trail: its commits are not durable.
TRAILS: Mapping[str, Callable[[Trail, Side], Trail]] = MappingProxyType(
    {"unintended": _Unintended, "early": _Early}
)
UNSYNCED = "unsynced"
