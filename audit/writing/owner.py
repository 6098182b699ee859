"""The owner of a log: takes it over, commits batches to it, carries out erasures, in transactions.

A commit is one transaction that carries the new entries, what is sealed beside them, the intentions
they close, the tiles they complete and the head. What a crash leaves behind, at each point:

    before the commit        nothing of the batch; its callers were told nothing
    after the commit         all of the batch; its callers may not have been told
    an open intention        becomes an `interrupted` entry when the log is next owned, or when whoever
                             had it does not come back (see `exchange.log_service.sessions`)
    a begun erasure          is finished when the log is next owned; see `audit.erasure.erasures`
    a period being closed    is closed by the next owner; see `audit.completeness.closing`

The head is swapped by comparing epoch and size, so that a second owner cannot fork the log: the first
one's next commit fails. Whatever fails here leaves the owner's memory unknown: `take_over` before
anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa

from audit.completeness import rows, strays
from audit.erasure import erasures
from audit.erasure.erasures import Request, Taken
from audit.errors import LogError, LogStopped
from audit.formats import checkpoint, merkle
from audit.formats.checkpoint import Checkpoint
from audit.formats.entry import Event, Submission, commit_to
from audit.formats.merkle import Frontier, complete_subtrees, leaf_hash
from audit.formats.note import NoteSigner
from audit.formats.proof_file import ProofFile
from audit.queries import search_keys
from audit.storage import database, store
from audit.storage.schema import intentions, period_buckets, sealed
from audit.storage.store import Head, SealedLeaf
from audit.vault import vault
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import Opened
from audit.writing.batch import Standing, asks_about, sort_out
from audit.writing.operations import Append, Appended, Intend, Operation, Result, claim

_TAKEN = "another process owns this log now"
_LOOK = "run hjemmel log verify"
_NOBODY = b"hjemmel:erasure"  # entries about the log itself seal nothing about anybody


class OwnershipLost(LogError):
    """The head was not as this owner left it: another one writes to the log."""


class Owner:
    """Writes to a log, one call at a time. Remembers the head that it left behind."""

    def __init__(
        self,
        log: sa.Engine,
        keys: SubjectKeys,
        signer: NoteSigner,
        max_batch: int,
        *,
        keeps_open: bool = False,
    ) -> None:
        """Takes the log's database, the keys of subjects, the log's own key, and the most in a commit.

        Args:
            log: the log's database.
            keys: the keys of subjects.
            signer: the log's own key.
            max_batch: the most operations in a commit.
            keeps_open: leaves open intentions to who asks for their interruption: those who had them are
                other processes, and may still be at work.
        """
        self._engine = log
        self._keys = keys
        self._signer = signer
        self._max_batch = max_batch
        self._head = Head(0, 0, merkle.EMPTY_ROOT, "")
        self._frontier = Frontier(0, ())
        self._keeps_open = keeps_open
        self._open: dict[str, bytes] = {}  # leaf hashes of intentions by request id

    @property
    def open_requests(self) -> set[str]:
        """Request ids of open intentions; may be asked from any thread."""
        return set(self._open)

    @property
    def head(self) -> Head:
        """The head that this owner left behind."""
        return self._head

    def take_over(self) -> None:
        """Becomes the owner: reads what is on disk, interrupts open exchanges, finishes erasures.

        Exchanges are interrupted unless this owner keeps them open.

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
            found = store.open_intentions(connection)
        self._head = new
        self._frontier = Frontier(new.size, edge)
        self._open = {e.request_id: leaf_hash(e.data) for e in found if e.request_id}
        interrupted = () if self._keeps_open else found
        for begin in range(0, len(interrupted), self._max_batch):
            self._interrupt(interrupted[begin : begin + self._max_batch])
        strays.clear(self._engine, self._keys)
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
            head = self._grow(connection, self._as_interrupted(connection, leaves, self._head.size))
        self._settle(head, ids)

    def _as_interrupted(
        self, connection: sa.Connection, leaves: Sequence[SealedLeaf], first: int
    ) -> list[SealedLeaf]:
        """Makes entries of intentions, from an index on.

        Where the sealed part of one went while it was under way, another entry says that it did.
        """
        hashed = [replace(e, leaf_hash=leaf_hash(e.data)) for e in leaves]
        gone = [(first + i, e.key.subject) for i, e in enumerate(leaves) if not e.sealed]
        asked = {r.number: r for r in erasures.requests(connection)} if gone else {}
        taken = [(asked[n], Taken(indexes, ())) for n, indexes in erasures.by_request(gone).items()]
        told = [self._told(connection, first + len(leaves) + i, *t) for i, t in enumerate(taken)]
        return [*hashed, *told]

    # One batch

    def commit(self, operations: Sequence[Operation]) -> list[Result]:
        """Writes a batch durably; gives a result for each operation, in their order.

        Raises:
            OwnershipLost: another process took the log over; nothing was written.
            Exception: whatever failed, and whether the batch reached the disk is unknown.
        """
        with self._engine.begin() as connection:
            batch = sort_out(operations, self._standing(connection, operations))
            first = self._head.size
            to_intend = [o for _, o in batch.intended.values()]
            leaves = self._seal([*to_intend, *(o for _, o in batch.appended)])
            new = leaves[len(to_intend) :]
            if batch.interrupted:
                found = store.open_intentions(connection, batch.interrupted)
                new += self._as_interrupted(connection, found, first + len(new))
            store.close_intentions(connection, batch.closed)
            store.add_intentions(connection, leaves[: len(to_intend)])
            head = self._grow(connection, new)
            for position, index in batch.answered:
                path = merkle.inclusion_proof(index, head.size, store.StoredNodes(connection).read)
                batch.results[position] = _appended(operations[position], index, tuple(path), head)
        # Durable from here on: memory follows, then the callers learn.
        proofs = merkle.inclusion_proofs(first, head.size, self._frontier.read)
        for offset, (position, operation) in enumerate(batch.appended):
            batch.results[position] = _appended(operation, first + offset, proofs[offset], head)
        for position, earlier in batch.twins:
            batch.results[position] = batch.results[earlier]
        self._settle(head, batch.closed)
        for offset, request_id in enumerate(batch.intended):
            self._open[request_id] = leaves[offset].leaf_hash
        return batch.results

    def _standing(self, connection: sa.Connection, operations: Sequence[Operation]) -> Standing:
        sent = [o for o in operations if isinstance(o, Append) and o.sent_at is not None]
        beyond: Mapping[bytes, int] = {}
        if sent:
            size = min(o.sent_at or 0 for o in sent)
            beyond = store.standing_beyond(connection, size, {leaf_hash(o.leaf.data) for o in sent})
        recorded = store.recorded(connection, asks_about(operations, self._open))
        return Standing(self._open, recorded, beyond)

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
        touched = (sealed, intentions, period_buckets)
        scrubbed = database.scrub(self._engine, touched, rewrite=False)
        if self._keys.scrub(names) and scrubbed:  # else at the next look: a reader stood in the way
            with self._engine.begin() as connection:
                for number in numbers:
                    erasures.finish(connection, number)

    def _take(self, request: Request) -> Taken | None:
        """Removes sealed parts, and appends the entry that says so, in one transaction."""
        with self._engine.begin() as connection:
            store.read_head(
                connection, for_update=True
            )  # no key of the search index comes to stand meanwhile
            taken = erasures.take(connection, request)
            if taken is None:
                return None
            # What shows who is in a period goes with anything in it; it is then closed anew. Likewise what
            # its sealed fields are searched by.
            shown = [
                *rows.withdraw(connection, taken.indexes),
                *search_keys.withdraw(connection, taken.indexes),
            ]
            taken = Taken(taken.indexes, [*taken.names, *shown])
            head = self._grow(connection, [self._told(connection, self._head.size, request, taken)])
        self._settle(head, ())
        return taken

    def _told(self, connection: sa.Connection, index: int, request: Request, taken: Taken) -> SealedLeaf:
        opening = erasures.new_opening()
        erasures.keep(connection, index, request, taken, opening)
        return self._sealed_event(erasures.event(request, taken, opening))

    # Entries about the log itself

    def tell(self, write: Callable[[sa.Connection, int], Event | Submission | None]) -> int | None:
        """Appends an entry about the log itself, in one transaction with what it tells of.

        Args:
            write: does that, and gives the entry for an index, with what is sealed beside it where anything
                is; or none, where there is nothing to tell.

        Returns:
            The entry's index, where there is one.

        Raises:
            OwnershipLost: another process took the log over; nothing was written.
            Exception: whatever failed, and whether it reached the disk is unknown.
        """
        index = self._head.size
        with self._engine.begin() as connection:
            told = write(connection, index)
            head = self._grow(connection, [self._sealed_event(told)] if told else [])
        self._settle(head, ())
        return index if told else None

    def _sealed_event(self, told: Event | Submission) -> SealedLeaf:
        if isinstance(told, Event):
            told = Submission(told, _NOBODY, {}, claims_request_id=False)
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
        for request_id in closed:
            self._open.pop(request_id, None)


def _appended(operation: Operation, index: int, proof: tuple[bytes, ...], head: Head) -> Appended:
    if not isinstance(operation, Append):
        raise TypeError("only what is appended has a place")
    return Appended(index, operation.leaf, ProofFile(index, proof, head.signed_checkpoint))
