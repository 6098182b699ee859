"""A part of a package as a request: what proves it, and nothing about the applicant where it is about others.

The authority signs once, over the package's terms and a salted digest of the applicant. Each record seals
what was signed, the terms, its own part and subject; only records about the applicant seal who that is. The
same bytes are made by the broker and by the client that verifies.
"""

from __future__ import annotations

import uuid
from hashlib import sha256

from hjemmel.exchange.v1 import assemble_pb2 as pb
from hjemmel.exchange.v1 import envelope_pb2

from exchange.errors import FieldViolation, Refused
from exchange.model.ages import as_date
from exchange.packages import terms as wording
from exchange.packages.model import Part, Terms
from exchange.packages.tables import PackageError
from exchange.parsed import parsed

SALT = 16  # bytes
_ID = b"hjemmel/package-part/v1\x00"
_RANDOM = (0xFFF << 64) | (1 << 62) - 1  # what of a UUIDv7 is neither time, version nor variant


def request(signed: bytes, text: str, part: Part, index: int, subject: str, applicant: bytes) -> bytes:
    """Makes the request about one subject of a part, as it is sealed with its record.

    Args:
        signed: the AssembleBody.
        text: the package's terms.
        part: which part of it.
        index: place of the subject among the part's.
        subject: the value of its identifier.
        applicant: the serialised Applicant; left out where the subject is another.
    """
    own = {"applicant": applicant} if part.about_applicant else {"subject": subject}
    message = pb.PackagedRequest(body=signed, terms=text, part=part.name, index=index, **own)
    return message.SerializeToString(deterministic=True)


def request_id(signed_id: str, part: str, index: int) -> str:
    """Gives the request id of an exchange: a UUIDv7 that follows from the signed one.

    It has the signed one's time, and in the place of its random bits those of a digest over it, the part's
    name and the subject's place. Nobody's identifier goes in. What is sent twice meets the ids of the first
    time.
    """
    signed = uuid.UUID(signed_id)
    digest = sha256(_ID + signed.bytes + part.encode() + b"\x00" + index.to_bytes(4)).digest()
    return str(uuid.UUID(int=signed.int & ~_RANDOM | int.from_bytes(digest[:16]) & _RANDOM))


def read_signed(body: bytes) -> pb.AssembleBody:
    """Reads what was signed, and finds that its law date is one.

    Raises:
        Refused: BODY_MALFORMED or FIELD_INVALID.
    """
    signed = parsed(pb.AssembleBody, body)
    if as_date(signed.law_date) is None:
        raise Refused.because("FIELD_INVALID", FieldViolation("law_date", "must be a date, YYYY-MM-DD"))
    return signed


def cited(signed: pb.AssembleBody, terms: Terms) -> frozenset[str]:
    """Gives the names of the parts that an agreement is cited for.

    Raises:
        Refused: FIELD_INVALID: there is no such part, or it is named twice.
    """
    names = [a.part for a in signed.agreements]
    if len(set(names)) != len(names) or any(terms.part(name) is None for name in names):
        parts = ", ".join(p.name for p in terms.parts)
        form = f"must name parts of the package, each once: {parts}"
        raise Refused.because("FIELD_INVALID", FieldViolation("agreements", form))
    return frozenset(names)


def read(body: bytes) -> tuple[pb.PackagedRequest, pb.AssembleBody, Terms, Part]:
    """Reads a part's request, with the body, the terms and the part that it names.

    Raises:
        Refused: BODY_MALFORMED, or FIELD_INVALID where it names no part of its terms.
    """
    message = parsed(pb.PackagedRequest, body)
    signed = parsed(pb.AssembleBody, message.body)
    try:
        terms = wording.parse(message.terms)
    except PackageError as error:
        raise Refused.because("BODY_MALFORMED") from error
    part = terms.part(message.part)
    if part is None:
        raise Refused.because("FIELD_INVALID", FieldViolation("part", "must be a part of the package"))
    return message, signed, terms, part


def read_applicant(serialised: bytes) -> pb.Applicant:
    """Reads who the applicant is.

    Raises:
        Refused: BODY_MALFORMED.
    """
    return parsed(pb.Applicant, serialised)


def exchange_body(body: bytes) -> envelope_pb2.ExchangeBody:
    """Writes a part's request as the body of a single exchange: what is asked, of whom, under which law.

    Raises:
        Refused: as `read`.
    """
    message, signed, _, part = read(body)
    applicant = read_applicant(message.applicant)
    agreements = {a.part: a.agreement for a in signed.agreements}
    return envelope_pb2.ExchangeBody(
        consumer=signed.consumer,
        dataset=part.dataset,
        attributes=part.attributes,
        subject=envelope_pb2.SubjectKey(
            kind=part.key.kind, value=applicant.value if part.about_applicant else message.subject
        ),
        subject_role=f"SUBJECT_ROLE_{part.role.upper()}",
        purpose=part.purpose,
        legal_basis=part.legal_basis,
        agreement=agreements.get(part.name, ""),
        case_reference=signed.case_reference,
        consent_reference=applicant.consent_reference if part.about_applicant else "",
        law_date=signed.law_date,
        effect_time=signed.effect_time if signed.HasField("effect_time") else None,
        registration_time=signed.registration_time if signed.HasField("registration_time") else None,
        partial_acceptable=part.partial,
    )
