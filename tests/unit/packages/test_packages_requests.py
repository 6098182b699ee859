"""A part's request: what is sealed with its record proves it, and says no more than it must."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from hjemmel.exchange.v1 import assemble_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st

from adapters.catalogue import load_catalogue
from exchange import body, packaged
from exchange.client.protocol import new_request_id
from exchange.errors import ExchangeError
from exchange.identity.packaged import PackageAuthenticator
from exchange.model.identifiers import is_request_id
from exchange.model.request import Caller, Envelope, Statement
from exchange.packages.load import load_packages
from exchange.packages.model import Part
from exchange.ports import Authenticator
from tests.support.packages import AGREEMENTS

PACKAGE = load_packages(load_catalogue())["housing-benefit"]
NUMBER, MEMBER, CONSENT = "7204863900", "9009841234", "SAMTYKKE-1"
SIGNED_ID = new_request_id()


class NoOne:
    """An authenticator whose work was done when the call began."""

    def identify(self, certificate: bytes) -> Caller:
        raise AssertionError("known already")

    def authenticate(self, caller: Caller, envelope: Envelope) -> Statement:
        raise AssertionError("known already")

    def authorise(self, issuer: str, consumer: str, dataset: str, purpose: str) -> str | None:
        return f"{issuer} for {consumer}: {dataset}, {purpose}"


def applicant(**changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "value": NUMBER,
        "consent_reference": CONSENT,
        "salt": bytes(range(16)),
        **changes,
    }
    return pb.Applicant(**fields).SerializeToString(deterministic=True)


def signed(opening: bytes) -> bytes:
    return pb.AssembleBody(
        consumer="91000008",
        package=PACKAGE.name,
        digest=PACKAGE.digest,
        applicant_digest=sha256(opening).digest(),
        agreements=[
            pb.PartAgreement(part=p.name, agreement=AGREEMENTS[p.dataset]) for p in PACKAGE.terms.parts
        ],
        case_reference="SAG-1",
        law_date="2025-01-01",
    ).SerializeToString(deterministic=True)


def request(name: str, opening: bytes | None = None, index: int = 0) -> pb.PackagedRequest:
    opening = opening or applicant()
    part = PACKAGE.terms.part(name)
    assert part is not None
    made = packaged.request(signed(opening), PACKAGE.text, part, index, MEMBER, opening)
    return pb.PackagedRequest.FromString(made)


def authenticator(opening: bytes | None = None) -> Authenticator:
    envelope = Envelope(signed(opening or applicant()), "jws")
    return PackageAuthenticator(
        NoOne(), Caller("91000008", "f"), envelope, Statement("91000008", "me", SIGNED_ID)
    )


def authenticated(message: pb.PackagedRequest, signature: str = "jws") -> Statement:
    envelope = Envelope(message.SerializeToString(), signature)
    return authenticator().authenticate(Caller("91000008", "f"), envelope)


@given(st.binary(min_size=10, max_size=10), st.integers(0, 49))
def test_request_ids_follow_from_the_signed_one(random: bytes, index: int) -> None:
    """Each a UUIDv7 of the signed one's time, the same for the same place, another for any other."""
    whole = int.from_bytes(random) & packaged._RANDOM
    first = str(uuid.UUID(int=0x01A2021C2C06 << 80 | 7 << 76 | 0b10 << 62 | whole))
    made = packaged.request_id(first, "household", index)
    assert is_request_id(made)
    assert first[:13] == made[:13]
    assert made == packaged.request_id(first, "household", index)
    others = {
        packaged.request_id(first, "household", index + 1),
        packaged.request_id(first, "households", index),
        packaged.request_id(new_request_id(), "household", index),
        first,
    }
    assert 5 == len({made, *others})


@pytest.mark.parametrize("part", PACKAGE.terms.parts, ids=[p.name for p in PACKAGE.terms.parts])
def test_request_is_about_its_own_subject_and_nobody_else(part: Part) -> None:
    """The applicant, salt and consent are in requests about the applicant, and in no other."""
    sealed = request(part.name).SerializeToString()
    assert part.about_applicant == (NUMBER.encode() in sealed) == (CONSENT.encode() in sealed)
    assert part.about_applicant == (bytes(range(16)) in sealed)
    assert part.about_applicant == (MEMBER.encode() not in sealed)
    if part.key.kind == "personnummer":
        read = body.read_packaged(sealed)
        assert (NUMBER if part.about_applicant else MEMBER) == read.subject.value
        assert (CONSENT if part.about_applicant else None) == read.consent_reference


@pytest.mark.parametrize("part", PACKAGE.terms.parts, ids=[p.name for p in PACKAGE.terms.parts])
def test_request_asks_what_the_terms_say(part: Part) -> None:
    """Dataset, attributes, role, purpose, law and key are the part's; the agreement is the one cited."""
    message = request(part.name)
    message.subject = (
        message.subject
        and {
            "personnummer": MEMBER,
            "dar_adresse_id": str(uuid.UUID(int=1)),
            "bfe_nummer": "100",
        }[part.key.kind]
    )
    read = body.read_packaged(message.SerializeToString())
    assert (part.dataset, part.attributes, part.role) == (read.dataset, read.attributes, read.subject_role)
    assert (part.purpose, part.legal_basis) == (read.purpose, read.legal_basis)
    assert (part.key.kind, AGREEMENTS[part.dataset]) == (read.subject.kind, read.agreement)


