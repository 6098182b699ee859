"""The keys of subjects: made when first needed, kept wrapped in a database of their own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection

import sqlalchemy as sa

from audit import vault
from audit.schema import subject_keys
from audit.vault import MasterKey, MasterKeyError

_CACHED = 10_000
_ASKED = 4096  # keys in one query


class SubjectKeys:
    """Finds and makes subject keys. Used by one thread."""

    def __init__(self, engine: sa.Engine, master: MasterKey) -> None:
        """Takes the keys' database and the key that wraps them."""
        self._engine = engine
        self._master = master
        self._cache: OrderedDict[str, bytes] = OrderedDict()

    def pseudonym(self, subject: bytes) -> str:
        """Names a subject's key."""
        return self._master.pseudonym(subject)

    def check(self) -> None:
        """Makes sure that the master key is the one that the kept keys were wrapped with.

        Raises:
            MasterKeyError: it is another one, under which everybody would get a new name and key.
        """
        with self._engine.connect().execution_options(read_only=True) as connection:
            row = connection.execute(sa.select(subject_keys).limit(1)).first()
        if row is not None:
            self._master.unwrap(row.key_id, row.wrapped)

    def ensure(self, key_ids: Collection[str]) -> dict[str, bytes]:
        """Gives the keys of these ids; new ones are durable when this returns.

        Raises:
            MasterKeyError: a kept key does not unwrap.
            sqlalchemy.exc.SQLAlchemyError: the database failed.
        """
        missing = [k for k in dict.fromkeys(key_ids) if k not in self._cache]
        if missing:
            found = self._find(missing)
            new = {k: vault.new_key() for k in missing if k not in found}
            if new:
                rows = [{"key_id": k, "wrapped": self._master.wrap(k, v)} for k, v in new.items()]
                with self._engine.begin() as connection:
                    connection.execute(subject_keys.insert(), rows)
            self._cache |= found | new
        keys = {k: self._cache[k] for k in key_ids}
        for k in keys:
            self._cache.move_to_end(k)
        while len(self._cache) > _CACHED:
            self._cache.popitem(last=False)
        return keys

    def find(self, key_id: str) -> bytes | None:
        """Gives a kept key, or nothing where it was erased or never made."""
        return self._find([key_id]).get(key_id)

    def find_each(self, key_ids: Collection[str]) -> dict[str, bytes | MasterKeyError]:
        """Gives the kept ones of many keys, or why one does not unwrap; erased ones are left out."""
        found: dict[str, bytes | MasterKeyError] = {}
        wanted = list(key_ids)
        with self._engine.connect().execution_options(read_only=True) as connection:
            for begin in range(0, len(wanted), _ASKED):
                some = wanted[begin : begin + _ASKED]
                for row in connection.execute(sa.select(subject_keys).where(subject_keys.c.key_id.in_(some))):
                    try:
                        found[row.key_id] = self._master.unwrap(row.key_id, row.wrapped)
                    except MasterKeyError as error:
                        found[row.key_id] = error
        return found

    def _find(self, key_ids: Collection[str]) -> dict[str, bytes]:
        query = sa.select(subject_keys).where(subject_keys.c.key_id.in_(key_ids))
        with self._engine.connect().execution_options(read_only=True) as connection:
            return {
                row.key_id: self._master.unwrap(row.key_id, row.wrapped) for row in connection.execute(query)
            }
