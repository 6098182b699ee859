"""From the API's criteria of a search to the log's."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from hjemmel.audit.v1 import audit_service_pb2 as pb

from audit.errors import FormatError
from audit.queries.criteria import Criteria
from exchange.errors import FieldViolation, Refused
from exchange.model.identifiers import SUBJECT_KEYS
from exchange.sealed import subject_bytes


def read(message: pb.RecordCriteria) -> Criteria:
    """Reads criteria.

    Raises:
        Refused: a field cannot be; none of its value stands in the error.
    """
    try:
        return Criteria(
            subject=_subject(message.subject) if message.HasField("subject") else None,
            caseworker=message.caseworker.encode() if message.caseworker else None,
            case=message.case_reference.encode() if message.case_reference else None,
            kinds=tuple(message.kinds),
            outcomes=tuple(message.outcomes),
            authorities=tuple(message.authorities),
            consumers=tuple(message.consumers),
            providers=tuple(message.providers),
            processors=tuple(message.processors),
            datasets=tuple(message.datasets),
            purposes=tuple(message.purposes),
            legal_bases=tuple(message.legal_bases),
            agreements=tuple(message.agreements),
            attributes=tuple(message.attributes),
            released=tuple(message.released_attributes),
            reasons=tuple(message.reasons),
            obligations=tuple(message.obligations),
            revisions=tuple(message.policy_revisions),
            since=_time("start_time", message.start_time) if message.HasField("start_time") else None,
            until=_time("end_time", message.end_time) if message.HasField("end_time") else None,
            needs_review=message.needs_review,
        )
    except FormatError as error:
        raise Refused.because("FIELD_INVALID", FieldViolation("criteria", str(error))) from error


def _subject(message: pb.RecordSubject) -> bytes:
    form = SUBJECT_KEYS.get(message.kind)
    if form is None:
        violation = FieldViolation("criteria.subject.kind", f"must be one of {', '.join(SUBJECT_KEYS)}")
        raise Refused.because("FIELD_INVALID", violation)
    if not form[0](message.value):
        raise Refused.because("FIELD_INVALID", FieldViolation("criteria.subject.value", f"must be {form[1]}"))
    return subject_bytes(message.kind, message.value)


def _time(name: str, message: Timestamp) -> datetime:
    try:
        return message.ToDatetime(UTC)
    except (ValueError, OverflowError) as error:
        violation = FieldViolation(f"criteria.{name}", "must be a time of the years 1 to 9999")
        raise Refused.because("FIELD_INVALID", violation) from error
