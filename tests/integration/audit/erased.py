"""What tests of erasures share: looking at every byte that is left, and asking beside the owner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from audit.erasure.erasing import Wanted
from audit.storage import store
from audit.vault import vault
from audit.vault.subject_keys import SubjectKeys
from tests.support.logs import GROUND, LogSite


@dataclass(frozen=True, slots=True)
class Secrets:
    """What must not be left anywhere of some records.

    Attributes:
        opened: openings, values and keys in the clear.
        kept: what the vault and the log held of them: wrapped keys, sealed parts, names.
    """

    opened: tuple[bytes, ...]
    kept: tuple[bytes, ...]


def secrets_of(site: LogSite, indexes: list[int]) -> Secrets:
    """Collects them, while they are there."""
    opened: set[bytes] = set()
    kept: set[bytes] = set()
    query = sa.text(
        'SELECT e.leaf, s.* FROM log_entries e JOIN vault_sealed s ON s."index" = e."index" '
        'WHERE e."index" = :i'
    )
    with site.database() as engine, engine.connect() as connection, site.keys_database() as keys_engine:
        keys = SubjectKeys(keys_engine, site.master)
        for index in indexes:
            row = connection.execute(query, {"i": index}).one()
            key = keys.find(store.key_name(row))
            assert key is not None
            found = vault.unseal(key, row.leaf, row.data)
            opened |= {key, *found.openings.values(), *found.values.values()}
            kept.add(bytes(row.data))
    return Secrets(tuple(opened), tuple(kept))


def wrapped(site: LogSite, key_id: str) -> list[bytes]:
    """What the vault keeps of a subject's key."""
    with site.keys_database() as engine, engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT wrapped FROM vault_keys WHERE key_id = :k"), {"k": key_id}
        ).scalars()
        return [bytes(row) for row in rows]


def files(folder: Path) -> Iterator[bytes]:
    """Every byte of every file in a folder: tables, indexes, free pages, journals."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.read_bytes()


def left(folder: Path, needles: tuple[bytes, ...]) -> list[bytes]:
    """Which of some bytes stand in any file of a folder, as they are or in hexadecimal."""
    contents = list(files(folder))
    assert contents
    return [n for n in needles if any(n in c or n.hex().encode() in c for c in contents)]


def ask(site: LogSite, wanted: Wanted) -> int:
    """Asks for an erasure; gives its number."""
    with site.erasing() as erasing:
        number = erasing.ask(wanted, GROUND)
    assert number is not None
    return number
