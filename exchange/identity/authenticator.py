"""Step 1 of an exchange: the organisation behind the connection, and its signature."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Protocol

from exchange.errors import Refused
from exchange.identity import statement
from exchange.identity.certificate import caller_of
from exchange.identity.participants import Participant
from exchange.model.request import Caller, Envelope, Statement


class Participants(Protocol):
    """Where participants are looked up."""

    def find(self, cvr: str) -> Participant | None:
        """Finds a participant by its CVR number."""


class SignatureAuthenticator:
    """Implements `exchange.ports.Authenticator`."""

    def __init__(self, participants: Participants, audience: str, today: Callable[[], date]) -> None:
        """Takes the participants, the name that requests must be addressed to, and the calendar."""
        self._participants = participants
        self._audience = audience
        self._today = today

    def identify(self, certificate: bytes) -> Caller:
        """See `exchange.ports.Authenticator`."""
        return caller_of(certificate)

    def admit(self, caller: Caller) -> Participant:
        """Tells which active participant a certificate belongs to.

        Raises:
            Refused: PARTICIPANT_UNKNOWN, PARTICIPANT_REVOKED or CERTIFICATE_NOT_BOUND.
        """
        participant = self._participants.find(caller.cvr)
        if participant is None:
            raise Refused.because("PARTICIPANT_UNKNOWN")
        if not participant.active:
            raise Refused.because("PARTICIPANT_REVOKED")
        if caller.fingerprint not in participant.certificates:
            raise Refused.because("CERTIFICATE_NOT_BOUND")
        return participant

    def authenticate(self, caller: Caller, envelope: Envelope) -> Statement:
        """See `exchange.ports.Authenticator`."""
        participant = self.admit(caller)
        if not envelope.body or not envelope.signature:
            raise Refused.because("ENVELOPE_EMPTY")
        return statement.verify(envelope, participant, self._audience)

    def confirm(self, caller: Caller, signature: str) -> None:
        """Tells that an organisation still takes part, and still has the key of an earlier signature.

        Raises:
            Refused: as `admit`, or SIGNATURE_KEY_UNKNOWN.
        """
        if statement.key_id(signature) not in self.admit(caller).keys:
            raise Refused.because("SIGNATURE_KEY_UNKNOWN")

    def authorise(self, issuer: str, consumer: str, dataset: str, purpose: str) -> str | None:
        """See `exchange.ports.Authenticator`."""
        if issuer == consumer:
            return None
        principal = self._participants.find(consumer)
        if principal is None or not principal.active:
            raise Refused.because("DELEGATION_MISSING")
        day = self._today()
        if not any(d.covers(issuer, dataset, purpose, day) for d in principal.delegations):
            raise Refused.because("DELEGATION_MISSING")
        return issuer
