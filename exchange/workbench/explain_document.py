"""An explanation for programs, as a JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.workbench import explain_words
from exchange.workbench.explain import Condition, Explanation, Status, Verdict
from exchange.workbench.matrix_document import conditions_document, text
from exchange.workbench.names import Names
from exchange.workbench.permission import Conditions
from exchange.workbench.proposals import Proposal
from exchange.workbench.recorded import Recorded
from exchange.workbench.rules import Rule


def explanation_document(found: Explanation, names: Names, recorded: Recorded | None) -> dict[str, Any]:
    """An explanation as JSON; with what was recorded, where it explains a recorded decision."""
    decision = found.decision
    duties = Conditions(consent=False, emergency=False, matching=False, duties=found.duties)
    return {
        "revision": found.revision,
        "recorded": _recorded(recorded, found) if recorded else None,
        "input": dict(found.policy_input),
        "allow": decision.allow,
        "granted": list(decision.granted),
        "failure": found.failure or None,
        "legal_basis_version": decision.legal_basis_version or None,
        "outcome": text(explain_words.outcome(found)),
        "conditions": [_condition(c, found, names) for c in found.conditions],
        "attributes": [_verdict(v, found, names) for v in found.verdicts],
        "obligations": conditions_document(duties)["obligations"],
        "proposals": [_proposal(p, names) for p in found.proposals],
        "elsewhere": [_proposal(p, names) for p in found.elsewhere],
    }


def _recorded(recorded: Recorded, found: Explanation) -> Mapping[str, Any]:
    return {
        "index": recorded.index,
        "request_id": recorded.request_id,
        "time": recorded.time,
        "outcome": recorded.outcome,
        "reasons": list(recorded.reasons),
        "granted": list(recorded.granted),
        "released": list(recorded.released),
        "obligations": [{"id": name, "effect": effect} for name, effect in recorded.obligations],
        "same_decision_now": recorded.agrees(found.decision),
    }


def _condition(condition: Condition, found: Explanation, names: Names) -> dict[str, Any]:
    status = condition.status
    return {
        **_rule(condition.rule, names),
        "status": status.value,
        "because": text(explain_words.because(condition, found)) if status is Status.MOOT else None,
    }


def _rule(rule: Rule, names: Names) -> dict[str, Any]:
    law = names.law(rule.law)
    return {
        "code": rule.code,
        "rule": rule.package,
        "place": rule.place,
        "title": text(rule.title),
        "message": text(rule.message),
        "legal_basis": rule.law or None,
        "citation": text(law.citation) if rule.law else None,
        "links": list(rule.links) or ([law.url] if law.url else []),
    }


def _verdict(one: Verdict, found: Explanation, names: Names) -> dict[str, Any]:
    return {
        "attribute": one.attribute,
        "granted": one.granted,
        "opened_by_law": one.opened,
        "carried_by_agreement": one.carried,
        "taken_out_by": [_rule(rule, names) for rule in one.taken_out],
        "words": text(explain_words.verdict(one, found)),
    }


def _proposal(proposal: Proposal, names: Names) -> dict[str, Any]:
    caveat = explain_words.CAVEAT.get(proposal.reach)
    return {
        "changes": {**proposal.changes},
        "words": [text(t) for t in explain_words.changes(proposal, names)],
        "kept": list(proposal.kept),
        "dropped": list(proposal.dropped),
        "reach": proposal.reach.name.lower(),
        "caveat": text(caveat) if caveat else None,
        "input": dict(proposal.policy_input),
    }
