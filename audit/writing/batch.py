"""What a batch of operations comes to, given what stands in the log already. Decides, and writes nothing.

An operation may come twice: whoever handed it in lost the connection before it was answered. The second
one is the same when its leaf is the same, which nobody else can make: the openings of its commitments
were drawn for it. It is then answered, and not written again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from audit.errors import DuplicateRequest, IntentionClosed, LogBusy
from audit.formats.merkle import leaf_hash
from audit.writing.operations import Append, Intend, Interrupt, Operation, Result, claim

_USED = "this request id was used before"
_CLOSED = "no open intention of this request"


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands in a log that a batch could meet.

    Attributes:
        open: leaf hashes of open intentions, by request id.
        recorded: index and leaf hash of the entries that request ids stand for.
        beyond: indexes of entries by leaf hash, where operations were sent before.
    """

    open: Mapping[str, bytes]
    recorded: Mapping[str, tuple[int, bytes]]
    beyond: Mapping[bytes, int]


@dataclass(slots=True)
class Batch:
    """What is to be done. Positions are those of the operations.

    Attributes:
        results: of the operations that are refused; nothing for the others.
        intended: intentions to note, by request id.
        appended: entries to append.
        answered: positions of appends that stand in the log already, with their index.
        twins: positions of appends that are in this batch twice, with the position of the first.
        closed: request ids whose intention goes.
        interrupted: those among them whose intention becomes an entry as it is.
    """

    results: list[Result]
    intended: dict[str, tuple[int, Intend]] = field(default_factory=dict)
    appended: list[tuple[int, Append]] = field(default_factory=list)
    answered: list[tuple[int, int]] = field(default_factory=list)
    twins: list[tuple[int, int]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    interrupted: list[str] = field(default_factory=list)


def asks_about(operations: Sequence[Operation], open_ids: Mapping[str, bytes]) -> list[str]:
    """The request ids of which must be known whether they stand for an entry."""
    ids = []
    for operation in operations:
        request_id = None if isinstance(operation, Interrupt) else claim(operation)
        if request_id is None or (
            isinstance(operation, Append) and operation.closes_intention and request_id in open_ids
        ):
            continue
        ids.append(request_id)
    return ids


def sort_out(operations: Sequence[Operation], standing: Standing) -> Batch:
    """Decides what becomes of each operation, in their order."""
    sorting = _Sorting(standing, Batch([None] * len(operations)))
    for position, operation in enumerate(operations):
        match operation:
            case Interrupt():
                sorting.interrupt(operation)
            case Intend():
                sorting.intend(position, operation)
            case Append():
                sorting.append(position, operation)
    return sorting.batch


class _Sorting:
    def __init__(self, standing: Standing, batch: Batch) -> None:
        self.batch = batch
        self._standing = standing
        self._used: set[str] = set()  # by appends of this batch
        self._firsts: dict[bytes, int] = {}  # appends of this batch by leaf hash

    def interrupt(self, operation: Interrupt) -> None:
        request_id = operation.request_id
        if request_id in self.batch.intended:  # it was only just asked for: it never came to be
            self._unask(request_id)
        elif self._is_open(request_id):
            self.batch.closed.add(request_id)
            self.batch.interrupted.append(request_id)

    def intend(self, position: int, operation: Intend) -> None:
        request_id = claim(operation) or ""
        digest = leaf_hash(operation.leaf.data)
        earlier = self.batch.intended.get(request_id)
        if earlier is not None or self._is_open(request_id):
            open_as = leaf_hash(earlier[1].leaf.data) if earlier else self._standing.open[request_id]
            if open_as != digest:
                self.batch.results[position] = DuplicateRequest(_USED)
            return
        if self._standing.recorded.get(request_id, (0, b""))[1] == digest:  # it was interrupted meanwhile
            self.batch.results[position] = IntentionClosed(_CLOSED)
        elif self._is_used(request_id):
            self.batch.results[position] = DuplicateRequest(_USED)
        else:
            self.batch.intended[request_id] = (position, operation)

    def append(self, position: int, operation: Append) -> None:
        batch, request_id = self.batch, claim(operation)
        digest = leaf_hash(operation.leaf.data)
        if self._stood_already(position, operation, request_id, digest):
            return
        if operation.closes_intention:
            if request_id is None or not self._is_open(request_id):
                batch.results[position] = IntentionClosed(_CLOSED)
                return
            batch.closed.add(request_id)
        elif request_id is not None:
            if self._closes_doubtful(request_id, operation.doubtful):
                pass
            elif self._is_used(request_id) or request_id in batch.intended or self._is_open(request_id):
                batch.results[position] = DuplicateRequest(_USED)
                return
            self._used.add(request_id)
        self._firsts[digest] = position
        batch.appended.append((position, operation))

    def _stood_already(self, position: int, operation: Append, request_id: str | None, digest: bytes) -> bool:
        if request_id is None and operation.sent_at is None:
            return False
        index, recorded = self._standing.recorded.get(request_id or "", (0, b""))
        if recorded == digest:
            self.batch.answered.append((position, index))
        elif operation.sent_at is not None and digest in self._standing.beyond:
            self.batch.answered.append((position, self._standing.beyond[digest]))
        elif digest in self._firsts:
            self.batch.twins.append((position, self._firsts[digest]))
        else:
            return False
        return True

    def _closes_doubtful(self, request_id: str, doubtful: bytes | None) -> bool:
        """Whether an intention of doubtful fate is there after all, and goes."""
        earlier = self.batch.intended.get(request_id)
        if earlier is not None and leaf_hash(earlier[1].leaf.data) == doubtful:
            self._unask(request_id)
            return True
        if self._is_open(request_id) and self._standing.open[request_id] == doubtful:
            self.batch.closed.add(request_id)
            return True
        return False

    def _unask(self, request_id: str) -> None:
        position, _ = self.batch.intended.pop(request_id)
        self.batch.results[position] = LogBusy("its caller gave up before it was written")

    def _is_open(self, request_id: str) -> bool:
        return request_id in self._standing.open and request_id not in self.batch.closed

    def _is_used(self, request_id: str) -> bool:
        return (
            request_id in self._standing.recorded
            or request_id in self._used
            or request_id in self.batch.closed
        )
