"""Following changes: what a client says in a subscription and believes of it, without any I/O.

Each delivery is verified like the answer to a single exchange. Its request is the subject's part of the
signed batch with the change beside it, and its request id follows from that: nobody chooses it. A delivery
counts as taken over when the next is asked for. What the caller keeps is the cursor, and the digest of what
it has of each subject.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

import grpc
from google.rpc import status_pb2
from hjemmel.exchange.v1 import envelope_pb2, many_pb2, watch_pb2
from hjemmel.exchange.v1 import exchange_service_pb2 as pb

from audit.formats.note import NoteVerifier
from exchange import batched, delivery
from exchange.client import failures, protocol, wire
from exchange.client.credentials import Credentials
from exchange.client.errors import ClientError, ReceiptInvalid
from exchange.client.failures import Failure
from exchange.client.many import Subject, Task
from exchange.client.protocol import Answer, Prepared, Question, new_request_id
from exchange.client.retry import Attempts
from exchange.identity import signing
from exchange.model.request import Kind, Statement, SubjectKey

#: Seconds without a word from the broker after which a stream is taken for dead.
SILENT = 60.0
_BATCH = 100  # subjects with what is known of them, within the size of a message
_REMOVED = 1000  # names of subjects, likewise
_PAUSES = (0.1, 0.4, 1.6, 5.0, 10.0, 20.0)  # seconds before each attempt to come back
_COMES_BACK = frozenset({"BROKER_STOPPING", "SUBSCRIBED_TOO_OFTEN", "LOG_UNAVAILABLE", "LOG_BUSY"})


@dataclass(frozen=True, slots=True)
class Changed:
    """What a subject's data is now.

    Attributes:
        subject: whom it is about.
        request_id: of its exchange.
        answer: the data and the receipt, or the error that ends the subject's subscription.
        digest: of the data; give it back with the subject in a later subscription. Empty with an error.
        change_time: when the register changed; None where the subject was read because it was added.
        cursor: keep it when this was taken over.
    """

    subject: Subject
    request_id: str
    answer: Answer | ClientError
    digest: bytes
    change_time: datetime | None
    cursor: str


@dataclass(frozen=True, slots=True)
class Alive:
    """A sign of life.

    Attributes:
        read_time: whatever changed before this was delivered. It stands still where the register is silent.
        cursor: keep it.
    """

    read_time: datetime
    cursor: str


_Told = Callable[[Sequence[Subject], Sequence[Subject]], None]


@dataclass(slots=True)
class Following:
    """What one follows, and how far one has come: all that is needed to go on after a break.

    Attributes:
        task: what to ask of every subject; `matching` and times are not for subscriptions.
        ends: when the subscription ends.
        subjects: by subject, the digest of what one has of it, empty for nothing.
        cursor: the last that was kept; empty to begin now.
    """

    task: Task
    ends: datetime
    subjects: dict[Subject, bytes] = field(default_factory=dict)
    cursor: str = ""
    _told: _Told | None = None

    def add(self, subjects: Iterable[Subject]) -> None:
        """Follows more subjects, also while the stream is open. Each is read at once."""
        new = [s for s in dict.fromkeys(subjects) if s not in self.subjects]
        self.subjects.update(dict.fromkeys(new, b""))
        if self._told:
            self._told(new, ())

    def remove(self, subjects: Iterable[Subject]) -> None:
        """Follows subjects no more, also while the stream is open: there is no case on them any more."""
        gone = [s for s in subjects if self.subjects.pop(s, None) is not None]
        if self._told:
            self._told((), gone)

    def told_to(self, stream: _Told | None) -> None:
        """Has an open stream told of what is added and removed."""
        self._told = stream

    def keep(self, event: Changed | Alive) -> None:
        """Takes down that an event was taken over."""
        self.cursor = event.cursor
        if isinstance(event, Changed):
            if isinstance(event.answer, ClientError):
                self.subjects.pop(event.subject, None)
            elif event.subject in self.subjects:
                self.subjects[event.subject] = event.digest


@dataclass(slots=True)
class _Asked:
    subject: Subject
    part: bytes
    signature: str
    readings: int = 0


class Stream:
    """One call of a subscription."""

    def __init__(self, credentials: Credentials, following: Following) -> None:
        """Signs the mandate."""
        self._credentials = credentials
        self._following = following
        self._task = following.task
        self._consumer = self._task.consumer or credentials.cvr
        message = wire.mandate(self._task, self._consumer)
        message.subscription.end_time.FromDatetime(following.ends)
        body = message.SerializeToString(deterministic=True)
        self._id = new_request_id()
        self._mandate = envelope_pb2.SignedEnvelope(body=body, signature=self._sign(self._id, body))
        self._asked: dict[str, _Asked] = {}
        self._ids: dict[Subject, str] = {}
        self._taken_over = 0

    def opening(self) -> Iterator[watch_pb2.WatchRequest]:
        """What is said first: the mandate, and all that is followed."""
        opening = watch_pb2.WatchOpening(mandate=self._mandate, cursor=self._following.cursor)
        yield watch_pb2.WatchRequest(opening=opening)
        yield from self.added(tuple(self._following.subjects))
        yield watch_pb2.WatchRequest(begin=watch_pb2.WatchBegin())

    def added(self, subjects: Sequence[Subject]) -> Iterator[watch_pb2.WatchRequest]:
        """Says that subjects are followed, too."""
        for begin in range(0, len(subjects), _BATCH):
            yield watch_pb2.WatchRequest(batch=self._batch(subjects[begin : begin + _BATCH]))

    def changed(self, new: Sequence[Subject], gone: Sequence[Subject]) -> Iterator[watch_pb2.WatchRequest]:
        """Says what is followed from now on, and what no more."""
        yield from self.added(new)
        yield from self.removed(gone)

    def removed(self, subjects: Sequence[Subject]) -> Iterator[watch_pb2.WatchRequest]:
        """Says that subjects are followed no more. What is under way about them may come still."""
        ids = [self._ids.pop(s) for s in subjects if s in self._ids]
        for begin in range(0, len(ids), _REMOVED):
            some = ids[begin : begin + _REMOVED]
            yield watch_pb2.WatchRequest(removal=watch_pb2.WatchRemoval(request_ids=some))

    def taken_over(self, event: Changed | Alive) -> Iterator[watch_pb2.WatchRequest]:
        """Takes down that an event was taken over, at once; gives what says so."""
        self._following.keep(event)
        if not isinstance(event, Changed):
            return iter(())
        self._taken_over += 1
        acknowledged = watch_pb2.WatchAcknowledgement(deliveries=self._taken_over)
        return iter((watch_pb2.WatchRequest(acknowledgement=acknowledged),))

    def read(self, response: watch_pb2.WatchResponse) -> Changed | Alive:
        """Verifies and reads what came.

        Raises:
            ReceiptInvalid: it is not what the log recorded, is of another request, or out of order.
        """
        if response.WhichOneof("part") != "delivery":
            return Alive(response.heartbeat.read_time.ToDatetime(UTC), response.cursor)
        told = response.delivery
        asked = self._asked.get(told.subject_id)
        if asked is None:
            raise ReceiptInvalid("the broker delivered about a subject that is not followed")
        if told.change.reading <= asked.readings:
            raise ReceiptInvalid("the broker delivered about a subject out of order, or twice the same")
        asked.readings = told.change.reading
        body = delivery.request_of(asked.part, told.change)
        request_id = delivery.request_id(body, told.change)
        prepared = Prepared(self._question(asked.subject), self._consumer, request_id, body, asked.signature)
        changed = told.change.change_time.ToDatetime(UTC) if told.change.HasField("change_time") else None
        answer = self._answer(told, prepared)
        digest = b"" if isinstance(answer, ClientError) else sha256(told.data).digest()
        return Changed(asked.subject, request_id, answer, digest, changed, response.cursor)

    def _answer(self, told: watch_pb2.WatchDelivery, prepared: Prepared) -> Answer | ClientError:
        log = self._credentials.log
        if told.HasField("error"):
            return _error(told.error, log, prepared)
        response = pb.ExchangeResponse(
            data=told.data,
            decision=told.decision,
            withheld_attributes=told.withheld_attributes,
            receipt=told.receipt,
        )
        return protocol.read_answer(prepared, response, log, Kind.CHANGE)

    def _batch(self, subjects: Sequence[Subject]) -> many_pb2.SubjectBatch:
        bodies = []
        for one in subjects:
            salt = os.urandom(batched.SALT)
            body = wire.subject(one, new_request_id(), salt)
            if known := self._following.subjects.get(one):
                body.known_state = delivery.state(salt, known)
            self._ids[one] = body.request_id
            bodies.append(body)
        data = [body.SerializeToString(deterministic=True) for body in bodies]
        header = many_pb2.BatchBody(mandate_id=self._id, size=len(data), root=batched.Tree(data).root)
        signed = header.SerializeToString(deterministic=True)
        signature = self._sign(new_request_id(), signed)
        parts = batched.requests(self._mandate, signed, data)
        for one, body, part in zip(subjects, bodies, parts, strict=True):
            self._asked[body.request_id] = _Asked(one, part, signature)
        envelope = envelope_pb2.SignedEnvelope(body=signed, signature=signature)
        return many_pb2.SubjectBatch(envelope=envelope, subjects=data)

    def _sign(self, request_id: str, body: bytes) -> str:
        own = self._credentials
        statement = Statement(own.cvr, self._task.caseworker, request_id)
        return signing.sign(own.request_key, own.request_key_id, own.algorithm, statement, own.audience, body)

    def _question(self, subject: Subject) -> Question:
        task = self._task
        return Question(
            dataset=task.dataset,
            attributes=task.attributes,
            subject=SubjectKey(task.key_kind, subject.value),
            subject_role=subject.role,
            purpose=task.purpose,
            legal_basis=task.legal_basis,
            agreement=task.agreement,
            case_reference=subject.case_reference,
            caseworker=task.caseworker,
            consumer=task.consumer,
            consent_reference=subject.consent_reference,
            law_date=task.law_date,
            partial_acceptable=task.partial_acceptable,
        )


def coming_back() -> Attempts:
    """How often a broken stream is taken up again before the caller is told."""
    return Attempts(pauses=_PAUSES)


def comes_back(failure: Failure) -> bool:
    """Whether a stream that broke off may be taken up again as it is."""
    own_doing = failure.code is grpc.StatusCode.CANCELLED and not failure.reasons  # nobody spoke for long
    return own_doing or failure.is_transient or any(r.code in _COMES_BACK for r in failure.reasons)


def _error(status: status_pb2.Status, log: NoteVerifier, prepared: Prepared) -> ClientError:
    return failures.raised(failures.failure_in(status), log, prepared, Attempts())
