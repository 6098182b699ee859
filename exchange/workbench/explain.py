"""Why a request was decided as it was: condition by condition, attribute by attribute.

The decision is the engine's. Which condition failed is read from the sets of refusals of the policies
themselves, `data.decision.deny` and the cited law's own; what each condition says comes from the
METADATA of its rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from exchange.errors import Failed
from exchange.model.decision import Decision
from exchange.workbench.asking import Asker, Input
from exchange.workbench.permission import Duty, duties_of
from exchange.workbench.proposals import Proposal, nearest
from exchange.workbench.rules import Rule, read_rules

_INVALID = "INPUT_INVALID"
_WHOLE = {"deny", "is_valid"}
_CONSENT = "CONSENT_"
_SEEN = ("deny", "cited", "permit", "opened", "carried", "requires_consent")
_NOTHING_SEEN: dict[str, Any] = dict.fromkeys(_SEEN)
_NOTHING_GRANTED = Decision(
    allow=False, granted=(), refused=(), reasons=(), obligations=(), legal_basis_version="", revision=""
)


class Status(StrEnum):
    """How a condition stands."""

    HELD = "held"
    FAILED = "failed"
    MOOT = "moot"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on the whole request.

    Attributes:
        because: codes of the failed conditions that make this one moot; a moot condition without any is
            one that the cited law does not set.
    """

    rule: Rule
    status: Status
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one attribute.

    Attributes:
        opened: the cited law opens it for this purpose.
        carried: the agreement carries it.
        taken_out: the rules of the cited law that take it out again.
    """

    attribute: str
    granted: bool
    opened: bool
    carried: bool
    taken_out: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, explained.

    Attributes:
        failure: the code under which the policies gave no believable answer; empty where they gave one.
        attribute_rules: the rules behind "opened" and "carried", by code.
        proposals: the nearest requests that would be granted; empty where there is none, or no need.
        elsewhere: requests that would cover what every proposal leaves out.
    """

    policy_input: Input
    revision: str
    decision: Decision
    failure: str
    conditions: tuple[Condition, ...]
    verdicts: tuple[Verdict, ...]
    attribute_rules: Mapping[str, Rule]
    duties: tuple[Duty, ...]
    proposals: tuple[Proposal, ...]
    elsewhere: tuple[Proposal, ...]

    @property
    def is_whole(self) -> bool:
        """Whether everything that was asked is granted."""
        return self.decision.allow and all(verdict.granted for verdict in self.verdicts)

    @property
    def failed(self) -> tuple[Condition, ...]:
        """The conditions that failed."""
        return tuple(c for c in self.conditions if c.status is Status.FAILED)


def explain(asker: Asker, policy_input: Input) -> Explanation:
    """Explains the decision on a policy input.

    Raises:
        PolicyError: a rule that explanations rest on cannot be evaluated.
    """
    rules = read_rules(asker.policies)
    decision, failure = _decide(asker, policy_input)
    valid = asker.values(policy_input, "data.decision.is_valid")[0] is True
    seen = _seen(asker, policy_input) if valid else _NOTHING_SEEN
    package, permit = (seen["cited"] or {}).get("package", ""), seen["permit"] or {}
    failed = set(seen["deny"] or ()) | set(permit.get("deny") or ()) if valid else {_INVALID}
    whole = [r for r in rules if r.name in _WHOLE and r.package in {"decision", package}]
    taken_out = [
        (item["attribute"], rule)
        for item in permit.get("refuse") or ()
        for rule in rules
        if (rule.package, rule.name, rule.code) == (package, "refuse", item["code"])
    ]
    verdicts = tuple(
        Verdict(
            attribute=name,
            granted=name in decision.granted,
            opened=name in (seen["opened"] or ()),
            carried=name in (seen["carried"] or ()),
            taken_out=tuple(rule for attribute, rule in taken_out if attribute == name),
        )
        for name in _names(policy_input)
    )
    proposals, elsewhere = _ways_out(asker, policy_input, verdicts) if valid else ((), ())
    return Explanation(
        policy_input=policy_input,
        revision=asker.policies.revision,
        decision=decision,
        failure=failure,
        conditions=_conditions(whole, failed, needs_consent=seen["requires_consent"] is True),
        verdicts=verdicts,
        attribute_rules={r.code: r for r in rules if r.package == "decision" and r.name not in _WHOLE},
        duties=duties_of(decision),
        proposals=proposals,
        elsewhere=elsewhere,
    )


def _seen(asker: Asker, policy_input: Input) -> dict[str, Any]:
    """What the policies found on the way to their decision."""
    values = asker.values(policy_input, *(f"data.decision.{name}" for name in _SEEN))
    return dict(zip(_SEEN, values, strict=True))


def _decide(asker: Asker, policy_input: Input) -> tuple[Decision, str]:
    try:
        return asker.decide(policy_input), ""
    except Failed as failed:
        return _NOTHING_GRANTED, failed.reasons[0].code


def _conditions(rules: Iterable[Rule], failed: set[str], *, needs_consent: bool) -> tuple[Condition, ...]:
    found: list[Condition] = []
    unjudged: dict[str, tuple[str, ...]] = {code: (code,) for code in failed}  # and whose failure is why
    for rule in rules:
        because = tuple(dict.fromkeys(why for code in rule.after for why in unjudged.get(code, ())))
        if rule.code in failed:
            found.append(Condition(rule, Status.FAILED))
        elif failed == {_INVALID}:
            found.append(Condition(rule, Status.MOOT, (_INVALID,)))
        elif because:
            unjudged[rule.code] = because
            found.append(Condition(rule, Status.MOOT, because))
        elif rule.code.startswith(_CONSENT) and not needs_consent:
            found.append(Condition(rule, Status.MOOT))
        else:
            found.append(Condition(rule, Status.HELD))
    return tuple(found)


def _ways_out(
    asker: Asker, policy_input: Input, verdicts: Iterable[Verdict]
) -> tuple[tuple[Proposal, ...], tuple[Proposal, ...]]:
    """The nearest lawful requests, and those that would cover what all of them leave out."""
    refused = [v.attribute for v in verdicts if not v.granted]
    if not refused:
        return (), ()
    granted = [v.attribute for v in verdicts if v.granted]
    if granted:  # a part was acceptable, and given: what is left is a request of its own
        return (), nearest(asker, policy_input, refused)
    found = nearest(asker, policy_input, refused)
    left = [name for name in refused if all(name in proposal.dropped for proposal in found)]
    return found, nearest(asker, policy_input, left) if found and left else ()


def _names(policy_input: Input) -> list[str]:
    listed: Any = policy_input.get("attributes")
    return [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
