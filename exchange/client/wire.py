"""Between the client's words and the messages of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.timestamp_pb2 import Timestamp
from hjemmel.exchange.v1 import decision_pb2, envelope_pb2, many_pb2

from exchange.model.decision import Reason, RefusedAttribute

if TYPE_CHECKING:
    from datetime import datetime

    from exchange.client.many import Subject, Task
    from exchange.client.protocol import Question


def body(question: Question, consumer: str) -> envelope_pb2.ExchangeBody:
    """Writes the body of a request. An unknown role is sent as unspecified, and refused."""
    return envelope_pb2.ExchangeBody(
        consumer=consumer,
        dataset=question.dataset,
        attributes=question.attributes,
        subject=envelope_pb2.SubjectKey(kind=question.subject.kind, value=question.subject.value),
        subject_role=_role(question.subject_role),
        purpose=question.purpose,
        legal_basis=question.legal_basis,
        agreement=question.agreement,
        case_reference=question.case_reference,
        consent_reference=question.consent_reference,
        law_date=question.law_date.isoformat() if question.law_date else None,
        effect_time=time(question.effect_time),
        registration_time=time(question.registration_time),
        partial_acceptable=question.partial_acceptable,
        emergency_ground=question.emergency_ground,
    )


def mandate(task: Task, consumer: str) -> many_pb2.MandateBody:
    """Writes the body of a mandate."""
    return many_pb2.MandateBody(
        consumer=consumer,
        dataset=task.dataset,
        attributes=task.attributes,
        key_kind=task.key_kind,
        purpose=task.purpose,
        legal_basis=task.legal_basis,
        agreement=task.agreement,
        law_date=task.law_date.isoformat() if task.law_date else None,
        effect_time=time(task.effect_time),
        registration_time=time(task.registration_time),
        partial_acceptable=task.partial_acceptable,
        matching=task.matching,
    )


def subject(one: Subject, request_id: str, salt: bytes) -> many_pb2.SubjectBody:
    """Writes one of many subjects."""
    return many_pb2.SubjectBody(
        request_id=request_id,
        value=one.value,
        subject_role=_role(one.role),
        case_reference=one.case_reference,
        consent_reference=one.consent_reference or "",
        salt=salt,
    )


def refused(message: decision_pb2.RefusedAttribute) -> RefusedAttribute:
    """Reads an attribute that was not granted or not released."""
    return RefusedAttribute(message.attribute, reason(message.reason))


def reason(message: decision_pb2.Reason) -> Reason:
    """Reads a reason."""
    return Reason(message.code, message.rule, message.legal_basis, message.text_en, message.text_da)


def _role(name: str) -> str | None:
    role = f"SUBJECT_ROLE_{name.upper()}"
    return role if role in envelope_pb2.SubjectRole.keys() else None  # noqa: SIM118  # an enum wrapper


def time(value: datetime | None) -> Timestamp | None:
    """Writes a time, where there is one."""
    if value is None:
        return None
    message = Timestamp()
    message.FromDatetime(value)
    return message
