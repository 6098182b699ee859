"""Trying every claim, and telling what was found without a word about subjects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from adapters.conformance.claims import CLAIMS, NotHeldError, NotTriedError
from adapters.conformance.trial import Trial
from adapters.port import RegisterError


class Outcome(StrEnum):
    """What became of a claim."""

    HELD = "held"
    NOT_HELD = "not held"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one claim.

    Attributes:
        claim: its name.
        guarantee: what it claims.
        detail: in what it does not hold, or why it was not tried.
    """

    claim: str
    guarantee: str
    outcome: Outcome
    detail: str = ""


async def run(trial: Trial) -> Sequence[Finding]:
    """Tries every claim; one that does not hold stops no other."""
    findings = []
    for claim in CLAIMS:
        outcome, detail = Outcome.HELD, ""
        try:
            await claim(trial)
        except NotHeldError as error:
            outcome, detail = Outcome.NOT_HELD, str(error)
        except NotTriedError as error:
            outcome, detail = Outcome.NOT_TRIED, str(error)
        except RegisterError as error:
            outcome, detail = Outcome.NOT_HELD, f"the register gave no answer: {error.cause}"
        except Exception as error:  # noqa: BLE001  # a third party's adapter; its words may hold keys
            outcome, detail = Outcome.NOT_HELD, f"it raised {type(error).__name__}"
        findings.append(Finding(claim.__name__, (claim.__doc__ or "").strip(), outcome, detail))
    return findings
