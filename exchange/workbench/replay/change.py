"""What a candidate would do to one decision."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from exchange.workbench.replay.verdict import Verdict


class Effect(StrEnum):
    """What becomes of a decision under a candidate."""

    GRANTED = "newly_granted"
    REFUSED = "newly_refused"
    CHANGED = "changed"
    UNANSWERED = "unanswered"  # the candidate gives no decision, and a broker would grant nothing
    UNCHANGED = "unchanged"


#: Effects that somebody would notice, in the order in which they are shown.
NOTICED = (Effect.GRANTED, Effect.REFUSED, Effect.CHANGED, Effect.UNANSWERED)


class Aspect(StrEnum):
    """What can change of a decision that stays a grant or stays a refusal."""

    ATTRIBUTES = "attributes"
    OBLIGATIONS = "obligations"
    REASONS = "reasons"
    VERSION = "legal_basis_version"


@dataclass(frozen=True, slots=True)
class Change:
    """What a candidate would do to one decision.

    Attributes:
        effect: in one word.
        aspects: what changes, where it stays a grant or a refusal.
        codes: the reasons that are at stake: those that refused until now, those that would refuse, or
            those that come or go.
        gained: attributes that would newly be granted.
        lost: attributes that would no longer be granted.
    """

    effect: Effect
    aspects: tuple[Aspect, ...] = ()
    codes: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def compare(old: Verdict, new: Verdict) -> Change:
    """Compares the decision of the revision that decided with the candidate's."""
    if new.problem:
        return Change(Effect.UNANSWERED, codes=(new.problem,), lost=old.granted)
    gained = tuple(name for name in new.granted if name not in old.granted)
    lost = tuple(name for name in old.granted if name not in new.granted)
    if new.allow and not old.allow:
        return Change(Effect.GRANTED, codes=old.codes, gained=gained)
    if old.allow and not new.allow:
        return Change(Effect.REFUSED, codes=new.codes, lost=lost)
    aspects = {
        Aspect.ATTRIBUTES: bool(gained or lost),
        Aspect.OBLIGATIONS: old.duties != new.duties,
        Aspect.REASONS: (set(old.reasons), set(old.refused)) != (set(new.reasons), set(new.refused)),
        Aspect.VERSION: old.version != new.version,
    }
    changed = tuple(aspect for aspect, differs in aspects.items() if differs)
    if not changed:
        return Change(Effect.UNCHANGED)
    return Change(Effect.CHANGED, changed, _at_stake(old, new), gained, lost)


def _at_stake(old: Verdict, new: Verdict) -> tuple[str, ...]:
    """The codes of reasons and obligations that one of the two has and the other has not."""
    reasons = set(old.reasons) ^ set(new.reasons)
    refused = {code for _, code in set(old.refused) ^ set(new.refused)}
    duties = {duty.code for duty in set(old.duties) ^ set(new.duties)}
    return tuple(sorted(reasons | refused | duties))
