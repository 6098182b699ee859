"""The owner of a log: takes it over, commits batches to it, carries out erasures, in transactions.

A commit is one transaction that carries the new entries, what is sealed beside them, the intentions
they close, the tiles they complete and the head. What a crash leaves behind, at each point:

    before the commit        nothing of the batch; its callers were told nothing
    after the commit         all of the batch; its callers may not have been told
    an open intention        becomes an `interrupted` entry when the log is next owned
    a begun erasure          is finished when the log is next owned; see `audit.erasure.erasures`

The head is swapped by comparing epoch and size, so that a second owner cannot fork the log: the first
one's next commit fails. Whatever fails here leaves the owner's memory unknown: `take_over` before
anything else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import sqlalchemy as sa

from audit.erasure import erasures
from audit.erasure.erasures import Request, Taken
from audit.errors import (
    DuplicateRequest,
    IntentionClosed,
    LogError,
    LogStopped,
)
from audit.formats import checkpoint, merkle
from audit.formats.checkpoint import Checkpoint
from audit.formats.entry import Event, Submission, commit_to
from audit.formats.merkle import Frontier, complete_subtrees, leaf_hash
from audit.formats.note import NoteSigner
from audit.formats.proof_file import ProofFile
from audit.storage import database, store
from audit.storage.schema import intentions, sealed
from audit.storage.store import Head, SealedLeaf
from audit.vault import vault
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import Opened
from audit.writing.operations import Append, Appended, Intend, Operation, Result, claim

_TAKEN = "another process owns this log now"
_LOOK = "run hjemmel log verify"
_NOBODY = b"hjemmel:erasure"  # entries about erasures seal nothing about anybody


class OwnershipLost(LogError):
    """The head was not as this owner left it: another one writes to the log."""


class Owner:
    """Writes to a log, one call at a time. Remembers the head that it left behind."""

    def __init__(self, log: sa.Engine, keys: SubjectKeys, signer: NoteSigner, max_batch: int) -> None:
        """Takes the log's database, the keys of subjects, the log's own key, and the most in a commit."""
        self._engine = log
        self._keys = keys
        self._signer = signer
        self._max_batch = max_batch
        self._head = Head(0, 0, merkle.EMPTY_ROOT, "")
        self._frontier = Frontier(0, ())
        self._open: set[str] = set()

    def take_over(self) -> None:
        """Becomes the owner: reads what is on disk, interrupts open exchanges, finishes erasures.

        Raises:
            OwnershipLost: another process took the log over since this one last wrote.
            LogStopped: the log does not add up, or lost what was acknowledged.
            FormatError: the head holds no checkpoint.
            VerificationError: the head is signed by another key.
            sqlalchemy.exc.SQLAlchemyError: the database failed.
        """
        verifier = self._signer.verifier
        with self._engine.begin() as connection:
            old = store.read_head(connection, for_update=True)
            edge: list[bytes] = []
            if old is None:
                empty = Checkpoint(verifier.name, 0, merkle.EMPTY_ROOT).sign(self._signer)
                new = Head(1, 0, merkle.EMPTY_ROOT, empty)
                store.create_head(connection, new)
            else:
                if self._head.epoch and old.epoch != self._head.epoch:
                    raise OwnershipLost(_TAKEN)
                signed = checkpoint.verify(old.signed_checkpoint, verifier)
                nodes = store.StoredNodes(connection)
                edge = [nodes.read(*node) for node in complete_subtrees(0, old.size)]
                if (signed.size, signed.root) != (old.size, merkle.fold(edge)):
                    raise LogStopped(f"the entries do not lead to the signed checkpoint: {_LOOK}")
                new = replace(old, epoch=old.epoch + 1)
                if not store.swap_head(connection, old, new):
                    raise LogStopped("another process is taking this log over")
            self._check_extends(connection, new)
            interrupted = store.open_intentions(connection)
        self._head = new
        self._frontier = Frontier(new.size, edge)
        self._open = {e.request_id for e in interrupted if e.request_id}
        for begin in range(0, len(interrupted), self._max_batch):
            self._interrupt(interrupted[begin : begin + self._max_batch])
        self.erase_asked()  # before anything is sealed under a key that is going

    def _check_extends(self, connection: sa.Connection, new: Head) -> None:
        """Refuses a database that was put back: what was acknowledged must still be in it."""
        if store.has_entries_from(connection, new.size):
            raise LogStopped(f"entries stand beyond the signed checkpoint: {_LOOK}")
        nodes = store.StoredNodes(connection)
        if new.size < self._head.size or merkle.root(self._head.size, nodes.read) != self._head.root:
            raise LogStopped(f"the database lost entries that were acknowledged: {_LOOK}")

    def _interrupt(self, leaves: Sequence[SealedLeaf]) -> None:
        with self._engine.begin() as connection:
            ids = [e.request_id for e in leaves if e.request_id]
            store.close_intentions(connection, ids)
            hashed = [replace(e, leaf_hash=leaf_hash(e.data)) for e in leaves]
            head = self._grow(connection, [*hashed, *self._cover(connection, hashed)])
        self._settle(head, ids)

    def _cover(self, connection: sa.Connection, leaves: Sequence[SealedLeaf]) -> list[SealedLeaf]:
        """Says of interrupted exchanges whose sealed part went while they were under way that it did."""
        first = self._head.size
        gone = [(first + i, e.key.subject) for i, e in enumerate(leaves) if not e.sealed]
        asked = {r.number: r for r in erasures.requests(connection)} if gone else {}
        taken = [(asked[n], Taken(indexes, ())) for n, indexes in erasures.by_request(gone).items()]
        return [self._told(connection, first + len(leaves) + i, *t) for i, t in enumerate(taken)]

    # One batch

    def commit(self, operations: Sequence[Operation]) -> list[Result]:
        """Writes a batch durably; gives a result for each operation, in their order.

        Raises:
            OwnershipLost: another process took the log over; nothing was written.
            Exception: whatever failed, and whether the batch reached the disk is unknown.
        """
        results: list[Result] = [None] * len(operations)
        intended: list[str] = []
        closed: set[str] = set()
        to_intend: list[tuple[int, Intend]] = []
        to_append: list[tuple[int, Append]] = []
        with self._engine.begin() as connection:
            used = store.recorded(connection, _claimed(operations)) | self._open
            for position, operation in enumerate(operations):
                request_id = claim(operation)
                if isinstance(operation, Append) and operation.closes_intention:
                    if request_id not in self._open or request_id in closed:
                        results[position] = IntentionClosed("no open intention of this request")
                        continue
                    closed.add(request_id or "")
                elif request_id is not None:
                    if request_id in used:
                        results[position] = DuplicateRequest("this request id was used before")
                        continue
                    used.add(request_id)
                if isinstance(operation, Intend):
                    to_intend.append((position, operation))
                    intended.append(request_id or "")
                else:
                    to_append.append((position, operation))
            first = self._head.size
            leaves = self._seal([o for _, o in to_intend] + [o for _, o in to_append])
            store.close_intentions(connection, closed)
            store.add_intentions(connection, leaves[: len(to_intend)])
            head = self._grow(connection, leaves[len(to_intend) :])
        # Durable from here on: memory follows, then the callers learn.
        for offset, (position, operation) in enumerate(to_append):
            proof = merkle.inclusion_proof(first + offset, head.size, self._frontier.read)
            results[position] = Appended(
                first + offset,
                operation.leaf,
                ProofFile(first + offset, tuple(proof), head.signed_checkpoint),
            )
        self._settle(head, closed)
        self._open.update(intended)
        return results

    def _seal(self, operations: Sequence[Intend | Append]) -> list[SealedLeaf]:
        keys = self._keys.take([o.submission.subject for o in operations])
        return [
            SealedLeaf(
                o.leaf.data,
                leaf_hash(o.leaf.data),
                claim(o),
                key.name,
                vault.seal(key.key, o.leaf.data, Opened(o.leaf.openings, o.submission.values)),
                o.submission.entry.needs_review,
            )
            for o, key in zip(operations, keys, strict=True)
        ]

    # Erasures

    def erase_asked(self) -> None:
        """Carries out what was asked to be erased, or what is left to do of it.

        Raises:
            OwnershipLost: another process took the log over.
            Exception: whatever failed; what is left is done when the log is next owned.
        """
        with self._engine.connect().execution_options(read_only=True) as connection:
            waiting = erasures.requests(connection, unfinished=True)
        if not waiting:
            return
        numbers: set[int] = set()
        records = 0
        for request in waiting:
            while taken := self._take(request):
                records += len(taken.indexes)
            numbers.add(request.number)
            if records >= erasures.MOST:  # the others at the next look: exchanges wait meanwhile
                break
        with self._engine.connect().execution_options(read_only=True) as connection:
            names = {n for e in erasures.kept(connection) if e.request in numbers for n in e.names}
        self._keys.forget(names)
        scrubbed = database.scrub(self._engine, (sealed, intentions), rewrite=False)
        if self._keys.scrub(names) and scrubbed:  # else at the next look: a reader stood in the way
            with self._engine.begin() as connection:
                for number in numbers:
                    erasures.finish(connection, number)

    def _take(self, request: Request) -> Taken | None:
        """Removes sealed parts, and appends the entry that says so, in one transaction."""
        with self._engine.begin() as connection:
            taken = erasures.take(connection, request)
            if taken is None:
                return None
            head = self._grow(connection, [self._told(connection, self._head.size, request, taken)])
        self._settle(head, ())
        return taken

    def _told(self, connection: sa.Connection, index: int, request: Request, taken: Taken) -> SealedLeaf:
        opening = erasures.new_opening()
        erasures.keep(connection, index, request, taken, opening)
        event: Event = erasures.event(request, taken, opening)
        told = Submission(event, _NOBODY, {}, claims_request_id=False)
        return self._seal([Append(told, commit_to(told), closes_intention=False)])[0]

    def _grow(self, connection: sa.Connection, leaves: Sequence[SealedLeaf]) -> Head:
        """Adds entries and moves the head, within the caller's transaction."""
        if not leaves:
            # Nothing to append, but only the owner may note intentions.
            if not store.swap_head(connection, self._head, self._head):
                raise OwnershipLost(_TAKEN)
            return self._head
        store.append(connection, self._head.size, leaves)
        for leaf in leaves:
            self._frontier.append(leaf.leaf_hash)
        size = self._frontier.size
        store.write_complete_tiles(connection, self._head.size, size)
        tree = Checkpoint(self._signer.verifier.name, size, self._frontier.root())
        head = Head(self._head.epoch, size, tree.root, tree.sign(self._signer))
        if not store.swap_head(connection, self._head, head):
            raise OwnershipLost(_TAKEN)
        return head

    def _settle(self, head: Head, closed: Collection[str]) -> None:
        self._head = head
        self._frontier.settle()
        self._open.difference_update(closed)


def _claimed(operations: Sequence[Operation]) -> list[str]:
    claims = [
        claim(o)
        for o in operations
        if isinstance(o, Intend) or (isinstance(o, Append) and not o.closes_intention)
    ]
    return [c for c in claims if c is not None]
