"""Entries as the pipeline leaves them, made without one: for logs that are written directly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from audit.formats.entry import Submission
from exchange.model.decision import Decision, Effect
from exchange.model.request import Envelope, Kind, SubjectKey
from exchange.model.trace import AppliedObligation, Draft, Outcome
from exchange.recorder import submission
from tests.support.logs import request_id

#: What obligations do where no condition holds.
_DONE = {Effect.WITHHOLD: "not_applicable", Effect.INDICATE: "indicated", Effect.REVIEW: "review"}
ENVELOPE = Envelope(b"body " * 60, "signature " * 50)  # as large as real ones


def decided(
    number: int,
    asked: Mapping[str, Any],
    decision: Decision | None,
    *,
    time: str = "",
    subject: str = "6101010001",
    **changes: Any,
) -> Submission:
    """The entry of an exchange that ended as its decision says, or with parts of its draft changed.

    Args:
        number: makes its request id.
        asked: what the policy was asked.
        decision: what it answered; none where it gave no answer.
        time: of the request, where it is not the input's.
        subject: whom it is about.
        changes: fields of the draft that differ.
    """
    draft = Draft(
        kind=asked["kind"],
        time=datetime.fromisoformat(time or asked["time"]),
        envelope=ENVELOPE,
        caller=asked["processor"] or asked["consumer"],
        request_id=request_id(number),
        consumer=asked["consumer"],
        provider=asked["provider"],
        processor=asked["processor"],
        dataset=asked["dataset"],
        attributes_asked=tuple(asked["attributes"]),
        purpose=asked["purpose"],
        legal_basis=asked["legal_basis"],
        agreement=asked["agreement"],
        law_date=asked["law_date"],
        subject=SubjectKey("personnummer", subject),
        caseworker="sagsbehandler-17",
        case_reference="SAG-2025-0017",
        policy_input=asked,
    )
    if decision is None:
        draft = replace(draft, outcome=Outcome.FAILED, reasons=("POLICY_TIMEOUT",))
    else:
        draft = replace(draft, policy_revision=decision.revision, **_ended(asked, decision))
    return submission(replace(draft, **changes))


def _ended(asked: Mapping[str, Any], decision: Decision) -> dict[str, Any]:
    codes = tuple(dict.fromkeys(r.code for r in decision.all_reasons))
    version = decision.legal_basis_version
    if not decision.allow:
        return {"outcome": Outcome.REFUSED, "reasons": codes, "legal_basis_version": version}
    done: dict[str, Any] = {
        "outcome": Outcome.GRANTED,
        "legal_basis_version": version,
        "attributes_granted": decision.granted,
    }
    if asked["kind"] == Kind.DRY_RUN:
        return done
    return done | {
        "attributes_released": decision.granted,
        "reasons": codes,
        "obligations": tuple(AppliedObligation(o.id, o.fact, _DONE[o.effect]) for o in decision.obligations),
        "response_digest": bytes(32),
    }
