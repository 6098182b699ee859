"""A log to be damaged as an administrator of its database could, on either database, and put back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from audit.verification.verify import Report
from tests.support.damage.rows import Changes, Databases, Key, Row, key_of, read_rows
from tests.support.damage.values import damaged
from tests.support.logs import LogSite, fill, submission

SIZE = 300  # one complete tile, and a part of one
SEED = 20261121
WAYS = ("flip", "flip", "flip", "overwrite", "truncate", "extend")


class Damaged:
    """A log, as it is after some changes that are undone at once."""

    def __init__(self, site: LogSite, databases: Databases) -> None:
        self.site = site
        self.databases = databases
        self.random = random.Random(SEED)

    @classmethod
    @contextmanager
    def of(cls, site: LogSite) -> Iterator[Damaged]:
        """Writes 300 entries, three of them replays of earlier requests."""

        async def write() -> None:
            with site.opened() as log:
                await fill(log, SIZE // 2)
                for n in (3, 5, 7):
                    replay = submission(n, outcome="refused", claims=False)
                    await log.append(replay, closes_intention=False)
                await fill(log, SIZE - SIZE // 2 - 3, first=SIZE // 2)

        asyncio.run(write())
        with site.database() as log, site.keys_database() as keys:
            yield cls(site, Databases(log, keys, read_rows(site)))

    def row(self, table: str, *key: Any) -> Row:
        """A row as it was."""
        return self.databases.rows[table][key]

    def report(self, changes: Changes, *, sealed: bool = True) -> Report:
        """Verifies the log with some rows changed."""
        with self.databases.changed(changes):
            return self.site.verify(sealed=sealed)

    def places(self, changes: Changes, *, sealed: bool = True) -> list[str]:
        """Where something does not hold then."""
        return [f.place for f in self.report(changes, sealed=sealed).findings]

    def put(self, table: str, *key: Any, **values: Any) -> Changes:
        """A row with other values."""
        return {(table, key): {**self.row(table, *key), **values}}

    def without(self, first: int, end: int | None = None, *tables: str) -> Changes:
        """Without some entries, and without what is sealed beside them."""
        indexes = range(first, first + 1 if end is None else end)
        return {(t, (i,)): None for t in tables or ("log_entries", "vault_sealed") for i in indexes}

    def moved(self, table: str, to: dict[int, int]) -> dict[tuple[str, Key], Row | None]:
        """Rows of a table under other indexes; the old ones go."""
        rows: dict[tuple[str, Key], Row | None] = {(table, (i,)): None for i in to}
        new = [{**self.row(table, i), "index": index} for i, index in to.items()]
        return rows | {(table, key_of(table, row)): row for row in new}

    def spoilt(self, table: str, key: Key, column: str, turn: int) -> Changes | None:
        """A row with a value damaged in one of the ways; nothing where that would change nothing."""
        old = self.row(table, *key)
        new = damaged(old[column], WAYS[turn % len(WAYS)], self.random)
        return None if new == old[column] else {(table, key): {**old, column: new}}
