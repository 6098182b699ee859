"""Why an exchange ends without data.

    ExchangeError
    ├── Refused      somebody may not, or asked wrongly: asking again unchanged is pointless
    └── Failed       a part did not do its work: nothing was granted by that

Every reason code that the broker itself gives stands here with the gRPC status it travels under and
one sentence that says what to do. Codes given by policies (`AGREEMENT_ENDED`, …) have their texts in
the policies' METADATA. No message ever holds a value from the request: it may be personal data.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Self

from exchange.model.decision import Decision, Reason
from exchange.model.trace import Receipt


class Status(Enum):
    """The gRPC status codes that the product uses, by their number on the wire."""

    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    OUT_OF_RANGE = 11
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


@dataclass(frozen=True, slots=True)
class Code:
    """A reason of the broker's own."""

    status: Status
    message: str


CODES: dict[str, Code] = {
    # Who asks (step 1)
    "CERTIFICATE_REQUIRED": Code(
        Status.UNAUTHENTICATED,
        "The connection carries no organisation certificate: connect with mutual TLS.",
    ),
    "CERTIFICATE_NOT_AN_ORGANISATION": Code(
        Status.UNAUTHENTICATED,
        "The certificate names no organisation: it needs one organizationIdentifier, NTRDK-<CVR number>.",
    ),
    "CERTIFICATE_NOT_BOUND": Code(
        Status.UNAUTHENTICATED,
        "This certificate is not registered for its organisation: have it bound to the participant.",
    ),
    "PARTICIPANT_UNKNOWN": Code(
        Status.UNAUTHENTICATED,
        "The certificate's organisation does not take part: ask the operator of the exchange to admit it.",
    ),
    "PARTICIPANT_REVOKED": Code(
        Status.UNAUTHENTICATED,
        "The organisation's participation is revoked: ask the operator of the exchange why.",
    ),
    "ENVELOPE_EMPTY": Code(
        Status.INVALID_ARGUMENT, "The request has no body or no signature: send a SignedEnvelope."
    ),
    "SIGNATURE_MALFORMED": Code(
        Status.UNAUTHENTICATED,
        "The signature is no JWT of type hjemmel-request+jwt (RFC 7519): make it as SignedEnvelope says.",
    ),
    "SIGNATURE_ALGORITHM_NOT_ALLOWED": Code(
        Status.UNAUTHENTICATED,
        "The JWS has another algorithm than its key: sign with ES256 or EdDSA, as the key is registered.",
    ),
    "SIGNATURE_KEY_UNKNOWN": Code(
        Status.UNAUTHENTICATED,
        "The JWS names a key (kid) that the organisation has not registered: register it, or name another.",
    ),
    "SIGNATURE_INVALID": Code(
        Status.UNAUTHENTICATED,
        "The JWS does not verify with the registered key: sign with the key that its kid names.",
    ),
    "SIGNATURE_CLAIMS_INVALID": Code(
        Status.UNAUTHENTICATED,
        "The JWS lacks a claim or has a wrong one: iss, sub, jti, iat, exp, aud and body_sha256 are needed.",
    ),
    "SIGNATURE_EXPIRED": Code(Status.UNAUTHENTICATED, "The JWS has expired: sign the request anew."),
    "SIGNATURE_NOT_YET_VALID": Code(
        Status.UNAUTHENTICATED, "The JWS was issued in the future: check the clock of the signer."
    ),
    "SIGNATURE_VALID_TOO_LONG": Code(
        Status.UNAUTHENTICATED, "The JWS is valid for longer than the exchange allows: shorten exp."
    ),
    "AUDIENCE_MISMATCH": Code(
        Status.UNAUTHENTICATED, "The JWS was made for another exchange: see its audience (aud)."
    ),
    "ISSUER_MISMATCH": Code(
        Status.UNAUTHENTICATED,
        "The JWS's issuer (iss) is not the organisation of the certificate: connect and sign as the same.",
    ),
    "BODY_DIGEST_MISMATCH": Code(
        Status.UNAUTHENTICATED,
        "The JWS was made over another body: sign exactly the bytes you send.",
    ),
    "MANDATE_MISMATCH": Code(
        Status.UNAUTHENTICATED,
        "The batch is not of this mandate: sign it for the mandate's id, as the same issuer and caseworker.",
    ),
    "DELEGATION_MISSING": Code(
        Status.PERMISSION_DENIED,
        "The signer holds no delegation from the consumer for this dataset and purpose: have one registered.",
    ),
    "REQUEST_ID_REUSED": Code(
        Status.ALREADY_EXISTS,
        "This request id was used before: fetch its receipt, and send a new request under a new id.",
    ),
    # What is asked
    "BODY_MALFORMED": Code(
        Status.INVALID_ARGUMENT,
        "The body cannot be read: send a serialised hjemmel.exchange.v1.ExchangeBody.",
    ),
    "FIELD_INVALID": Code(
        Status.INVALID_ARGUMENT,
        "Fields of the request are missing or malformed: correct those that are listed.",
    ),
    "DATASET_UNKNOWN": Code(Status.INVALID_ARGUMENT, "No such dataset: ListDatasets tells which there are."),
    "ATTRIBUTE_UNKNOWN": Code(
        Status.INVALID_ARGUMENT,
        "The dataset has no such attribute: GetDataset tells which there are.",
    ),
    "KEY_KIND_UNKNOWN": Code(
        Status.INVALID_ARGUMENT, "The dataset is not looked up by this kind of key: see GetDataset."
    ),
    "PACKAGE_UNKNOWN": Code(Status.INVALID_ARGUMENT, "No such package: ListPackages tells which there are."),
    "PACKAGE_CHANGED": Code(
        Status.INVALID_ARGUMENT,
        "The package has other terms than those that were signed: read them (GetPackage), and sign anew.",
    ),
    "NOT_FOUND": Code(
        Status.NOT_FOUND, "There is no such thing, or none that you may see: check what it is named by."
    ),
    "WATCHED_TOO_OFTEN": Code(
        Status.RESOURCE_EXHAUSTED,
        "The authority watches its records as often at once as it may: end a stream before the next.",
    ),
    # Subscriptions to changes
    "CHANGES_NOT_OFFERED": Code(
        Status.INVALID_ARGUMENT,
        "The register tells of no changes of this dataset by this key: subscribe by another, or ask anew.",
    ),
    "CURSOR_INVALID": Code(
        Status.INVALID_ARGUMENT,
        "The cursor is none, or of another dataset or key: give back one of this subscription's as it came.",
    ),
    "CURSOR_TOO_OLD": Code(
        Status.OUT_OF_RANGE,
        "Changes after this cursor are not known any more: ask anew with ExchangeMany, then subscribe.",
    ),
    "SUBSCRIBED_TOO_OFTEN": Code(
        Status.RESOURCE_EXHAUSTED,
        "The authority has as many subscriptions at once as it may: end one before the next.",
    ),
    "BROKER_STOPPING": Code(
        Status.UNAVAILABLE, "The broker stops: subscribe again in a moment, from the last cursor."
    ),
    # Parts that did not do their work
    "POLICY_FAILED": Code(
        Status.UNAVAILABLE,
        "The policy engine gave no decision, so nothing was granted: try again later under a new id.",
    ),
    "POLICY_TIMEOUT": Code(
        Status.UNAVAILABLE,
        "The policy engine did not decide in time, so nothing was granted: try again under a new id.",
    ),
    "POLICY_ANSWER_INVALID": Code(
        Status.INTERNAL,
        "The policy engine answered what is no decision, so nothing was granted: tell the operator.",
    ),
    "CONSENT_REGISTER_UNAVAILABLE": Code(
        Status.UNAVAILABLE,
        "The register of consents did not answer: try again later under a new id.",
    ),
    "REGISTER_UNAVAILABLE": Code(
        Status.UNAVAILABLE, "The register did not answer: try again later under a new request id."
    ),
    "REGISTER_TIMEOUT": Code(
        Status.DEADLINE_EXCEEDED,
        "The register did not answer in time: try again under a new request id.",
    ),
    "REGISTER_ANSWER_INVALID": Code(
        Status.INTERNAL,
        "The register answered something else than was asked, so nothing was released: tell the operator.",
    ),
    "REGISTER_BUSY": Code(
        Status.RESOURCE_EXHAUSTED,
        "The register asks for a pause: try again later under a new request id.",
    ),
    "REGISTER_ACCESS_REFUSED": Code(
        Status.UNAVAILABLE,
        "The register does not let this exchange in, so nothing was read: tell the operator.",
    ),
    "REGISTER_SCHEMA_CHANGED": Code(
        Status.INTERNAL,
        "The register is not as the catalogue describes it, so nothing was released: tell the operator.",
    ),
    "LOG_UNAVAILABLE": Code(
        Status.UNAVAILABLE,
        "The audit log cannot record at present, so nothing is released: try again later under a new id.",
    ),
    "LOG_BUSY": Code(Status.RESOURCE_EXHAUSTED, "The audit log is behind: try again in a second."),
    "INTERNAL": Code(
        Status.INTERNAL,
        "The broker made a mistake, and nothing was released: tell the operator of the exchange.",
    ),
}


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """A field of the request and what it must look like."""

    field: str
    description: str


