"""The keys of records: made when first needed, kept wrapped in a database of their own.

A subject's key has a random name. Which one its next record takes is found by the subject's pseudonym,
which goes with the key: a subject that was erased and comes back gets another name and another key, and
nobody who holds the master key can tell from what is left whose the erased key was.
"""

from __future__ import annotations

import hmac
import os
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from audit import database, pages, vault
from audit.errors import FormatError
from audit.pages import SLOTS, Place
from audit.schema import erased_keys, key_names, master_check, subject_keys
from audit.schema import pages as pages_table
from audit.vault import KEY_SIZE, KeyName, MasterKey, MasterKeyError, RecordKey

_CACHED = 10_000
_ASKED = 4096  # keys in one query
_NAME_SIZE = 16
PSEUDONYMS = "pseudonyms"

Found = bytes | MasterKeyError | None


class SubjectKeys:
    """Finds, makes and erases keys. Used by one thread."""

    def __init__(self, engine: sa.Engine, master: MasterKey) -> None:
        """Takes the keys' database and the key that wraps them."""
        self._engine = engine
        self._master = master
        self._cache: OrderedDict[str, tuple[str, bytes]] = OrderedDict()  # by pseudonym
        self._page: tuple[int, bytes] | None = None
        self._used = SLOTS
        self._check: bytes | None = None  # the row that tells that the master key is still the same

    def check(self) -> None:
        """Makes sure that the master key is the one that the kept keys were wrapped with.

        Raises:
            MasterKeyError: it is another one, under which nothing could be opened.
        """
        with self._reading() as connection:
            check = connection.execute(sa.select(master_check.c.wrapped)).scalar()
            row = connection.execute(sa.select(subject_keys).limit(1)).first()
        if check is not None:
            self._master.unwrap(PSEUDONYMS, check)
        if row is not None:
            self._master.unwrap(row.key_id, row.wrapped)

    # For the log's writer

    def take(self, subjects: Sequence[bytes]) -> list[RecordKey]:
        """Gives a key for a record of each subject; what is new of it is durable when this returns.

        Raises:
            MasterKeyError: a kept key does not unwrap, or the master key was changed meanwhile.
            sqlalchemy.exc.SQLAlchemyError: the database failed.
        """
        if not subjects:
            return []
        digest = self._pseudonyms()
        names = [hmac.digest(digest, s, "sha256").hex() for s in subjects]
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
        """Erases subjects' keys and records' secrets by their names; those that are gone may be named too.

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
            for some in _chunks(key_ids):
                connection.execute(subject_keys.delete().where(subject_keys.c.key_id.in_(some)))
                connection.execute(key_names.delete().where(key_names.c.key_id.in_(some)))
            for page, erased in slots.items():
                self._punch(connection, page, erased)
            remember(connection, names)
        self._cache.clear()
        self._page, self._used = None, SLOTS

    def scrub(self, names: Collection[str]) -> bool:
        """Removes what these names were of from the files of the keys' database; tells whether it could."""
        kinds = {as_place(name) is None for name in names}
        touched = [*((subject_keys, key_names) if True in kinds else ())]
        touched += [pages_table] if False in kinds else []
        return database.scrub(self._engine, touched, rewrite=True)

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
                self._check = connection.execute(sa.select(master_check.c.wrapped)).scalar()
                if self._check is None:
                    old = connection.execute(sa.select(key_names).limit(1)).first()
                    secret = self._master.first_pseudonyms if old else os.urandom(KEY_SIZE)
                    self._check = self._master.wrap(PSEUDONYMS, secret)
                    connection.execute(master_check.insert(), {"id": 1, "wrapped": self._check})
        return self._master.unwrap(PSEUDONYMS, self._check)

    def _check_master(self, connection: sa.Connection) -> None:
        """Keeps the master key from being changed until this transaction ends."""
        query = sa.select(master_check.c.wrapped).with_for_update(read=True)
        if connection.execute(query).scalar() != self._check:
            raise MasterKeyError("the vault's master key was changed: start again with the new one")

    # For whoever reads

    def named(self, subject: bytes) -> str | None:
        """Names the key that a subject's records are sealed under at present, where there is one.

        Raises:
            MasterKeyError: the master key is another one.
        """
        with self._reading() as connection:
            check = connection.execute(sa.select(master_check.c.wrapped)).scalar()
            digest = self._master.unwrap(PSEUDONYMS, check) if check else self._master.first_pseudonyms
            pseudonym = hmac.digest(digest, subject, "sha256").hex()
            query = sa.select(key_names.c.key_id).where(key_names.c.pseudonym == pseudonym)
            return connection.execute(query).scalar()

    def find(self, name: KeyName) -> bytes | None:
        """Gives a record's key, or nothing where it was erased or never made.

        Raises:
            MasterKeyError: it does not unwrap.
        """
        found = self.find_each([name])[name]
        if isinstance(found, MasterKeyError):
            raise found
        return found

    def finder(self, remembered: int = _CACHED) -> Callable[[KeyName], bytes | None]:
        """Makes a `find` that remembers, for whoever reads many records one after the other."""
        subject = lru_cache(remembered)(lambda key_id: self._kept([key_id], [])[key_id])
        page = lru_cache(remembered)(lambda number: self._kept([], [number])[number])

        def find(name: KeyName) -> bytes | None:
            place = name.place
            found = _made(subject(name.subject), page(place.page) if place else None, place)
            if isinstance(found, MasterKeyError):
                raise found
            return found

        return find

    def find_each(self, names: Collection[KeyName]) -> dict[KeyName, Found]:
        """Gives the keys of many records, nothing where one is gone, or why one does not unwrap."""
        numbers = {n.place.page for n in names if n.place}
        kept = self._kept({n.subject for n in names}, numbers)
        return {n: _made(kept[n.subject], kept[n.place.page] if n.place else None, n.place) for n in names}

    def remaining(self, names: Collection[str]) -> list[str]:
        """Tells which keys and secrets are there, of those with these names."""
        places = [p for p in map(as_place, names) if p]
        kept = self._kept([n for n in names if as_place(n) is None], {p.page for p in places})
        there = [n for n in names if kept.get(n) is not None]
        for place in places:
            page = kept[place.page]
            if isinstance(page, MasterKeyError) or (page and pages.secret(page, place.slot)):
                there.append(place.text)
        return there

    def _kept(self, key_ids: Collection[str], numbers: Collection[int]) -> dict[str | int, Found]:
        kept: dict[str | int, Found] = {**dict.fromkeys(key_ids), **dict.fromkeys(numbers)}
        with self._reading() as connection:
            for some in _chunks(list(key_ids)):
                query = sa.select(subject_keys).where(subject_keys.c.key_id.in_(some))
                for row in connection.execute(query):
                    kept[row.key_id] = self._unwrapped(row.key_id, row.wrapped)
            for some in _chunks(list(numbers)):
                query = sa.select(pages_table).where(pages_table.c.page.in_(some))
                for row in connection.execute(query):
                    kept[row.page] = self._unwrapped(page_name(row.page), row.wrapped)
        return kept

    def _unwrapped(self, name: str, wrapped: bytes) -> bytes | MasterKeyError:
        try:
            return self._master.unwrap(name, wrapped)
        except MasterKeyError as error:
            return error

    def _reading(self) -> sa.Connection:
        return self._engine.connect().execution_options(read_only=True)


