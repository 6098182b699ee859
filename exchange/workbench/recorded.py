"""What the log recorded of a decision, with the policy input and the policy set that decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from audit.errors import NotFound
from audit.reading.reader import LogReader, StoredEntry
from exchange.model.decision import Decision
from exchange.policy.policy_set import PolicySet


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded request: its public outcome, and what its decision was made from."""

    index: int
    request_id: str
    time: str
    outcome: str
    reasons: tuple[str, ...]
    granted: tuple[str, ...]
    released: tuple[str, ...]
    obligations: tuple[tuple[str, str], ...]  # id, and what became of it
    policy_input: Mapping[str, Any]
    policies: PolicySet

    def agrees(self, decision: Decision) -> bool:
        """Whether a decision made now is the one that was recorded."""
        if self.granted or decision.allow:
            return set(self.granted) == set(decision.granted)
        return {reason.code for reason in decision.all_reasons} == set(self.reasons)


def read_recorded(reader: LogReader, stored: StoredEntry) -> Recorded:
    """Opens of an entry what its decision was made from, and nothing else.

    Raises:
        NotFound: no decision was made, its input was erased, or its policy set is not archived.
        VerificationError: the sealed part was altered or swapped.
        PolicyError: the archived set cannot be read.
    """
    entry = stored.entry
    opened = reader.opened(stored)
    if opened is None:
        raise NotFound(f"what entry {stored.index} was decided on has been erased")
    sealed = opened.values.get("policy_input")
    if sealed is None or not entry.policy_revision:
        reasons = ", ".join(entry.reasons) or entry.outcome
        raise NotFound(f"entry {stored.index} ended before the policies were asked: {reasons}")
    return Recorded(
        index=stored.index,
        request_id=entry.request_id or "",
        time=entry.time,
        outcome=entry.outcome,
        reasons=tuple(entry.reasons),
        granted=tuple(entry.attributes_granted),
        released=tuple(entry.attributes_released),
        obligations=tuple((o.id, o.effect) for o in entry.obligations),
        policy_input=orjson.loads(sealed),
        policies=PolicySet.from_bundle(reader.policy_bundle(entry.policy_revision)),
    )
