"""Reading a log: entries, receipts and proofs, against the checkpoint that stands now.

Reading needs no ownership: it runs beside the writer, on connections of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa

from audit.errors import FormatError, NotFound
from audit.formats import checkpoint, entry, merkle
from audit.formats.checkpoint import Checkpoint
from audit.formats.entry import Entry, Event
from audit.formats.note import NoteVerifier
from audit.formats.proof_file import ProofFile
from audit.storage import database, policies, store
from audit.storage.schema import entries, reviews, sealed
from audit.storage.store import Head
from audit.vault import vault
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import Opened
from audit.witness import cosigned
from audit.witness.cosigned import CosignedCheckpoint, WitnessState


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it stands in the log."""

    index: int
    leaf: bytes
    content: Entry | Event

    @property
    def entry(self) -> Entry:
        """The entry, where it is one of an exchange.

        Raises:
            FormatError: it is not.
        """
        if not isinstance(self.content, Entry):
            raise FormatError(f"entry {self.index} is of no exchange: {self.content.kind}")
        return self.content


class LogReader:
    """Answers questions about a log from its database."""

    def __init__(self, engine: sa.Engine, verifier: NoteVerifier, keys: SubjectKeys) -> None:
        """Takes the log's database, its public key, and the keys that open sealed parts."""
        self._engine = engine
        self._keys = keys
        self._known: dict[tuple[int, int], bytes] = {}
        self.verifier = verifier

    def signed_checkpoint(self) -> str:
        """The newest signed checkpoint.

        Raises:
            NotFound: the log was never opened for writing.
        """
        with self._connect() as connection:
            head = store.read_head(connection)
        if head is None:
            raise NotFound("this log was never opened for writing")
        return head.signed_checkpoint

    def checkpoint(self) -> Checkpoint:
        """The newest checkpoint, its signature checked."""
        return checkpoint.verify(self.signed_checkpoint(), self.verifier)

    def by_index(self, index: int) -> StoredEntry:
        """Gives the entry at an index.

        Raises:
            NotFound: the log has none there.
        """
        return self._entry(entries.c.index == index)

    def by_request(self, request_id: str) -> StoredEntry:
        """Gives the entry that a request id stands for.

        Raises:
            NotFound: the log has none.
        """
        return self._entry(entries.c.request_id == request_id)

    def cosigned_checkpoint(self) -> str | None:
        """The newest checkpoint that enough witnesses cosigned, where there is one."""
        with self._connect() as connection:
            newest = cosigned.read_cosigned(connection)
        return newest.signed_checkpoint if newest else None

    def witnesses(self) -> list[WitnessState]:
        """How each witness stands to this log."""
        with self._connect() as connection:
            return cosigned.read_witnesses(connection)

    def proof(self, index: int, *, extra: bytes | None = None, prefer_cosigned: bool = False) -> ProofFile:
        """Proves an entry against the newest checkpoint.

        Args:
            index: of the entry.
            extra: what to carry in the file.
            prefer_cosigned: against the newest cosigned checkpoint instead, where one covers the entry.

        Raises:
            NotFound: the log has no such entry.
        """
        with self._connect() as connection:
            head: Head | CosignedCheckpoint | None = store.read_head(connection)
            if head is None or not 0 <= index < head.size:
                raise NotFound(f"the log has no entry {index}")
            newest = cosigned.read_cosigned(connection) if prefer_cosigned else None
            if newest is not None and index < newest.size <= head.size:
                head = newest
            hashes = merkle.inclusion_proof(index, head.size, self._nodes(connection))
        return ProofFile(index, tuple(hashes), head.signed_checkpoint, extra)

    def with_proofs(
        self, indexes: Sequence[int], *, prefer_cosigned: bool = False
    ) -> list[tuple[StoredEntry, ProofFile]]:
        """Gives entries in the order of their indexes here, each with its proof, from one state of the log.

        Args:
            indexes: of the entries.
            prefer_cosigned: as in `proof`.

        Raises:
            NotFound: the log has not all of them.
        """
        with database.snapshot(self._engine) as connection:
            head = store.read_head(connection)
            newest = cosigned.read_cosigned(connection) if prefer_cosigned else None
            query = sa.select(entries.c.index, entries.c.leaf).where(entries.c.index.in_(indexes))
            leaves: dict[int, bytes] = {row[0]: row[1] for row in connection.execute(query)}
            if head is None or leaves.keys() != {*indexes}:
                raise NotFound("the log has not all of these entries")
            read = cache(self._nodes(connection))  # proofs of neighbours share most of their nodes
            found = []
            for index in indexes:
                cosigns = newest is not None and index < newest.size <= head.size
                under = newest if newest is not None and cosigns else head
                proof = tuple(merkle.inclusion_proof(index, under.size, read))
                stored = StoredEntry(index, leaves[index], entry.decode_any(leaves[index])[0])
                found.append((stored, ProofFile(index, proof, under.signed_checkpoint)))
        return found

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Proves that the log at one size extends the log at an earlier one.

        Raises:
            NotFound: the log has not grown to these sizes, or they are in the wrong order.
        """
        with self._connect() as connection:
            head = store.read_head(connection)
            size = head.size if head else 0
            if not 0 <= old <= new <= size:
                raise NotFound(f"sizes must satisfy 0 <= old <= new <= {size}")
            return merkle.consistency_proof(old, new, self._nodes(connection))

    def opened(self, stored: StoredEntry) -> Opened | None:
        """Opens the sealed part of an entry; gives nothing where it was erased.

        Raises:
            VerificationError: the sealed part was altered or swapped.
        """
        with self._connect() as connection:
            query = sa.select(sealed).where(sealed.c.index == stored.index)
            row = connection.execute(query).first()
        key = self._keys.find(store.key_name(row)) if row else None
        return vault.unseal(key, stored.leaf, row.data) if row and key else None

    def policy_bundle(self, revision: str) -> bytes:
        """Gives an archived policy set.

        Raises:
            NotFound: no policy set of this revision ever decided here.
            FormatError: the one that is archived was altered.
        """
        with self._connect() as connection:
            return policies.read_bundle(connection, revision)

    def to_review(self) -> list[StoredEntry]:
        """The entries that a second person has to look at, oldest first."""
        query = sa.select(entries.c.index, entries.c.leaf).join(reviews, reviews.c.index == entries.c.index)
        with self._connect() as connection:
            rows = connection.execute(query.order_by(entries.c.index)).all()
        return [StoredEntry(index, leaf, entry.decode_any(leaf)[0]) for index, leaf in rows]

    def _entry(self, condition: sa.ColumnElement[bool]) -> StoredEntry:
        with self._connect() as connection:
            query = sa.select(entries.c.index, entries.c.leaf).where(condition)
            row = connection.execute(query).first()
        if row is None:
            raise NotFound("the log has no such entry")
        index, leaf = row
        return StoredEntry(index, leaf, entry.decode_any(leaf)[0])

    def _nodes(self, connection: sa.Connection) -> merkle.NodeReader:
        return store.StoredNodes(connection, self._known).read

    def _connect(self) -> sa.Connection:
        return self._engine.connect().execution_options(read_only=True)
