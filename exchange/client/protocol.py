"""What a client says and what it believes, without any I/O: signing, and verifying answers.

The verification follows the receipt from the answer to the log's key:

    1  the entry is of this request: id, authority, dataset
    2  its commitments open to exactly what was sent and what came back
    3  what it says happened is what the caller is told happened
    4  nothing was released that was not asked for
    5  it was recorded for the time at which it happened
    6  the entry stands in the tree whose checkpoint the log signed
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256

from google.protobuf.message import DecodeError
from hjemmel.exchange.v1 import decision_pb2, envelope_pb2, exchange_service_pb2

from audit.errors import LogError
from audit.formats import entry as entries
from audit.formats import proof_file
from audit.formats.checkpoint import Checkpoint
from audit.formats.commitment import opens
from audit.formats.entry import Entry
from audit.formats.note import NoteVerifier
from audit.formats.tlog_policy import Policy
from exchange import released
from exchange.client import wire
from exchange.client.credentials import Credentials
from exchange.client.errors import NotCosigned, ReceiptInvalid
from exchange.identity import signing
from exchange.model.decision import RefusedAttribute
from exchange.model.request import Kind, Record, Statement, SubjectKey
from exchange.model.trace import Outcome
from exchange.sealed import request_bytes, subject_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to ask. See `ExchangeBody` in the API for each field.

    Attributes:
        caseworker: who causes the request: an employee's id, or the name of an automated process.
        consumer: the authority asked for, where the caller is its processor.
    """

    dataset: str
    attributes: tuple[str, ...]
    subject: SubjectKey
    subject_role: str
    purpose: str
    legal_basis: str
    agreement: str
    case_reference: str
    caseworker: str
    consumer: str | None = None
    consent_reference: str | None = None
    law_date: date | None = None
    effect_time: datetime | None = None
    registration_time: datetime | None = None
    partial_acceptable: bool = False
    emergency_ground: str | None = None


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """A receipt that holds.

    Attributes:
        index: the entry's place in the log.
        entry: what was recorded.
        commitments: the commitments that stand in the entry.
        proof: the receipt as a `.tlog-proof` file, the entry in its `extra` line.
        checkpoint: the tree that it stands in.
        signed_checkpoint: the log's signature over that.
        openings: what opens the commitments to one's own request; keep them private.
    """

    index: int
    entry: Entry
    commitments: Mapping[str, str]
    proof: str
    checkpoint: Checkpoint
    signed_checkpoint: str
    openings: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Law:
    """What carried a request: the citation, whether it is verified, and the policies that decided.

    Attributes:
        citation: the legal basis as people write it, in Danish.
        verified: whether the citation was held against the law's own text.
        version: of the legal basis, in force on the law date.
        policy_revision: of the policy set that decided.
    """

    citation: str
    verified: bool
    version: str
    policy_revision: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Data, what was withheld of it, the law that it was given under, and the receipt."""

    records: tuple[Record, ...]
    withheld: tuple[RefusedAttribute, ...]
    law: Law
    receipt: VerifiedReceipt


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What an exchange would be granted and refused."""

    granted: tuple[str, ...]
    refused: tuple[RefusedAttribute, ...]
    law: Law
    receipt: VerifiedReceipt


@dataclass(frozen=True, slots=True)
class Prepared:
    """A signed request, and what it was made of."""

    question: Question
    consumer: str
    request_id: str
    body: bytes
    signature: str

    @property
    def envelope(self) -> envelope_pb2.SignedEnvelope:
        """The envelope to send."""
        return envelope_pb2.SignedEnvelope(body=self.body, signature=self.signature)


def prepare(credentials: Credentials, question: Question) -> Prepared:
    """Writes and signs a request under a fresh request id."""
    consumer = question.consumer or credentials.cvr
    body = wire.body(question, consumer).SerializeToString(deterministic=True)
    statement = Statement(credentials.cvr, question.caseworker, new_request_id())
    signature = signing.sign(
        credentials.request_key,
        credentials.request_key_id,
        credentials.algorithm,
        statement,
        credentials.audience,
        body,
    )
    return Prepared(question, consumer, statement.request_id, body, signature)


