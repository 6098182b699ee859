"""How two decisions on the same input differ."""

from __future__ import annotations

from enum import StrEnum

from exchange.model.decision import Decision


class Change(StrEnum):
    """What another policy set would do to a request."""

    SAME = "same"
    NEWLY_GRANTED = "newly_granted"
    NEWLY_REFUSED = "newly_refused"
    OTHER_ATTRIBUTES = "other_attributes"
    OTHER_OBLIGATIONS = "other_obligations"
    OTHER_REASONS = "other_reasons"


def change(now: Decision, then: Decision) -> Change:
    """Tells what would become of a request that is decided `now`, where it were decided as `then`."""
    if now.allow != then.allow:
        return Change.NEWLY_GRANTED if then.allow else Change.NEWLY_REFUSED
    if now.granted != then.granted:
        return Change.OTHER_ATTRIBUTES
    if _obligations(now) != _obligations(then):
        return Change.OTHER_OBLIGATIONS
    if [r.code for r in now.all_reasons] != [r.code for r in then.all_reasons]:
        return Change.OTHER_REASONS
    return Change.SAME


def _obligations(decision: Decision) -> set[tuple[object, ...]]:
    return {(o.id, o.effect, o.attributes, o.when) for o in decision.obligations}
