"""Verifying what is kept beside the entries, and what others would be shown of it.

No checkpoint commits to it, so that it is held to what stands for it: a cosigned checkpoint to the log's
signature and to the log, an archived policy set to its revision, an event to the entry that tells of it,
an intention to its own commitments. What nothing stands for cannot be held to anything; docs/verifying.md
lists it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from audit.errors import FormatError, LogError, NotFound, VerificationError
from audit.formats import checkpoint, entry
from audit.formats.commitment import opens
from audit.formats.entry import POLICY_CHANGED, Event
from audit.formats.note import NoteVerifier
from audit.formats.tiles import root_of_edge
from audit.storage import store
from audit.storage.schema import (
    cosigned,
    entries,
    head,
    intentions,
    policy_events,
    policy_revisions,
    sealed,
    witnesses,
)
from audit.storage.tile_source import TileSource
from audit.vault import vault
from audit.vault.vault import KeyName
from audit.verification.findings import Finding

_TOLD = 10  # strays
FindKey = Callable[[KeyName], bytes | None]


def verify_beside(
    connection: sa.Connection, verifier: NoteVerifier, size: int, find_key: FindKey | None, *, holds: bool
) -> Iterator[Finding]:
    """Gives what does not hold of it.

    Args:
        connection: the log's database.
        verifier: the log's public key.
        size: of the log.
        find_key: finds the keys of what is sealed; without it that is not opened.
        holds: whether the log itself does: checkpoints are not held to one that does not.
    """
    inspected = sa.inspect(connection)
    for table, name, check in (
        (head, "head", _only_head),
        (
            cosigned,
            "cosigned checkpoint",
            lambda row: _cosigned(connection, verifier, size, row, holds=holds),
        ),
        (witnesses, "witness", lambda row: _cosigned(connection, verifier, size, row, holds=holds)),
        (policy_revisions, "policies", _policy_set),
        (policy_events, "policy event", lambda row: _policy_event(connection, row)),
        (intentions, "intention", lambda row: _intention(row, find_key)),
    ):
        if inspected.has_table(table.name):  # else it is a log of an earlier release
            yield from _each(connection, table, name, check)
    yield from _strays(connection, size)


def _each(
    connection: sa.Connection, table: sa.Table, name: str, check: Callable[[Any], None]
) -> Iterator[Finding]:
    key = next(iter(table.primary_key.columns))
    try:
        for row in connection.execute(sa.select(table).order_by(key)):
            try:
                check(row)
            except LogError as error:
                yield Finding(f"{name} {row[0]}", str(error))
    except sa.exc.DBAPIError as error:
        yield Finding(name, f"a row cannot be read: {type(error).__name__}")


def _strays(connection: sa.Connection, size: int) -> Iterator[Finding]:
    """Finds rows of entries that cannot be; one that follows the last entry is found with the entries."""
    for table, beyond in ((entries, sa.false()), (sealed, sealed.c.index >= size)):
        query = sa.select(table.c.index).where(sa.or_(table.c.index < 0, beyond)).order_by(table.c.index)
        for index in connection.execute(query.limit(_TOLD)).scalars():
            yield Finding(f"entry {index}", f"has a row in {table.name}, and is none of this log")


def _only_head(row: Any) -> None:
    if row.id != 1:
        raise VerificationError("is a second one, which nobody reads")


def _cosigned(connection: sa.Connection, verifier: NoteVerifier, size: int, row: Any, *, holds: bool) -> None:
    if row.signed_checkpoint is None and row.size == 0:
        return  # a witness that never cosigned
    if not (isinstance(row.signed_checkpoint, str) and isinstance(row.size, int)):
        raise VerificationError("is not stored as a number and a text")
    signed = checkpoint.verify(row.signed_checkpoint, verifier)
    if signed.size != row.size:
        raise VerificationError(f"is of {signed.size} entries, and filed under {row.size}")
    if signed.size > size:
        raise VerificationError(f"is of {signed.size} entries, and the log has {size}: it was rolled back")
    if holds and root_of_edge(TileSource(connection, signed.size).edge()) != signed.root:
        raise VerificationError(f"is not a beginning of this log: it was forked below {signed.size} entries")


def _policy_set(row: Any) -> None:
    if not isinstance(row.bundle, bytes) or sha256(row.bundle).hexdigest() != row.revision:
        raise VerificationError("is not the policy set of this revision")


def _policy_event(connection: sa.Connection, row: Any) -> None:
    if row.entry is None:
        return  # no broker has taken it up yet
    if not isinstance(row.entry, int):
        raise VerificationError("names no entry")
    leaf = connection.execute(sa.select(entries.c.leaf).where(entries.c.index == row.entry)).scalar()
    if not isinstance(leaf, bytes):
        raise NotFound(f"entry {row.entry}, which tells of it, is not there")
    told = entry.decode_any(leaf)[0]
    event = {"action": row.action, "revision": row.revision, "number": str(row.number)}
    if not isinstance(told, Event) or (told.kind, told.time, told.details) != (
        *(POLICY_CHANGED, row.time),
        event,
    ):
        raise VerificationError(f"is not what entry {row.entry} tells of it")


def _intention(row: Any, find_key: FindKey | None) -> None:
    if not (isinstance(row.leaf, bytes) and isinstance(row.sealed, bytes)):
        raise VerificationError("is not stored as bytes")
    content, commitments = entry.decode_any(row.leaf)
    if content.request_id != row.request_id:
        raise VerificationError("is filed under another request id")
    if not find_key or not row.sealed:  # an erasure takes what is sealed
        return
    key = find_key(store.key_name(row))
    if key is None:
        raise VerificationError("its key is gone")
    opened = vault.unseal(key, row.leaf, row.sealed)
    for name in commitments.keys() | opened.values.keys():
        if not opens(commitments, opened.openings.get(name, b""), name, opened.values.get(name, b"")):
            raise FormatError(f"the sealed {name} is not what it commits to")