def new_request_id() -> str:
    """Makes a UUIDv7 (RFC 9562 section 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    value = milliseconds << 80 | 0x7 << 76 | (random >> 68 & 0xFFF) << 64 | 0b10 << 62
    return str(uuid.UUID(int=value | random & (1 << 62) - 1))


def read_answer(
    prepared: Prepared,
    response: exchange_service_pb2.ExchangeResponse,
    log: NoteVerifier,
    kind: str = Kind.EXCHANGE,
) -> Answer:
    """Verifies and reads an answer.

    Raises:
        ReceiptInvalid: it is not what the log recorded.
    """
    receipt = verify_receipt(response.receipt, log, prepared, sha256(response.data).digest())
    _check_told(receipt.entry, kind, response.decision)
    _check_time(prepared, receipt.entry)
    try:
        records = released.decode(response.data)
    except DecodeError as error:
        raise ReceiptInvalid("the data cannot be read, although its digest was recorded") from error
    names = {name for record in records for name in record}
    if not names <= set(receipt.entry.attributes_released):
        raise ReceiptInvalid("the answer holds attributes that the log does not record as released")
    return Answer(
        records,
        tuple(
            wire.refused(r) for r in (*response.decision.refused_attributes, *response.withheld_attributes)
        ),
        _law(response.decision),
        receipt,
    )


def read_rehearsal(
    prepared: Prepared, response: exchange_service_pb2.DryRunResponse, log: NoteVerifier
) -> Rehearsal:
    """Verifies and reads what a dry run told.

    Raises:
        ReceiptInvalid: it is not what the log recorded.
    """
    receipt = verify_receipt(response.receipt, log, prepared, None)
    decision = response.decision
    _check_told(receipt.entry, Kind.DRY_RUN, decision)
    _check_time(prepared, receipt.entry)
    refused = tuple(wire.refused(r) for r in decision.refused_attributes)
    return Rehearsal(tuple(decision.granted_attributes), refused, _law(decision), receipt)


def read_receipt(request_id: str, message: decision_pb2.Receipt, log: NoteVerifier) -> VerifiedReceipt:
    """Verifies a receipt that was asked for by its request id.

    Raises:
        ReceiptInvalid: it does not hold, or is another request's.
    """
    receipt = verify_receipt(message, log)
    if receipt.entry.request_id != request_id:
        raise ReceiptInvalid("the receipt is of another request")
    return receipt


def check_cosigned(receipt: VerifiedReceipt, policy: Policy | None, log: NoteVerifier) -> None:
    """Holds a receipt to the policy of whoever asked for it, where there is one.

    Raises:
        NotCosigned: its checkpoint does not meet the policy.
    """
    if policy is None:
        return
    try:
        policy.verify(receipt.signed_checkpoint, log)
    except LogError as error:
        message = f"the receipt is not witnessed as the policy demands: {error}; fetch it again in a while"
        raise NotCosigned(message, receipt=receipt) from error


def verify_receipt(
    message: decision_pb2.Receipt,
    log: NoteVerifier,
    prepared: Prepared | None = None,
    response_digest: bytes | None = None,
) -> VerifiedReceipt:
    """Verifies a receipt: against the log's key, and against one's own request where it is at hand.

    Raises:
        ReceiptInvalid: it does not hold; the message says where.
    """
    try:
        entry, commitments = entries.decode(message.entry)
        proof = proof_file.parse(message.proof)
        checkpoint = proof.verify(message.entry, log)
    except LogError as error:
        raise ReceiptInvalid(f"the receipt does not hold: {error}") from error
    openings = {o.name: o.key for o in message.openings}
    if prepared is not None:
        _check_own(prepared, entry, commitments, openings)
    if response_digest is not None and not opens(
        commitments, openings.get("response", b""), "response", response_digest
    ):
        raise ReceiptInvalid("the answer is not the one that was recorded")
    file = proof_file.ProofFile(proof.index, proof.hashes, proof.signed_checkpoint, message.entry)
    return VerifiedReceipt(
        proof.index, entry, commitments, file.text, checkpoint, proof.signed_checkpoint, openings
    )


def _check_told(entry: Entry, kind: str, decision: decision_pb2.Decision) -> None:
    if (entry.kind, entry.outcome) != (kind, Outcome.GRANTED):
        raise ReceiptInvalid(f"the log records this as {entry.kind}: {entry.outcome}")
    told = (tuple(decision.granted_attributes), decision.legal_basis_version, decision.policy_revision)
    if told != (entry.attributes_granted, entry.legal_basis_version, entry.policy_revision):
        raise ReceiptInvalid("the decision is not the one that was recorded")


def _check_time(prepared: Prepared, entry: Entry) -> None:
    """Holds what was recorded to the time at which it happened: between signing and now."""
    signed = (uuid.UUID(prepared.request_id).int >> 80) / 1000  # UUIDv7: milliseconds
    try:
        recorded = datetime.fromisoformat(entry.time).timestamp()
    except ValueError as error:
        raise ReceiptInvalid("the recorded time cannot be read") from error
    if not signed - signing.SKEW <= recorded <= time.time() + signing.SKEW:
        raise ReceiptInvalid("the log records another time than that of the request")


def _law(decision: decision_pb2.Decision) -> Law:
    return Law(
        decision.citation,
        decision.citation_verified,
        decision.legal_basis_version,
        decision.policy_revision,
    )


def _check_own(
    prepared: Prepared, entry: Entry, commitments: Mapping[str, str], openings: Mapping[str, bytes]
) -> None:
    question = prepared.question
    if entry.request_id not in {prepared.request_id, None}:
        raise ReceiptInvalid("the receipt is of another request")
    values = {"request": request_bytes(prepared.signature, prepared.body)}
    if entry.request_id is not None and entry.dataset:
        if (entry.consumer, entry.dataset) != (prepared.consumer, question.dataset):
            raise ReceiptInvalid("the recorded authority or dataset is not the one of the request")
        values |= {
            "subject": subject_bytes(question.subject.kind, question.subject.value),
            "caseworker": question.caseworker.encode(),
            "case": question.case_reference.encode(),
        }
    if not set(entry.attributes_released) <= set(question.attributes):
        raise ReceiptInvalid("the log records more attributes as released than were asked for")
    for name, value in values.items():
        if not opens(commitments, openings.get(name, b""), name, value):
            raise ReceiptInvalid(f"the recorded {name} is not the one of the request")