def page_name(number: int) -> str:
    """The name that a page is wrapped under."""
    return f"page/{number}"


def as_place(name: str) -> Place | None:
    """Reads the name of an erased secret; gives nothing where it is a key's."""
    page, slash, slot = name.partition("/")
    return Place(int(page), int(slot)) if slash else None


def remember(connection: sa.Connection, names: Collection[str]) -> None:
    """Notes in the keys' database what was erased."""
    for some in _chunks(list(names)):
        query = sa.select(erased_keys.c.name).where(erased_keys.c.name.in_(some))
        new = [{"name": n} for n in {*some} - {*connection.execute(query).scalars()}]
        if new:
            connection.execute(erased_keys.insert(), new)


def _made(subject_key: Found, page: Found, place: Place | None) -> Found:
    for found in (subject_key, page):
        if isinstance(found, MasterKeyError):
            return found
    if place is None or not isinstance(subject_key, bytes):
        return subject_key
    try:
        own = pages.secret(page, place.slot) if isinstance(page, bytes) else None
    except FormatError:  # no page has such a place
        own = None
    return vault.record_key(subject_key, own) if own else None


def _chunks(values: list[Any]) -> Iterator[list[Any]]:
    return (values[i : i + _ASKED] for i in range(0, len(values), _ASKED))
