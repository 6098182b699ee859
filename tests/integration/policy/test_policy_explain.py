"""An explanation names the condition that failed and its law, and what it proposes is granted."""

from __future__ import annotations

import pytest

from adapters.catalogue import load_catalogue
from exchange.model.catalogue import Text
from exchange.policy.policy_set import PolicyError, PolicySet
from exchange.workbench import explain_words
from exchange.workbench.asking import Asker
from exchange.workbench.explain import Explanation, Status, explain
from exchange.workbench.names import Names
from tests.integration.policy.conftest import Input
from tests.integration.policy.wrong_requests import HEALTH, INCOME, WRONG


@pytest.fixture(scope="module")
def asker(policies: PolicySet) -> Asker:
    """Asks the policy set that comes with Hjemmel."""
    return Asker(policies)


@pytest.fixture(scope="module")
def names(policies: PolicySet) -> Names:
    """The names that people know."""
    return Names(policies, load_catalogue())


def both(texts: list[Text]) -> tuple[str, str]:
    """English and Danish, each in one text."""
    return " ".join(t.en for t in texts), " ".join(t.da for t in texts)


def statuses(found: Explanation) -> dict[str, Status]:
    """Each condition's status by code."""
    return {c.rule.code: c.status for c in found.conditions}


@pytest.mark.parametrize(
    ("request_", "change", "code", "english", "danish"),
    WRONG,
    ids=[f"{w[2]}-{n}" for n, w in enumerate(WRONG)],
)
def test_failing_condition_is_named_with_its_law(
    asker: Asker, request_: Input, change: Input, code: str, english: str, danish: str
) -> None:
    """Whatever is wrong with a request is told as a failed condition, with its paragraph."""
    found = explain(asker, {**request_, **change})
    assert not found.decision.allow
    (failed,) = (c for c in found.failed if c.rule.code == code)
    assert english.lower() in failed.rule.message.en.lower()
    assert danish.lower() in failed.rule.message.da.lower()
    assert failed.rule.law
    assert ".rego:" in failed.rule.place


def test_every_condition_of_the_policies_is_tried_here(asker: Asker) -> None:
    """No condition on the whole request lacks a case above, but those on the manner of asking."""
    tried = {wrong[2] for wrong in WRONG}
    all_ = {c.rule.code for c in explain(asker, INCOME).conditions}
    manner = {code for code in all_ if code.startswith(("BATCH", "MATCHING", "EMERGENCY", "PROCESSOR"))}
    assert all_ - manner <= tried


@pytest.mark.parametrize("request_", [INCOME, HEALTH], ids=["income", "health"])
def test_granted_request_needs_no_proposal(asker: Asker, request_: Input) -> None:
    """All that was asked is granted: no condition failed, and nothing is proposed."""
    found = explain(asker, request_)
    assert found.is_whole
    assert ((), (), ()) == (found.failed, found.proposals, found.elsewhere)
    assert "Granted" == explain_words.outcome(found).en


PLANTED = {
    "child-income-by-role": ("SUBJECT_IS_CHILD", "§ 8(4)", "§ 8, stk. 4"),
    "working-spouse-after": ("WORK_INCOME_NO_LONGER_RELEVANT", "laws 875/2022", "lov nr. 875/2022"),
    "law-change-after": ("WORK_INCOME_NO_LONGER_RELEVANT", "726/2023", "nr. 726/2023"),
    "municipality-work-income": ("DATASET_NOT_COVERED", "GDPR article 5(1)(c)", "litra c"),
    "consent-withdrawn": ("CONSENT_WITHDRAWN", "GDPR article 7(3)", "artikel 7, stk. 3"),
    "consent-missing": ("CONSENT_MISSING", "§ 11 a(1)", "§ 11 a, stk. 1"),
    "agreement-ended": ("AGREEMENT_ENDED", "indkomstregisterloven § 7", "indkomstregisterlovens § 7"),
    "protected-address-private": ("SUBJECT_PROTECTED", "CPR-loven § 28", "CPR-loven § 28"),
    "company-protected-address": ("ADDRESS_PROTECTED", "CVR-loven § 18", "CVR-loven § 18"),
    "child-income-by-obligation": ("SUBJECT_IS_CHILD", "§ 8(4)", "§ 8, stk. 4"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_case_is_explained(asker: Asker, planted_inputs: dict[str, Input], name: str) -> None:
    """What the broker asked for each case that must be denied: the code and the paragraph."""
    code, english, danish = PLANTED[name]
    found = explain(asker, planted_inputs[name])
    rules = [c.rule for c in found.failed] + [r for v in found.verdicts for r in v.taken_out]
    told = [(r.code, r.message) for r in rules] + [(d.code, d.reason) for d in found.duties]
    assert code in {c for c, _ in told}
    en, da = both([text for c, text in told if c == code])
    assert english in en
    assert danish in da


def test_unjudged_conditions_say_why(asker: Asker, policies: PolicySet) -> None:
    """A condition that rests on another is not judged where that one failed; the reason is its title."""
    path = "decision/agreement_deny.rego"
    module = policies.modules[path]
    block = "# title: The agreement has not ended\n"
    assert block in module
    if "after:" not in module:
        start, rest = module.split(block)
        rest = rest.replace("# custom:\n", "# custom:\n#   after: [AGREEMENT_UNKNOWN]\n", 1)
        asker = Asker(PolicySet({**policies.modules, path: start + block + rest}, policies.data))
    found = explain(asker, {**INCOME, "agreement": "none"})
    (ended,) = (c for c in found.conditions if c.rule.code == "AGREEMENT_ENDED")
    assert (Status.MOOT, True) == (ended.status, "AGREEMENT_UNKNOWN" in ended.because)
    (unknown,) = (c for c in found.failed if c.rule.code == "AGREEMENT_UNKNOWN")
    assert unknown.rule.title.en in explain_words.because(ended, found).en


def test_malformed_request_is_judged_by_its_form_only(asker: Asker) -> None:
    """Nothing else is judged of a request whose fields are not of their kind, and nothing proposed."""
    found = explain(asker, {"attributes": ["status", 7], "time": 12})
    assert {"INPUT_INVALID": Status.FAILED} == {
        k: s for k, s in statuses(found).items() if s is not Status.MOOT
    }
    assert () == found.proposals
    assert ["status"] == [v.attribute for v in found.verdicts]


def test_rule_that_cannot_be_evaluated_is_named(policies: PolicySet) -> None:
    """A set without the rule that explanations rest on is an error that names it."""
    path = "decision/decision.rego"
    broken = PolicySet(
        {path: "package decision\n\ndefault decision := {}\n\nis_valid := true\n"}, policies.data
    )
    with pytest.raises(PolicyError, match=r"data\.decision\.deny"):
        explain(Asker(broken), INCOME)
