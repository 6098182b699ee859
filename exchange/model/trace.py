"""What an exchange leaves behind: the draft of its entry, and the receipt for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from exchange.model.request import Envelope, SubjectKey


class Outcome(StrEnum):
    """How an exchange ended."""

    GRANTED = "granted"
    REFUSED = "refused"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class AppliedObligation:
    """What an obligation did to the answer."""

    id: str
    fact: str
    effect: str  # "withheld", "not_applicable", "indicated" or "review"


@dataclass(frozen=True, slots=True)
class Draft:
    """All that is known of an exchange so far; the pipeline fills it in step by step.

    The first part becomes public in the entry, the last part is sealed: see `exchange.recorder`.
    """

    kind: str
    time: datetime
    envelope: Envelope
    caller: str = ""
    request_id: str | None = None
    reuses_request_id: bool = False
    consumer: str = ""
    provider: str = ""
    processor: str | None = None
    dataset: str = ""
    attributes_asked: tuple[str, ...] = ()
    attributes_granted: tuple[str, ...] = ()
    attributes_released: tuple[str, ...] = ()
    purpose: str = ""
    legal_basis: str = ""
    legal_basis_version: str = ""
    agreement: str = ""
    law_date: str = ""
    outcome: Outcome = Outcome.INTERRUPTED
    reasons: tuple[str, ...] = ()
    obligations: tuple[AppliedObligation, ...] = ()
    policy_revision: str = ""
    # Sealed from here on.
    subject: SubjectKey | None = None
    caseworker: str | None = None
    case_reference: str | None = None
    policy_input: Mapping[str, Any] | None = None
    response_digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that an entry stands in the log, and the openings that the consumer is entitled to.

    Attributes:
        index: the entry's place in the log.
        entry: the exact bytes of the leaf (RFC 8785 JSON).
        proof: a `c2sp.org/tlog-proof@v1` text for it, with the signed checkpoint.
        openings: by name of the commitment, the 32-byte key that opens it.
    """

    index: int
    entry: bytes
    proof: str
    openings: Mapping[str, bytes]
