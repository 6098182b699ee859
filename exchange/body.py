"""Reading a request body: from its exact bytes to a checked request.

The one place where the wire form of a question is known. Fields are checked for form only; whether a
dataset exists and who may ask is not its business.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache

from google.protobuf.timestamp_pb2 import Timestamp
from hjemmel.exchange.v1 import envelope_pb2 as pb
from hjemmel.exchange.v1 import many_pb2

from exchange import packaged
from exchange.errors import ExchangeError, FieldViolation, Refused
from exchange.model.identifiers import SUBJECT_KEYS, is_cvr
from exchange.model.request import Kind, Request, SubjectKey
from exchange.parsed import parsed

MAX_ATTRIBUTES = 100
_MAX_TEXT = 200
_ROLE_PREFIX = "SUBJECT_ROLE_"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
_DIGITS = re.compile(r"[0-9]{6}")
_NAME_FORM = "a name: a letter, then up to 63 letters, digits, '.', '-', '_', no six digits in a row"


def read(body: bytes) -> Request:
    """Parses and checks a serialised ExchangeBody.

    Raises:
        Refused: BODY_MALFORMED, or FIELD_INVALID with all the fields to correct.
    """
    message = parsed(pb.ExchangeBody, body)
    violations: list[FieldViolation] = []
    request = Request(
        consumer=_checked(violations, "consumer", message.consumer, is_cvr, "a CVR number"),
        dataset=_name(violations, "dataset", message.dataset),
        attributes=_attributes(violations, message),
        subject=_subject(violations, message.subject),
        subject_role=_role(violations, message.subject_role),
        purpose=_name(violations, "purpose", message.purpose),
        legal_basis=_name(violations, "legal_basis", message.legal_basis),
        agreement=_name(violations, "agreement", message.agreement),
        case_reference=_text(violations, "case_reference", message.case_reference),
        consent_reference=_text(violations, "consent_reference", message.consent_reference, needed=False)
        or None,
        law_date=_date(violations, "law_date", message.law_date),
        effect_time=_time(violations, "effect_time", message, message.effect_time),
        registration_time=_time(violations, "registration_time", message, message.registration_time),
        partial_acceptable=message.partial_acceptable,
        emergency_ground=_text(violations, "emergency_ground", message.emergency_ground, needed=False)
        or None,
    )
    if violations:
        raise malformed(*violations)
    return request


def read_mandate(body: bytes) -> tuple[Request, str]:
    """Parses and checks a serialised MandateBody; gives a request about nobody yet, and the kind of entry.

    Raises:
        Refused: BODY_MALFORMED, or FIELD_INVALID with all the fields to correct.
    """
    message = parsed(many_pb2.MandateBody, body)
    violations: list[FieldViolation] = []
    if message.key_kind not in SUBJECT_KEYS:
        violations.append(FieldViolation("key_kind", f"must be one of {', '.join(SUBJECT_KEYS)}"))
    request = Request(
        consumer=_checked(violations, "consumer", message.consumer, is_cvr, "a CVR number"),
        dataset=_name(violations, "dataset", message.dataset),
        attributes=_attributes(violations, message),
        subject=SubjectKey(message.key_kind, ""),
        subject_role="",
        purpose=_name(violations, "purpose", message.purpose),
        legal_basis=_name(violations, "legal_basis", message.legal_basis),
        agreement=_name(violations, "agreement", message.agreement),
        case_reference="",
        consent_reference=None,
        law_date=_date(violations, "law_date", message.law_date),
        effect_time=_time(violations, "effect_time", message, message.effect_time),
        registration_time=_time(violations, "registration_time", message, message.registration_time),
        partial_acceptable=message.partial_acceptable,
    )
    if violations:
        raise malformed(*violations)
    return request, Kind.MATCHING if message.matching else Kind.EXCHANGE


def read_batched(body: bytes) -> Request:
    """Reads the request about one subject of a batch, from a serialised BatchedRequest.

    Raises:
        Refused: as `read`.
    """
    batched = parsed(many_pb2.BatchedRequest, body)
    message = parsed(many_pb2.SubjectBody, batched.subject)
    mandate, _ = _mandate(batched.mandate.body)
    violations: list[FieldViolation] = []
    request = replace(
        mandate,
        subject=_subject(violations, pb.SubjectKey(kind=mandate.subject.kind, value=message.value)),
        subject_role=_role(violations, message.subject_role),
        case_reference=_text(violations, "case_reference", message.case_reference),
        consent_reference=_text(violations, "consent_reference", message.consent_reference, needed=False)
        or None,
    )
    if violations:
        raise malformed(*violations)
    return request


def read_packaged(body: bytes) -> Request:
    """Reads the request about one subject of a package's part, from a serialised PackagedRequest.

    Raises:
        Refused: as `read`.
    """
    return read(packaged.exchange_body(body).SerializeToString())


_mandate = lru_cache(maxsize=64)(read_mandate)  # the same one stands in the request of each subject


def malformed(*violations: FieldViolation) -> ExchangeError:
    """Makes the refusal of malformed fields."""
    return Refused.because("FIELD_INVALID", *violations)


def _checked(
    violations: list[FieldViolation],
    field: str,
    value: str,
    check: Callable[[str], bool],
    form: str,
) -> str:
    if not check(value):
        violations.append(FieldViolation(field, f"must be {form}"))
    return value


def _name(violations: list[FieldViolation], field: str, value: str) -> str:
    return _checked(violations, field, value, _is_name, _NAME_FORM)


def _text(violations: list[FieldViolation], field: str, value: str, *, needed: bool = True) -> str:
    form = f"{'1' if needed else '0'} to {_MAX_TEXT} printable characters"
    return _checked(
        violations, field, value, lambda v: needed <= len(v) <= _MAX_TEXT and v.isprintable(), form
    )


def _is_name(value: str) -> bool:
    # Names become public in the log, so that nothing that could be a personnummer passes for one.
    return _NAME.fullmatch(value) is not None and _DIGITS.search(value) is None


def _attributes(
    violations: list[FieldViolation], message: pb.ExchangeBody | many_pb2.MandateBody
) -> tuple[str, ...]:
    names = tuple(message.attributes)
    if not 0 < len(names) <= MAX_ATTRIBUTES or len(set(names)) != len(names):
        form = f"must name 1 to {MAX_ATTRIBUTES} attributes, each once"
        violations.append(FieldViolation("attributes", form))
    elif not all(_is_name(n) for n in names):
        violations.append(FieldViolation("attributes", "must be names of attributes; there is no '*'"))
    return tuple(sorted(names))


def _subject(violations: list[FieldViolation], subject: pb.SubjectKey) -> SubjectKey:
    check, form = SUBJECT_KEYS.get(subject.kind, (None, ""))
    if check is None:
        kinds = ", ".join(SUBJECT_KEYS)
        violations.append(FieldViolation("subject.kind", f"must be one of {kinds}"))
    elif not check(subject.value):
        violations.append(FieldViolation("subject.value", f"must be {form}"))
    return SubjectKey(subject.kind, subject.value)


def _role(violations: list[FieldViolation], role: pb.SubjectRole) -> str:
    if role == pb.SUBJECT_ROLE_UNSPECIFIED or role not in pb.SubjectRole.values():
        violations.append(FieldViolation("subject_role", "must say what the subject is in the case"))
        return ""
    return pb.SubjectRole.Name(role).removeprefix(_ROLE_PREFIX).lower()


def _date(violations: list[FieldViolation], field: str, value: str) -> date | None:
    if not value:
        return None
    try:
        parsed = date.fromisoformat(value)
    except ValueError:
        parsed = None
    if parsed is None or parsed.isoformat() != value:
        violations.append(FieldViolation(field, "must be a date, YYYY-MM-DD"))
    return parsed


def _time(
    violations: list[FieldViolation],
    field: str,
    message: pb.ExchangeBody | many_pb2.MandateBody,
    value: Timestamp,
) -> datetime | None:
    if not message.HasField(field):
        return None
    try:
        return value.ToDatetime(UTC)
    except (ValueError, OverflowError):
        violations.append(FieldViolation(field, "must be a time between the years 1 and 9999"))
        return None
