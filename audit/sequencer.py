"""The one writer of a log: orders entries, commits them in groups, signs a checkpoint for each group.

A commit is one transaction that carries the new entries, what is sealed beside them, the intentions
they close, the tiles they complete and the head. What a crash leaves behind, at each point:

    before the commit        nothing of the batch; its callers were told nothing
    after the commit         all of the batch; its callers may not have been told
    an open intention        becomes an `interrupted` entry when the log is next owned
    a begun erasure          is finished when the log is next owned; see `audit.erasures`

A commit that failed is fatal for this state of memory: whether it reached the disk is unknown. The
writer stops, fails whoever waits, and starts over from what is on disk. The head is swapped by
comparing epoch and size, so that a second owner cannot fork the log: the first one's next commit fails.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

import sqlalchemy as sa

from audit import checkpoint, database, erasures, merkle, store, vault
from audit.checkpoint import Checkpoint
from audit.entry import Event, Leaf, Submission, commit_to
from audit.erasures import Request, Taken
from audit.errors import (
    DuplicateRequest,
    FormatError,
    IntentionClosed,
    LogBusy,
    LogError,
    LogStopped,
    VerificationError,
)
from audit.merkle import Frontier, complete_subtrees, leaf_hash
from audit.note import NoteSigner
from audit.proof_file import ProofFile
from audit.schema import intentions, sealed
from audit.store import Head, SealedLeaf
from audit.subject_keys import SubjectKeys
from audit.vault import Opened

_log = logging.getLogger(__name__)
_TAKEN = "another process owns this log now"
_LOOK = "run hjemmel log verify"
_NOBODY = b"hjemmel:erasure"  # entries about erasures seal nothing about anybody


@dataclass(frozen=True, slots=True)
class Intend:
    """Note that a register is about to be read."""

    submission: Submission
    leaf: Leaf


@dataclass(frozen=True, slots=True)
class Append:
    """Append an entry, and close the intention of its request id where there should be one."""

    submission: Submission
    leaf: Leaf
    closes_intention: bool


@dataclass(frozen=True, slots=True)
class Appended:
    """An entry that is durable: its index, its leaf, its proof, and what opens it."""

    index: int
    leaf: Leaf
    proof: ProofFile


_T = TypeVar("_T")
Operation = Intend | Append
Result = Appended | LogError | None


@dataclass(frozen=True, slots=True)
class _Ticket:
    operation: Operation
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Appended | None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How batches are made: the most in one, the shortest time between two, the most waiting."""

    max_batch: int = 512
    interval: float = 0.01  # seconds that a crowd is gathered for, at most
    max_pending: int = 10_000
    retry: float = 1.0  # seconds between attempts to start over
    look: float = 0.5  # seconds between looks for what is to be erased


