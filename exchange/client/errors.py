"""What a client can be told.

ClientError
├── Refused            no law, agreement or consent carries the request; .reasons say which
├── InvalidRequest     a field is missing or malformed; .violations say which
├── NotAuthenticated   certificate, signature or participation does not hold
├── AlreadyRecorded    the request id was used: fetch its receipt, ask anew under a new id
├── Failed             a part of the exchange did not work: ask anew, later, under a new id
├── Unreachable        no answer from the broker, and none recorded that is known
├── ReceiptInvalid     the answer is not what the log recorded: keep it, and raise an alarm
├── RecordsInvalid     the own side of the log, as the broker streams it, does not hold: raise an alarm
├── NotCosigned        the receipt lacks the cosignatures that the policy demands: fetch it again later
└── ForkDetected       the log shows two histories: keep the evidence, and raise an alarm
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from audit.witness.fork_evidence import ForkEvidence
    from exchange.client.protocol import VerifiedReceipt
    from exchange.errors import FieldViolation
    from exchange.model.decision import Reason


class ClientError(Exception):
    """The root of all errors of the client.

    Attributes:
        reasons: why, with codes and texts; empty where the broker was not reached.
        violations: fields to correct.
        receipt: proof that the refusal was recorded, verified; absent where nothing was.
    """

    def __init__(
        self,
        message: str,
        *,
        reasons: tuple[Reason, ...] = (),
        violations: tuple[FieldViolation, ...] = (),
        receipt: VerifiedReceipt | None = None,
    ) -> None:
        """Takes a message that says what to do."""
        super().__init__(message)
        self.reasons = reasons
        self.violations = violations
        self.receipt = receipt

    @property
    def code(self) -> str:
        """The first reason's code."""
        return self.reasons[0].code if self.reasons else ""


class Refused(ClientError):
    """No law, agreement or consent carries the request."""


class InvalidRequest(ClientError):
    """A field is missing or malformed."""


class NotAuthenticated(ClientError):
    """Certificate, signature or participation does not hold."""


class AlreadyRecorded(ClientError):
    """The request id was used."""


class Failed(ClientError):
    """A part of the exchange did not work."""


class Unreachable(ClientError):
    """No answer from the broker."""


class ReceiptInvalid(ClientError):
    """The answer is not what the log recorded."""


class RecordsInvalid(ClientError):
    """The own side of the log, as the broker streams it, does not hold."""


class NotCosigned(ClientError):
    """The receipt lacks the cosignatures that the policy demands."""


class ForkDetected(ClientError):
    """The log shows two histories.

    Attributes:
        remembered: the signed checkpoint that was seen before.
        shown: the signed checkpoint that does not extend it.
        evidence: both, with what proves that they contradict each other, as far as the log gave it.
        evidence_file: where that was written; nothing where checkpoints are remembered in memory only.
    """

    def __init__(
        self,
        message: str,
        remembered: str,
        shown: str,
        evidence: ForkEvidence | None = None,
        evidence_file: Path | None = None,
    ) -> None:
        """Takes both checkpoints, and the evidence that was made of them."""
        super().__init__(message)
        self.remembered = remembered
        self.shown = shown
        self.evidence = evidence
        self.evidence_file = evidence_file
