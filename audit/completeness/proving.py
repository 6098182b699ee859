"""Making proofs of completeness, from the database and the vault. Owns nothing and writes nothing.

A period's proof takes a 256th part of its index, and the records themselves: as much work for a period of
100,000 persons as building an index of 400.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from audit.completeness import closed, rows, sparse_tree
from audit.completeness.proof import CompletenessProof, Included, Listed, PeriodProof
from audit.completeness.rows import Standing
from audit.completeness.sparse_tree import IndexKeys, Path, bucket_of, pseudonym_of
from audit.errors import FormatError, NotFound, VerificationError
from audit.formats import merkle
from audit.formats.note import NoteVerifier
from audit.storage import database, store
from audit.storage.schema import entries, sealed
from audit.storage.store import StoredNodes
from audit.storage.tile_source import signed_head
from audit.vault import vault
from audit.vault.key_reader import KeyReader

#: How much later than it says an exchange may have been recorded: it begins before it is.
LEEWAY = timedelta(minutes=15)


class Prover:
    """Proves, against one state of a log."""

    def __init__(self, connection: sa.Connection, verifier: NoteVerifier, keys: KeyReader) -> None:
        """Takes one state of the log's database, its public key, and the keys of what is sealed.

        Raises:
            FormatError, VerificationError: the log's checkpoint does not hold.
            NotFound: the log was never opened for writing.
        """
        self._connection = connection
        self._keys = keys
        self._head = signed_head(connection, verifier)
        self._node = cache(StoredNodes(connection).read)
        self._key = keys.find

    def prove(
        self,
        subject: bytes,
        periods: list[Standing],
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> CompletenessProof:
        """Proves all records about a subject in some periods.

        Args:
            subject: whom it is about.
            periods: without a gap, see `covering`.
            progress: called with periods done and periods in all.

        Raises:
            Collision: a period has to be closed anew.
            FormatError: what is kept of a period is missing or damaged.
            MasterKeyError: the master key is another one.
            NotFound: a period is being closed anew, or its keys are gone.
            VerificationError: a record is not about the subject although the index says so.
        """
        proved = []
        for done, period in enumerate(periods):
            progress(done, len(periods))
            proved.append(self._period(subject, period))
        return CompletenessProof(self._head.note, subject, tuple(proved))

    def _period(self, subject: bytes, period: Standing) -> PeriodProof:
        secret = self._keys.period(period.key_id) if period.key_id else None
        if period.key_id is None or secret is None:
            raise NotFound(f"the period from entry {period.first} is being closed anew, or its keys are lost")
        keys = rows.keys_of(secret)
        path = self._path(period.key_id, keys, pseudonym_of(keys.pseudonyms, subject))
        return PeriodProof(
            self._included(period.entry),
            closed.read_account(period.account),
            closed.account_opening(keys.salts),
            keys.pseudonyms,
            path,
            tuple(self._listed(index, subject) for index in path.indexes),
        )

    def _path(self, key_id: str, keys: IndexKeys, pseudonym: bytes) -> Path:
        number = bucket_of(pseudonym)
        inner = rows.bucket(self._connection, key_id, number, keys).path(pseudonym)
        outer = sparse_tree.beside(rows.hashes(self._connection, key_id), number)
        return Path((*inner.siblings, *outer), inner.salt, inner.indexes)

    def _listed(self, index: int, subject: bytes) -> Listed:
        included = self._included(index)
        row: Any = self._connection.execute(sa.select(sealed).where(sealed.c.index == index)).first()
        key = self._key(store.key_name(row)) if row else None
        if key is None:
            raise NotFound(f"what is sealed of entry {index} is gone: run hjemmel log verify")
        opened = vault.unseal(key, included.leaf, row.data)
        if opened.values.get("subject") != subject:
            raise VerificationError(f"entry {index} is not about the subject: run hjemmel log verify")
        return Listed(included, opened.openings["subject"])

    def _included(self, index: int) -> Included:
        if index >= self._head.tree.size:
            raise FormatError(f"entry {index} stands beyond the checkpoint: run hjemmel log verify")
        leaf = self._connection.execute(
            sa.select(entries.c.leaf).where(entries.c.index == index)
        ).scalar_one()
        hashes = merkle.inclusion_proof(index, self._head.tree.size, self._node)
        return Included(index, leaf, tuple(hashes))


def prove(
    engine: sa.Engine,
    verifier: NoteVerifier,
    keys: KeyReader,
    subject: bytes,
    span: tuple[datetime, datetime],
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> CompletenessProof:
    """Proves all records about a subject between two times. See `Prover.prove` and `covering`."""
    with database.snapshot(engine) as connection:
        periods = covering(rows.standing(connection), *span)
        return Prover(connection, verifier, keys).prove(subject, periods, progress)


def covering(periods: list[Standing], begin: datetime, end: datetime) -> list[Standing]:
    """Chooses the periods that hold every exchange that began between two times.

    Args:
        periods: all of a log.
        begin: with a time zone.
        end: likewise.

    Raises:
        NotFound: not all of that time is in closed periods; the message says from when on it is not.
    """
    last = periods[-1].until if periods else ""
    if not periods or _time(last) < end:
        since = f"periods are closed until {last}" if last else "no period is closed"
        raise NotFound(f"{since}: ask for less, or close one now (hjemmel log close-period)")
    reached = end + LEEWAY
    chosen = [p for p in periods if _time(p.until) >= begin and (not p.since or _time(p.since) <= reached)]
    return chosen or periods[-1:]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