class ExchangeError(Exception):
    """An exchange ended without data.

    Attributes:
        reasons: at least one; the first decides the status.
        violations: fields to correct, where the request was malformed.
        decision: the policy's answer, where it came that far.
        receipt: proof that the refusal was recorded, where the log could.
    """

    def __init__(
        self,
        *reasons: Reason,
        violations: tuple[FieldViolation, ...] = (),
        decision: Decision | None = None,
    ) -> None:
        """Takes the reasons, the first being the one that decides the status."""
        super().__init__(", ".join(r.code for r in reasons))
        self.reasons = reasons
        self.violations = violations
        self.decision = decision
        self.receipt: Receipt | None = None  # set once the refusal itself is recorded

    @classmethod
    def because(cls, code: str, *violations: FieldViolation, about: str = "") -> Self:
        """Makes the error for one of the broker's own codes, about a part that its text names."""
        text = CODES[code].message + (f" ({about})" if about else "")
        return cls(Reason(code, text_en=text), violations=violations)

    @property
    def status(self) -> Status:
        """The gRPC status this travels under; codes of policies are refusals of permission."""
        own = CODES.get(self.reasons[0].code)
        return own.status if own else Status.PERMISSION_DENIED


class Refused(ExchangeError):
    """Somebody may not, or asked wrongly."""


class Failed(ExchangeError):
    """A part did not do its work."""
