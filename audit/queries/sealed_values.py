"""The sealed fields of entries that are searched by, each held to its commitment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from audit.erasure import coverage
from audit.errors import LogError
from audit.formats.commitment import opens
from audit.queries import fields
from audit.queries.criteria import SEALED
from audit.storage import store
from audit.storage.schema import entries, sealed
from audit.vault import vault
from audit.vault.key_reader import Found, KeyReader
from audit.vault.vault import MasterKeyError


@dataclass(frozen=True, slots=True)
class SealedValues:
    """What an entry has of sealed fields.

    Attributes:
        values: by name; none where they were erased.
        is_broken: whether they are there and do not open.
    """

    values: Mapping[str, bytes] = field(default_factory=dict)
    is_broken: bool = False


_BROKEN = SealedValues(is_broken=True)
_NONE = SealedValues()


class SealedReader:
    """Opens the sealed fields of ranges of entries. Used by one thread."""

    def __init__(self, keys: KeyReader) -> None:
        """Takes the keys that open them."""
        self._keys = keys

    def read(self, log: sa.Connection, first: int, end: int) -> dict[int, SealedValues]:
        """Opens those of the entries [first, end), by index, in one state of the log.

        Raises:
            FormatError: something is no entry.
            sqlalchemy.exc.SQLAlchemyError: the database failed.
        """
        query = (
            sa.select(entries.c.index.label("log_index"), entries.c.leaf, *sealed.c)
            .outerjoin(sealed, sealed.c.index == entries.c.index)
            .where(entries.c.index >= first, entries.c.index < end)
        )
        rows = list(log.execute(query))
        names = [store.key_name(row) for row in rows if row.data is not None]
        keys = iter(self._keys.find_each(names))
        missing = any(row.data is None for row in rows)
        erased = coverage.load(log).by_index if missing else {}
        return {
            row.log_index: self._read(row, next(keys) if row.data is not None else None, erased)
            for row in rows
        }

    def _read(self, row: Any, key: Found, erased: Mapping[int, int]) -> SealedValues:
        commitments = fields.read(row.leaf)["commitments"]
        wanted = [name for name in SEALED if name in commitments]
        if not wanted or row.log_index in erased:
            return _NONE
        if row.data is None or key is None or isinstance(key, MasterKeyError):
            return _BROKEN
        try:
            opened = vault.unseal_some(key, row.leaf, row.data, wanted)
        except (LogError, KeyError, TypeError, ValueError):
            return _BROKEN
        if not all(
            name in opened and opens(commitments, opened[name][0], name, opened[name][1]) for name in wanted
        ):
            return _BROKEN
        return SealedValues({name: opened[name][1] for name in wanted})
