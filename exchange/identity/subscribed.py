"""Step 1 for a delivery: mandate and batches were verified when they came; what may end is asked anew.

A signature is good for minutes, a subscription for days. So its batches are verified once, and with every
delivery whether the organisation still takes part, still has the keys that signed, and still may act for the
consumer.
"""

from __future__ import annotations

from collections.abc import Callable

from hjemmel.exchange.v1 import many_pb2 as pb

from exchange import batched, delivery
from exchange.errors import FieldViolation, Refused
from exchange.model.identifiers import is_request_id
from exchange.model.request import Caller, Envelope, Statement
from exchange.parsed import parsed
from exchange.ports import Authenticator

Confirm = Callable[[Caller, str], None]


class SubscriptionAuthenticator:
    """Implements `exchange.ports.Authenticator` for the deliveries under one mandate."""

    def __init__(
        self, inner: Authenticator, confirm: Confirm, caller: Caller, mandate: Envelope, mandated: Statement
    ) -> None:
        """Takes who asks, the mandate, and what its signature states.

        Args:
            inner: verifies signatures.
            confirm: raises `Refused` where the organisation or a key of its does not take part any more.
            caller: who is connected.
            mandate: verified already.
            mandated: what its signature states.
        """
        self._inner = inner
        self._confirm = confirm
        self._caller = caller
        self._mandate = mandate
        self._mandated = mandated
        self._batches: dict[Envelope, pb.BatchBody] = {}

    def add(self, envelope: Envelope) -> pb.BatchBody:
        """Verifies a batch, now, for all deliveries to come.

        Raises:
            Refused: it is not signed by the mandate's signer for the mandate's caseworker.
        """
        stated = self._inner.authenticate(self._caller, envelope)
        batch = parsed(pb.BatchBody, envelope.body)
        signers = [(one.issuer, one.caseworker) for one in (stated, self._mandated)]
        if batch.mandate_id != self._mandated.request_id or signers[0] != signers[1]:
            raise Refused.because("MANDATE_MISMATCH")
        self._batches[envelope] = batch
        return batch

    def forget(self, envelope: Envelope) -> None:
        """Lets go of a batch of which no subject is left."""
        self._batches.pop(envelope, None)

    def confirm(self) -> None:
        """Tells that the mandate's signer still takes part.

        Raises:
            Refused: it does not.
        """
        self._confirm(self._caller, self._mandate.signature)

    def identify(self, certificate: bytes) -> Caller:  # noqa: ARG002  # the call's own, known already
        """See `exchange.ports.Authenticator`."""
        return self._caller

    def authenticate(self, caller: Caller, envelope: Envelope) -> Statement:
        """See `exchange.ports.Authenticator`."""
        # 1. The organisation takes part, and has the keys that signed.
        self.confirm()
        self._confirm(caller, envelope.signature)
        # 2. The request is of this mandate, and of a batch that was verified.
        request = pb.BatchedRequest.FromString(envelope.body)
        batch = self._batches.get(Envelope(request.batch, envelope.signature))
        if batch is None or Envelope(request.mandate.body, request.mandate.signature) != self._mandate:
            raise Refused.because("MANDATE_MISMATCH")
        # 3. The subject is one of those that were signed.
        if not batched.holds(request, batch):
            raise Refused.because("BODY_DIGEST_MISMATCH")
        request_id = delivery.request_id(envelope.body, request.delivery)
        return Statement(self._mandated.issuer, self._mandated.caseworker, request_id)

    def authorise(self, issuer: str, consumer: str, dataset: str, purpose: str) -> str | None:
        """See `exchange.ports.Authenticator`."""
        return self._inner.authorise(issuer, consumer, dataset, purpose)


def read_subject(subject: bytes) -> pb.SubjectBody:
    """Reads a subject of a batch, as far as a subscription needs it.

    Raises:
        Refused: it is malformed.
    """
    body = parsed(pb.SubjectBody, subject)
    violations = []
    if not is_request_id(body.request_id):
        violations.append(FieldViolation("subject.request_id", "must be a UUIDv7 in lower case"))
    if len(body.salt) != batched.SALT:
        violations.append(FieldViolation("subject.salt", f"must be {batched.SALT} random bytes"))
    if len(body.known_state) not in {0, delivery.STATE}:
        violations.append(FieldViolation("subject.known_state", f"must be {delivery.STATE} bytes, or none"))
    if violations:
        raise Refused.because("FIELD_INVALID", *violations)
    return body
