"""Numbers for names: what callers choose may be long, and any text, and stands in the index once."""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256

import sqlalchemy as sa

from audit.storage.schema import search_names

_ASKED = 500  # in one query
_CACHED = 20_000


def numbers(connection: sa.Connection, names: Collection[str]) -> dict[str, int]:
    """Gives the numbers of those names that have one."""
    digests = {_digest(name): name for name in names}
    found: dict[str, int] = {}
    wanted = list(digests)
    for begin in range(0, len(wanted), _ASKED):
        query = sa.select(search_names.c.digest, search_names.c.id)
        rows = connection.execute(query.where(search_names.c.digest.in_(wanted[begin : begin + _ASKED])))
        found |= {digests[bytes(digest)]: number for digest, number in rows}
    return found


def texts(connection: sa.Connection, wanted: Collection[int]) -> dict[int, str]:
    """Gives the names that have these numbers."""
    found: dict[int, str] = {}
    ids = list(wanted)
    for begin in range(0, len(ids), _ASKED):
        query = sa.select(search_names.c.id, search_names.c.name)
        rows = connection.execute(query.where(search_names.c.id.in_(ids[begin : begin + _ASKED])))
        found |= {number: bytes(name).decode() for number, name in rows}
    return found


class Names:
    """Numbers the names that are indexed; remembers those that it met. Used by one thread."""

    def __init__(self) -> None:
        """Begins with none."""
        self._known: dict[str, int] = {}
        self._generation = ""

    def numbered(self, connection: sa.Connection, names: Collection[str], generation: str) -> dict[str, int]:
        """Gives the numbers of names, new ones where they have none yet.

        Args:
            connection: a transaction that nobody else numbers names in.
            names: what to number.
            generation: of the index.
        """
        if generation != self._generation or len(self._known) > _CACHED:
            self._known, self._generation = {}, generation
        found = {name: self._known[name] for name in names if name in self._known}
        found |= numbers(connection, [name for name in names if name not in found])
        missing = [name for name in names if name not in found]
        if missing:
            newest = connection.execute(sa.select(sa.func.max(search_names.c.id))).scalar() or 0
            fresh = {name: newest + 1 + i for i, name in enumerate(missing)}
            rows = [{"digest": _digest(n), "id": i, "name": n.encode()} for n, i in fresh.items()]
            connection.execute(search_names.insert(), rows)
            found |= fresh
        return found

    def settle(self, found: dict[str, int]) -> None:
        """Remembers what was numbered, once it is durable."""
        self._known |= found


def _digest(name: str) -> bytes:
    return sha256(name.encode("utf-8", "surrogatepass")).digest()
