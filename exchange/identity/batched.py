"""Step 1 for a subject of a batch: the mandate's signature, the batch's, and the subject's place in it."""

from __future__ import annotations

from hjemmel.exchange.v1 import many_pb2 as pb

from exchange import batched
from exchange.errors import FieldViolation, Refused
from exchange.model.identifiers import is_request_id
from exchange.model.request import Caller, Envelope, Statement
from exchange.parsed import parsed
from exchange.ports import Authenticator


class BatchAuthenticator:
    """Implements `exchange.ports.Authenticator` for the subjects under one mandate.

    The mandate was authenticated when the call began. A batch's signature is verified once.
    """

    def __init__(self, inner: Authenticator, caller: Caller, mandate: Envelope, mandated: Statement) -> None:
        """Takes who asks, the mandate, and what its signature states."""
        self._inner = inner
        self._caller = caller
        self._mandate = mandate
        self._mandated = mandated
        self._batch: tuple[Envelope, pb.BatchBody] | None = None
        self._authorised: dict[tuple[str, str, str, str], str | None] = {}

    def identify(self, certificate: bytes) -> Caller:  # noqa: ARG002  # the call's own, known already
        """See `exchange.ports.Authenticator`."""
        return self._caller

    def authenticate(self, caller: Caller, envelope: Envelope) -> Statement:
        """See `exchange.ports.Authenticator`."""
        # 1. The request is of this mandate and belongs to a batch.
        request = parsed(pb.BatchedRequest, envelope.body)
        mandate = Envelope(request.mandate.body, request.mandate.signature)
        if mandate != self._mandate:
            raise Refused.because("MANDATE_MISMATCH")
        # 2. The batch is signed by the mandate's signer, for the mandate's caseworker.
        batch = self._verified(caller, Envelope(request.batch, envelope.signature))
        # 3. The subject is one of those that were signed.
        if not batched.holds(request, batch):
            raise Refused.because("BODY_DIGEST_MISMATCH")
        return Statement(self._mandated.issuer, self._mandated.caseworker, _request_id(request.subject))

    def authorise(self, issuer: str, consumer: str, dataset: str, purpose: str) -> str | None:
        """See `exchange.ports.Authenticator`."""
        asked = (issuer, consumer, dataset, purpose)
        if asked not in self._authorised:
            self._authorised[asked] = self._inner.authorise(*asked)
        return self._authorised[asked]

    def _verified(self, caller: Caller, envelope: Envelope) -> pb.BatchBody:
        if self._batch is not None and self._batch[0] == envelope:
            return self._batch[1]
        stated = self._inner.authenticate(caller, envelope)
        self._authorised.clear()  # a delegation may have ended since the last batch
        batch = parsed(pb.BatchBody, envelope.body)
        signer = (stated.issuer, stated.caseworker)
        if batch.mandate_id != self._mandated.request_id or signer != (
            self._mandated.issuer,
            self._mandated.caseworker,
        ):
            raise Refused.because("MANDATE_MISMATCH")
        self._batch = (envelope, batch)
        return batch


def _request_id(subject: bytes) -> str:
    body = parsed(pb.SubjectBody, subject)
    violations = []
    if not is_request_id(body.request_id):
        violations.append(FieldViolation("subject.request_id", "must be a UUIDv7 in lower case"))
    if len(body.salt) != batched.SALT:
        violations.append(FieldViolation("subject.salt", f"must be {batched.SALT} random bytes"))
    if violations:
        raise Refused.because("FIELD_INVALID", *violations)
    return body.request_id