class Sequencer:
    """Owns a log from `start` to `stop`. `submit` may be called from any event loop."""

    def __init__(
        self, log: sa.Engine, keys: SubjectKeys, signer: NoteSigner, pace: Pace | None = None
    ) -> None:
        """Takes the log's database, the keys of subjects, and the log's own key."""
        self._engine = log
        self._keys = keys
        self._signer = signer
        self._pace = pace or Pace()
        self._waiting: queue.SimpleQueue[_Ticket | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._gate = threading.Lock()  # nothing is taken after the end was announced
        self._closing = threading.Event()
        self._stopped: str | None = "the log was not started"
        self._lost = False
        self._head = Head(0, 0, merkle.EMPTY_ROOT, "")
        self._frontier = Frontier(0, ())
        self._open: set[str] = set()

    @property
    def problem(self) -> str | None:
        """Why the log takes nothing at present, or nothing where it does."""
        return self._stopped

    def start(self) -> None:
        """Takes the log over, turns open intentions into `interrupted` entries, begins to write.

        Raises:
            LogStopped: the log is of another key, does not add up, or cannot be reached.
        """
        try:
            self._take_over()
        except sa.exc.SQLAlchemyError as error:
            raise LogStopped(f"the log's database failed: {type(error).__name__}") from error
        except (FormatError, VerificationError, _OwnershipLost) as error:
            raise LogStopped(str(error)) from error
        self._thread.start()

    def stop(self) -> None:
        """Writes what is waiting, then ends."""
        with self._gate:
            self._closing.set()
            self._waiting.put(None)
        if self._thread.is_alive():
            self._thread.join()
        self._stopped = "the log was closed"

    def submit(self, operation: Operation) -> asyncio.Future[Appended | None]:
        """Hands an operation over; the future is done when it is durable, or failed.

        Raises:
            LogBusy: too much is waiting.
            LogStopped: nothing is taken at present.
        """
        # What was intended must be able to close: its place was given when the intention was taken.
        closes = isinstance(operation, Append) and operation.closes_intention
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Appended | None] = loop.create_future()
        with self._gate:
            if self._closing.is_set():
                raise LogStopped("the log was closed")
            if self._stopped:
                raise LogStopped(self._stopped)
            if self._waiting.qsize() >= self._pace.max_pending and not closes:
                raise LogBusy("the log is behind")
            self._waiting.put(_Ticket(operation, loop, future))
        return future

    # The writer's thread

    def _run(self) -> None:
        gather, next_look = 0.0, 0.0
        while True:
            if time.monotonic() >= next_look and not self._stopped:
                self._guarded(self._erase_asked)
                next_look = time.monotonic() + self._pace.look
            batch, ending = self._collect(gather)
            begun = time.monotonic()
            if batch:
                self._answer(batch, self._attempt(batch))
            # A lone caller is served at once. A crowd is gathered for as long as two commits take, so
            # that the writer leaves most of the processor to those who make the work.
            crowded = len(batch) > 1
            gather = min(self._pace.interval, 2 * (time.monotonic() - begun)) if crowded else 0.0
            if ending:
                return
            if self._stopped:
                self._start_over()

    def _collect(self, gather: float) -> tuple[list[_Ticket], bool]:
        """Waits for an operation, then for others to join it (seconds)."""
        try:
            first = self._waiting.get(timeout=self._pace.look)
        except queue.Empty:
            return [], False
        if first is None:
            return [], True
        if gather:
            time.sleep(gather)
        batch = [first]
        while len(batch) < self._pace.max_batch:
            try:
                ticket = self._waiting.get_nowait()
            except queue.Empty:
                break
            if ticket is None:
                return batch, True
            batch.append(ticket)
        return batch, False

    def _attempt(self, batch: Sequence[_Ticket]) -> list[Result]:
        results = None
        if not self._stopped:
            results = self._guarded(lambda: self._commit([ticket.operation for ticket in batch]))
        return self._refusals(batch) if results is None else results

    def _guarded(self, write: Callable[[], _T]) -> _T | None:
        try:
            return write()
        except Exception as error:  # noqa: BLE001  # whatever failed, the state of the disk is unknown now
            _log.exception("log_commit_failed")
            self._lost = isinstance(error, _OwnershipLost)
            self._stopped = str(error) if self._lost else f"a commit failed: {type(error).__name__}"
            return None

    def _start_over(self) -> None:
        """Recovers from disk after a failure, unless another owner has the log now."""
        while self._stopped and not self._lost:
            self._refuse_waiting()
            if self._closing.wait(self._pace.retry):
                return
            try:
                self._take_over()
            except Exception:  # noqa: BLE001  # whatever it is, this thread lives on to answer its callers
                _log.exception("log_recovery_failed")

    def _refuse_waiting(self) -> None:
        batch = []
        while True:
            try:
                ticket = self._waiting.get_nowait()
            except queue.Empty:
                break
            if ticket is None:
                self._waiting.put(None)  # the end is seen by the run loop
                break
            batch.append(ticket)
        self._answer(batch, self._refusals(batch))

    def _refusals(self, batch: Sequence[_Ticket]) -> list[Result]:
        return [LogStopped(self._stopped or "") for _ in batch]  # one each: callers raise them

    @staticmethod
    def _answer(batch: Sequence[_Ticket], results: Sequence[Result]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Ticket, Result]]] = {}
        for ticket, result in zip(batch, results, strict=True):
            by_loop.setdefault(ticket.loop, []).append((ticket, result))
        for loop, answers in by_loop.items():
            with suppress(RuntimeError):  # the loop closed: nobody waits there any more
                loop.call_soon_threadsafe(_resolve, answers)

    # Taking over

    def _take_over(self) -> None:
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
                    self._lost = True
                    self._stopped = _TAKEN
                    raise LogStopped(_TAKEN)
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
        for begin in range(0, len(interrupted), self._pace.max_batch):
            self._interrupt(interrupted[begin : begin + self._pace.max_batch])
        self._erase_asked()  # before anything is sealed under a key that is going
        self._stopped = None

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

    def _commit(self, operations: Sequence[Operation]) -> list[Result]:
        results: list[Result] = [None] * len(operations)
        intended: list[str] = []
        closed: set[str] = set()
        to_intend: list[tuple[int, Intend]] = []
        to_append: list[tuple[int, Append]] = []
        with self._engine.begin() as connection:
            used = store.recorded(connection, _claimed(operations)) | self._open
            for position, operation in enumerate(operations):
                request_id = _claim(operation)
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
                _claim(o),
                key.name,
                vault.seal(key.key, o.leaf.data, Opened(o.leaf.openings, o.submission.values)),
                o.submission.entry.needs_review,
            )
            for o, key in zip(operations, keys, strict=True)
        ]

    # Erasures

    def _erase_asked(self) -> None:
        """Carries out what was asked to be erased, or what is left to do of it."""
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
                raise _OwnershipLost(_TAKEN)
            return self._head
        store.append(connection, self._head.size, leaves)
        for leaf in leaves:
            self._frontier.append(leaf.leaf_hash)
        size = self._frontier.size
        store.write_complete_tiles(connection, self._head.size, size)
        tree = Checkpoint(self._signer.verifier.name, size, self._frontier.root())
        head = Head(self._head.epoch, size, tree.root, tree.sign(self._signer))
        if not store.swap_head(connection, self._head, head):
            raise _OwnershipLost(_TAKEN)
        return head

    def _settle(self, head: Head, closed: Collection[str]) -> None:
        self._head = head
        self._frontier.settle()
        self._open.difference_update(closed)


class _OwnershipLost(LogError):
    """The head was not as this owner left it: another one writes to the log."""


def _claim(operation: Intend | Append) -> str | None:
    submission = operation.submission
    return submission.entry.request_id if submission.claims_request_id else None


def _claimed(operations: Sequence[Operation]) -> list[str]:
    claims = [
        _claim(o)
        for o in operations
        if isinstance(o, Intend) or (isinstance(o, Append) and not o.closes_intention)
    ]
    return [c for c in claims if c is not None]


def _resolve(answers: Sequence[tuple[_Ticket, Result]]) -> None:
    for ticket, result in answers:
        if ticket.future.done():  # its caller gave up waiting
            continue
        if isinstance(result, LogError):
            ticket.future.set_exception(result)
        else:
            ticket.future.set_result(result)
