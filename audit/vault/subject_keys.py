"""The keys of records: made when first needed, kept wrapped in a database of their own.

A subject's key has a random name. Which one its next record takes is found by the subject's pseudonym,
which goes with the key: a subject that was erased and comes back gets another name and another key, and
nobody who holds the master key can tell from what is left whose the erased key was.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Collection, Sequence

import sqlalchemy as sa

from audit.formats.mac import mac
from audit.storage import database
from audit.storage.schema import (
    erased_keys,
    key_names,
    master_check,
    period_keys,
    search_secrets,
    subject_keys,
)
from audit.storage.schema import pages as pages_table
from audit.vault import pages, vault
from audit.vault.key_reader import PSEUDONYMS, KeyReader, as_place, chunks, page_name
from audit.vault.pages import SLOTS, Place
from audit.vault.vault import KEY_SIZE, KeyName, MasterKey, MasterKeyError, RecordKey

_CACHED = 10_000
_NAME_SIZE = 16


class SubjectKeys(KeyReader):
    """Finds, makes and erases keys. Used by one thread."""

    def __init__(self, engine: sa.Engine, master: MasterKey) -> None:
        """Takes the keys' database and the key that wraps them."""
        super().__init__(engine, master)
        self._cache: OrderedDict[str, tuple[str, bytes]] = OrderedDict()  # by pseudonym
        self._page: tuple[int, bytes] | None = None
        self._used = SLOTS
        self._check: bytes | None = None  # the row that tells that the master key is still the same

    def take(self, subjects: Sequence[bytes]) -> list[RecordKey]:
        """Gives a key for a record of each subject; what is new of it is durable when this returns.

        Raises:
            MasterKeyError: a kept key does not unwrap, or the master key was changed meanwhile.
            sqlalchemy.exc.SQLAlchemyError: the database failed.
        """
        if not subjects:
            return []
        digest = self._pseudonyms()
        names = [mac(digest, subject).hex() for subject in subjects]
        missing = [n for n in dict.fromkeys(names) if n not in self._cache]
        if missing:
            self._cache |= self._named(missing)
        new = {n: (os.urandom(_NAME_SIZE).hex(), vault.new_key()) for n in missing if n not in self._cache}
        fresh = [
            (pages.new_number(), pages.new_page())
            for _ in range(-(-(self._used + len(names) - SLOTS) // SLOTS))
        ]
        if new or fresh:
            self._keep(new, fresh)
        self._cache |= new
        taken = [self._record_key(n, fresh) for n in names]
        while len(self._cache) > _CACHED:
            self._cache.popitem(last=False)
        return taken

    def forget(self, names: Collection[str]) -> None:
        """Erases keys of subjects and periods and secrets of records, by name; what is gone may be named too.

        Raises:
            MasterKeyError: a page does not unwrap, or the master key was changed meanwhile.
            sqlalchemy.exc.SQLAlchemyError: the database failed.
        """
        slots: dict[int, set[int]] = {}
        for place in filter(None, map(as_place, names)):
            slots.setdefault(place.page, set()).add(place.slot)
        key_ids = [n for n in names if as_place(n) is None]
        self._pseudonyms()
        with self._engine.begin() as connection:
            self._check_master(connection)
            for some in chunks(key_ids):
                connection.execute(subject_keys.delete().where(subject_keys.c.key_id.in_(some)))
                connection.execute(key_names.delete().where(key_names.c.key_id.in_(some)))
                connection.execute(period_keys.delete().where(period_keys.c.key_id.in_(some)))
                connection.execute(search_secrets.delete().where(search_secrets.c.key_id.in_(some)))
            for page, erased in slots.items():
                self._punch(connection, page, erased)
            remember(connection, names)
        self._cache.clear()
        self._page, self._used = None, SLOTS

    def scrub(self, names: Collection[str]) -> bool:
        """Removes what these names were of from the files of the keys' database; tells whether it could."""
        kinds = {as_place(name) is None for name in names}
        touched = [*((subject_keys, key_names, period_keys, search_secrets) if True in kinds else ())]
        touched += [pages_table] if False in kinds else []
        return database.scrub(self._engine, touched, rewrite=True)

    def keep_period(self, key_id: str, secret: bytes) -> None:
        """Keeps the keys of a period's index; they are durable when this returns.

        Raises:
            MasterKeyError: the master key was changed meanwhile.
            sqlalchemy.exc.SQLAlchemyError: the database failed.
        """
        self._keep_secret(period_keys, key_id, secret)

    def keep_search(self, key_id: str, secret: bytes) -> None:
        """Keeps a key of the search index, or of a query; it is durable when this returns.

        Raises:
            MasterKeyError: the master key was changed meanwhile.
            sqlalchemy.exc.SQLAlchemyError: the database failed.
        """
        self._keep_secret(search_secrets, key_id, secret)

    def drop_search(self, key_id: str) -> None:
        """Removes one again that nothing is left of, and nobody has to remember.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database failed.
        """
        with self._engine.begin() as connection:
            connection.execute(search_secrets.delete().where(search_secrets.c.key_id == key_id))
        database.scrub(self._engine, [search_secrets], rewrite=True)

    def _keep_secret(self, table: sa.Table, key_id: str, secret: bytes) -> None:
        self._pseudonyms()
        with self._engine.begin() as connection:
            self._check_master(connection)
            row = {"key_id": key_id, "wrapped": self._master.wrap(key_id, secret)}
            connection.execute(table.insert(), row)

    def _record_key(self, pseudonym: str, fresh: list[tuple[int, bytes]]) -> RecordKey:
        if self._used == SLOTS:
            self._page, self._used = fresh.pop(0), 0
        if self._page is None:
            raise AssertionError("a page is at hand")
        self._cache.move_to_end(pseudonym)
        key_id, key = self._cache[pseudonym]
        place = Place(self._page[0], self._used)
        self._used += 1
        own = pages.secret(self._page[1], place.slot)
        if own is None:
            raise AssertionError("no secret of a page is erased before it is used")
        return RecordKey(KeyName(key_id, place), vault.record_key(key, own))

    def _keep(self, new: dict[str, tuple[str, bytes]], fresh: list[tuple[int, bytes]]) -> None:
        wrap = self._master.wrap
        with self._engine.begin() as connection:
            self._check_master(connection)
            if new:
                rows = [{"key_id": i, "wrapped": wrap(i, key)} for i, key in new.values()]
                connection.execute(subject_keys.insert(), rows)
                named = [{"pseudonym": p, "key_id": i} for p, (i, _) in new.items()]
                connection.execute(key_names.insert(), named)
            if fresh:
                made = [{"page": n, "wrapped": wrap(page_name(n), page)} for n, page in fresh]
                connection.execute(pages_table.insert(), made)

    def _punch(self, connection: sa.Connection, number: int, slots: set[int]) -> None:
        same = pages_table.c.page == number
        wrapped = connection.execute(sa.select(pages_table.c.wrapped).where(same)).scalar()
        if wrapped is None:
            return
        left = pages.punch(self._master.unwrap(page_name(number), wrapped), slots)
        if left is None:
            connection.execute(pages_table.delete().where(same))
        else:
            wrapped = self._master.wrap(page_name(number), left)
            connection.execute(pages_table.update().where(same).values(wrapped=wrapped))

    def _named(self, pseudonyms: Collection[str]) -> dict[str, tuple[str, bytes]]:
        query = (
            sa.select(key_names.c.pseudonym, subject_keys.c.key_id, subject_keys.c.wrapped)
            .join(subject_keys, subject_keys.c.key_id == key_names.c.key_id)
            .where(key_names.c.pseudonym.in_(pseudonyms))
        )
        with self._reading() as connection:
            found = connection.execute(query).all()
        return {row.pseudonym: (row.key_id, self._master.unwrap(row.key_id, row.wrapped)) for row in found}

    def _pseudonyms(self) -> bytes:
        """The key of the pseudonyms; drawn when the vault is first written to."""
        if self._check is None:
            with self._engine.begin() as connection:
                check = connection.execute(sa.select(master_check.c.wrapped)).scalar()
                if check is None:
                    old = connection.execute(sa.select(key_names).limit(1)).first()
                    secret = self._master.first_pseudonyms if old else os.urandom(KEY_SIZE)
                    check = self._master.wrap(PSEUDONYMS, secret)
                    connection.execute(master_check.insert(), {"id": 1, "wrapped": check})
            self._check = check
        return self._master.unwrap(PSEUDONYMS, self._check)

    def _check_master(self, connection: sa.Connection) -> None:
        """Keeps the master key from being changed until this transaction ends."""
        query = sa.select(master_check.c.wrapped).with_for_update(read=True)
        if connection.execute(query).scalar() != self._check:
            raise MasterKeyError("the vault's master key was changed: start again with the new one")


def remember(connection: sa.Connection, names: Collection[str]) -> None:
    """Notes in the keys' database what was erased."""
    for some in chunks(list(names)):
        query = sa.select(erased_keys.c.name).where(erased_keys.c.name.in_(some))
        new = [{"name": n} for n in {*some} - {*connection.execute(query).scalars()}]
        if new:
            connection.execute(erased_keys.insert(), new)
