"""Asking about many subjects: what a client says and believes of a batch, without any I/O.

Each subject's answer is verified like the answer to a single exchange: its request is the part of the signed
batch that the broker sealed with its record.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from google.rpc import status_pb2
from hjemmel.exchange.v1 import decision_pb2, envelope_pb2, many_pb2
from hjemmel.exchange.v1 import exchange_service_pb2 as pb

from audit.formats.note import NoteVerifier
from exchange import batched
from exchange.client import failures, protocol, wire
from exchange.client.credentials import Credentials
from exchange.client.errors import ClientError, ReceiptInvalid
from exchange.client.protocol import Answer, Prepared, Question, VerifiedReceipt, new_request_id
from exchange.client.retry import Attempts
from exchange.identity import signing
from exchange.model.request import Kind, Statement, SubjectKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is asked of every subject. See `MandateBody` in the API for each field.

    Attributes:
        key_kind: kind of the identifier that every subject is named by.
        caseworker: who causes the requests: an employee's id, or the name of an automated process.
        consumer: the authority asked for, where the caller is its processor.
        matching: whether this is a bulk matching for control.
    """

    dataset: str
    attributes: tuple[str, ...]
    key_kind: str
    purpose: str
    legal_basis: str
    agreement: str
    caseworker: str
    consumer: str | None = None
    law_date: date | None = None
    effect_time: datetime | None = None
    registration_time: datetime | None = None
    partial_acceptable: bool = False
    matching: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """One of many: the value of its identifier, what it is in its case, and the case."""

    value: str
    role: str
    case_reference: str
    consent_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of asking about one subject.

    Attributes:
        subject: whom it is about.
        request_id: of its exchange.
        answer: the data and the receipt, or the error that says why there is none.
    """

    subject: Subject
    request_id: str
    answer: Answer | ClientError


@dataclass(frozen=True, slots=True)
class Batch:
    """A signed batch, and what each of its subjects' requests is."""

    message: many_pb2.SubjectBatch
    prepared: Sequence[tuple[Subject, Prepared]]


class Asking:
    """The mandate of one call, and its batches."""

    def __init__(self, credentials: Credentials, task: Task) -> None:
        """Signs the mandate."""
        self._credentials = credentials
        self._task = task
        self._consumer = task.consumer or credentials.cvr
        body = wire.mandate(task, self._consumer).SerializeToString(deterministic=True)
        self._id = new_request_id()
        self.mandate = envelope_pb2.SignedEnvelope(body=body, signature=self._sign(self._id, body))

    def batch(self, subjects: Sequence[Subject]) -> Batch:
        """Signs a batch of at most `exchange.batched.MAX_SUBJECTS` subjects."""
        ids = [new_request_id() for _ in subjects]
        bodies = [
            wire.subject(s, i, os.urandom(batched.SALT)).SerializeToString(deterministic=True)
            for s, i in zip(subjects, ids, strict=True)
        ]
        header = many_pb2.BatchBody(mandate_id=self._id, size=len(bodies), root=batched.Tree(bodies).root)
        body = header.SerializeToString(deterministic=True)
        signature = self._sign(new_request_id(), body)
        requests = batched.requests(self.mandate, body, bodies)
        return Batch(
            many_pb2.SubjectBatch(
                envelope=envelope_pb2.SignedEnvelope(body=body, signature=signature), subjects=bodies
            ),
            [
                (s, Prepared(self._question(s), self._consumer, i, request, signature))
                for s, i, request in zip(subjects, ids, requests, strict=True)
            ],
        )

    def read(
        self,
        subject: Subject,
        prepared: Prepared,
        told: many_pb2.SubjectAnswer,
        decision: decision_pb2.Decision,
    ) -> Answered:
        """Verifies and reads the answer about one subject.

        Raises:
            ReceiptInvalid: it is not what the log recorded, or is of another request.
        """
        log = self._credentials.log
        if told.request_id != prepared.request_id:
            raise ReceiptInvalid("the broker answered about the subjects in another order than asked")
        if told.HasField("error"):
            answer: Answer | ClientError = _error(told.error, log, prepared)
        else:
            response = pb.ExchangeResponse(
                data=told.data,
                decision=decision,
                withheld_attributes=told.withheld_attributes,
                receipt=told.receipt,
            )
            kind = Kind.MATCHING if self._task.matching else Kind.EXCHANGE
            answer = protocol.read_answer(prepared, response, log, kind)
        return Answered(subject, prepared.request_id, answer)

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
            effect_time=task.effect_time,
            registration_time=task.registration_time,
            partial_acceptable=task.partial_acceptable,
        )


class Call:
    """One call: who was asked about and is not answered yet. Sending and reading may be in two threads."""

    def __init__(self, asking: Asking) -> None:
        """Takes the mandate."""
        self._asking = asking
        self._sent: deque[tuple[Subject, Prepared]] = deque()
        self._checkpoint = ""

    def request(self, subjects: Sequence[Subject]) -> pb.ExchangeManyRequest:
        """Makes the message that asks about some more."""
        batch = self._asking.batch(subjects)
        self._sent.extend(batch.prepared)
        return pb.ExchangeManyRequest(batch=batch.message)

    def read(self, response: pb.ExchangeManyResponse) -> Iterator[tuple[Answered, VerifiedReceipt | None]]:
        """Gives the answers of a message, each with its receipt where the checkpoint in it is news.

        Raises:
            ReceiptInvalid: an answer is not what the log recorded, or to nothing that was asked.
        """
        for told in response.answers:
            if not self._sent:
                raise ReceiptInvalid("the broker answered more than was asked")
            answered = self._asking.read(*self._sent.popleft(), told, response.decision)
            receipt = answered.answer.receipt
            if receipt is None or receipt.signed_checkpoint == self._checkpoint:
                yield answered, None
            else:
                yield answered, receipt
                self._checkpoint = receipt.signed_checkpoint

    def end(self) -> None:
        """Says that the broker has ended the call.

        Raises:
            ReceiptInvalid: there are subjects without an answer.
        """
        if self._sent:
            raise ReceiptInvalid(f"the broker left {len(self._sent)} subjects without an answer")


def _error(status: status_pb2.Status, log: NoteVerifier, prepared: Prepared) -> ClientError:
    return failures.raised(failures.failure_in(status), log, prepared, Attempts())