def test_part_of_what_was_signed_is_authenticated() -> None:
    """Issuer and caseworker are those of the signature; the request id is the place's own."""
    stated = authenticated(request("spouse-income"))
    assert Statement("91000008", "me", packaged.request_id(SIGNED_ID, "spouse-income", 0)) == stated
    assert authenticated(request("income")) != stated
    asked = authenticator().authorise("a", "b", "c", "d")
    assert "a for b: c, d" == asked


def _other_body(message: pb.PackagedRequest) -> None:
    changed = pb.AssembleBody.FromString(message.body)
    changed.case_reference = "SAG-2"
    message.body = changed.SerializeToString()


def _wider(message: pb.PackagedRequest) -> None:
    message.terms = message.terms.replace('"pensionsindkomst"]', '"pensionsindkomst","seNummer"]')


def _other_applicant(message: pb.PackagedRequest) -> None:
    message.applicant = applicant(value=MEMBER)


def _other_consent(message: pb.PackagedRequest) -> None:
    message.applicant = applicant(consent_reference="SAMTYKKE-2")


def _subject_beside_applicant(message: pb.PackagedRequest) -> None:
    message.subject = MEMBER


def _no_applicant(message: pb.PackagedRequest) -> None:
    message.ClearField("applicant")
    message.subject = MEMBER


def _second_applicant(message: pb.PackagedRequest) -> None:
    message.index = 1


def _no_such_part(message: pb.PackagedRequest) -> None:
    message.part = "health"


def _part_of_a_member(message: pb.PackagedRequest) -> None:
    message.part = "spouse-income"


def _no_terms(message: pb.PackagedRequest) -> None:
    message.terms = "{}"


Spoil = Callable[[pb.PackagedRequest], None]
SPOILT: list[tuple[Spoil, str]] = [
    (_other_body, "BODY_DIGEST_MISMATCH"),
    (_wider, "BODY_DIGEST_MISMATCH"),
    (_other_applicant, "BODY_DIGEST_MISMATCH"),
    (_other_consent, "BODY_DIGEST_MISMATCH"),
    (_subject_beside_applicant, "BODY_MALFORMED"),
    (_no_applicant, "BODY_MALFORMED"),
    (_second_applicant, "FIELD_INVALID"),
    (_no_such_part, "FIELD_INVALID"),
    (_part_of_a_member, "BODY_MALFORMED"),
    (_no_terms, "BODY_MALFORMED"),
]


@pytest.mark.parametrize(("spoil", "code"), SPOILT, ids=[s.__name__.strip("_") for s, _ in SPOILT])
def test_what_was_not_signed_is_not_authenticated(spoil: Spoil, code: str) -> None:
    """A part's request says nothing that the signature, the terms and the salted digest do not carry."""
    message = request("income")
    spoil(message)
    with pytest.raises(ExchangeError) as refused:
        authenticated(message)
    assert code == refused.value.reasons[0].code


@pytest.mark.parametrize(
    "change", [{"subject": ""}, {"applicant": applicant()}, {"index": 50}, {"index": -1}]
)
def test_request_about_another_holds_the_other_and_a_place(change: dict[str, object]) -> None:
    """Nobody, the applicant beside somebody, or a place that no subject can have."""
    fields = {f: getattr(request("spouse-income"), f) for f in ("body", "terms", "part", "index", "subject")}
    with pytest.raises(ExchangeError):
        authenticated(pb.PackagedRequest(**{**fields, **change}))


def test_request_of_another_signature_is_not_authenticated() -> None:
    """The body alone does not do."""
    with pytest.raises(ExchangeError) as refused:
        authenticated(request("income"), "another")
    assert "BODY_DIGEST_MISMATCH" == refused.value.reasons[0].code


def test_digest_of_the_applicant_cannot_be_searched() -> None:
    """Two requests about one person have digests that do not tell so."""
    first, second = (sha256(applicant(salt=os.urandom(16))).digest() for _ in range(2))
    assert first != second
    opening = applicant(salt=b"")
    sealed = request("income", opening).SerializeToString()
    with pytest.raises(ExchangeError) as refused:
        authenticator(opening).authenticate(Caller("91000008", "f"), Envelope(sealed, "jws"))
    assert "applicant.salt" == refused.value.violations[0].field


@given(st.binary(max_size=80))
def test_bytes_that_are_no_request_are_refused(junk: bytes) -> None:
    """Whatever they are, they end in a refusal that repeats none of them."""
    with pytest.raises(ExchangeError) as refused:
        body.read_packaged(junk)
    assert refused.value.reasons[0].code in {"BODY_MALFORMED", "FIELD_INVALID"}
