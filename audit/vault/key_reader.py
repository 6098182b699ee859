"""Finding the keys of records: for whoever reads a log, beside whoever writes it."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from audit.errors import FormatError
from audit.storage.schema import key_names, master_check, period_keys, search_secrets, subject_keys
from audit.storage.schema import pages as pages_table
from audit.vault import pages, vault
from audit.vault.pages import Place
from audit.vault.vault import KeyName, MasterKey, MasterKeyError

_ASKED = 4096  # keys in one query
PSEUDONYMS = "pseudonyms"

Found = bytes | MasterKeyError | None


class KeyReader:
    """Finds keys. Used by one thread."""

    def __init__(self, engine: sa.Engine, master: MasterKey) -> None:
        """Takes the keys' database and the key that wraps them."""
        self._engine = engine
        self._master = master

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
        (found,) = self.find_each([name])
        if isinstance(found, MasterKeyError):
            raise found
        return found

    def find_each(self, names: Sequence[KeyName]) -> list[Found]:
        """Gives the keys of many records, nothing where one is gone, or why one does not unwrap."""
        kept = self._kept({n.subject for n in names}, {n.place.page for n in names if n.place})
        return [_made(kept[n.subject], kept[n.place.page] if n.place else None, n.place) for n in names]

    @property
    def source(self) -> tuple[sa.URL, MasterKey]:
        """What another process makes its own reader of the same keys of."""
        return self._engine.url, self._master

    def remaining(self, names: Collection[str]) -> list[str]:
        """Tells which keys and secrets are there, of those with these names."""
        places = [p for p in map(as_place, names) if p]
        kept = self._kept([n for n in names if as_place(n) is None], {p.page for p in places})
        there = [n for n in names if kept.get(n) is not None]
        there += (self.periods() | self.searched()) & set(names)
        for place in places:
            page = kept[place.page]
            if isinstance(page, MasterKeyError) or (page and pages.secret(page, place.slot)):
                there.append(place.text)
        return there

    def periods(self) -> set[str]:
        """The names of all keys of periods that are there."""
        with self._reading() as connection:
            return set(connection.execute(sa.select(period_keys.c.key_id)).scalars())

    def searched(self) -> set[str]:
        """The names of all keys of the search index, and of queries that wait to be recorded."""
        with self._reading() as connection:
            return set(connection.execute(sa.select(search_secrets.c.key_id)).scalars())

    def search_keys(self, names: Collection[str]) -> dict[str, bytes]:
        """Gives those of them that are there.

        Raises:
            MasterKeyError: one does not unwrap.
        """
        found: dict[str, bytes] = {}
        with self._reading() as connection:
            for some in chunks(list(names)):
                query = sa.select(search_secrets).where(search_secrets.c.key_id.in_(some))
                for key_id, wrapped in connection.execute(query):
                    found[key_id] = self._master.unwrap(key_id, wrapped)
        return found

    def period(self, key_id: str) -> bytes | None:
        """Gives the keys of a period's index, or nothing where they are gone.

        Raises:
            MasterKeyError: they do not unwrap.
        """
        query = sa.select(period_keys.c.wrapped).where(period_keys.c.key_id == key_id)
        with self._reading() as connection:
            wrapped = connection.execute(query).scalar()
        return None if wrapped is None else self._master.unwrap(key_id, wrapped)

    def _kept(self, key_ids: Collection[str], numbers: Collection[int]) -> dict[str | int, Found]:
        kept: dict[str | int, Found] = {**dict.fromkeys(key_ids), **dict.fromkeys(numbers)}
        with self._reading() as connection:
            for some in chunks(list(key_ids)):
                query = sa.select(subject_keys).where(subject_keys.c.key_id.in_(some))
                for key_id, wrapped in connection.execute(query).all():
                    kept[key_id] = self._unwrapped(key_id, wrapped)
            for some in chunks(list(numbers)):
                query = sa.select(pages_table).where(pages_table.c.page.in_(some))
                for number, wrapped in connection.execute(query).all():
                    kept[number] = self._unwrapped(page_name(number), wrapped)
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


def _made(subject_key: Found, page: Found, place: Place | None) -> Found:
    if isinstance(subject_key, MasterKeyError) or isinstance(page, MasterKeyError):
        return subject_key if isinstance(subject_key, MasterKeyError) else page
    if place is None or subject_key is None:
        return subject_key
    if page is None:
        return None
    try:
        own = pages.secret(page, place.slot)
    except FormatError:  # no page has such a place
        return None
    return vault.record_key(subject_key, own) if own else None


def chunks(values: list[Any]) -> Iterator[list[Any]]:
    """Cuts a list into parts that one query can ask for."""
    return (values[i : i + _ASKED] for i in range(0, len(values), _ASKED))
