"""Step 1 for a part of a package: the one signature, the terms that it is over, and who the applicant is."""

from __future__ import annotations

from hashlib import sha256

from exchange import packaged
from exchange.errors import FieldViolation, Refused
from exchange.model.request import Caller, Envelope, Statement
from exchange.packages.terms import MAX_SUBJECTS, digest_of
from exchange.ports import Authenticator


class PackageAuthenticator:
    """Implements `exchange.ports.Authenticator` for the parts under one signed request.

    Its signature was verified when the call began.
    """

    def __init__(self, inner: Authenticator, caller: Caller, signed: Envelope, stated: Statement) -> None:
        """Takes who asks, the signed request, and what its signature states."""
        self._inner = inner
        self._caller = caller
        self._signed = signed
        self._stated = stated

    def identify(self, certificate: bytes) -> Caller:  # noqa: ARG002  # the call's own, known already
        """See `exchange.ports.Authenticator`."""
        return self._caller

    def authenticate(self, caller: Caller, envelope: Envelope) -> Statement:  # noqa: ARG002  # likewise
        """See `exchange.ports.Authenticator`."""
        # 1. The request is a part of what was signed, and the terms are those that were signed for.
        message, body, _, part = packaged.read(envelope.body)
        if Envelope(message.body, envelope.signature) != self._signed:
            raise Refused.because("BODY_DIGEST_MISMATCH")
        if digest_of(message.terms) != body.digest:
            raise Refused.because("BODY_DIGEST_MISMATCH")
        # 2. It says who the applicant is where it is about the applicant, and nowhere else.
        if part.about_applicant != bool(message.applicant) or part.about_applicant == bool(message.subject):
            raise Refused.because("BODY_MALFORMED")
        if part.about_applicant:
            check_applicant(message.applicant, body.applicant_digest)
        # 3. Its place is one that a subject can have: request ids follow from it.
        if not 0 <= message.index < (1 if part.about_applicant else MAX_SUBJECTS):
            raise Refused.because("FIELD_INVALID", FieldViolation("index", "must be a place of the part's"))
        request_id = packaged.request_id(self._stated.request_id, part.name, message.index)
        return Statement(self._stated.issuer, self._stated.caseworker, request_id)

    def authorise(self, issuer: str, consumer: str, dataset: str, purpose: str) -> str | None:
        """See `exchange.ports.Authenticator`."""
        return self._inner.authorise(issuer, consumer, dataset, purpose)


def check_applicant(serialised: bytes, digest: bytes) -> None:
    """Finds that an Applicant is the one whose digest was signed, and salted.

    Raises:
        Refused: BODY_DIGEST_MISMATCH, or FIELD_INVALID.
    """
    if sha256(serialised).digest() != digest:
        raise Refused.because("BODY_DIGEST_MISMATCH")
    if len(packaged.read_applicant(serialised).salt) != packaged.SALT:
        violation = FieldViolation("applicant.salt", f"must be {packaged.SALT} random bytes")
        raise Refused.because("FIELD_INVALID", violation)
