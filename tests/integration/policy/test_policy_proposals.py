"""The nearest lawful request: granted as proposed, true to the facts, and nothing where nothing is lawful."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.catalogue import load_catalogue
from exchange.model.catalogue import Text
from exchange.policy.embedded import EmbeddedEngine
from exchange.policy.policy_set import PolicySet
from exchange.workbench import explain_words
from exchange.workbench.asking import Asker
from exchange.workbench.explain import explain
from exchange.workbench.explain_document import explanation_document
from exchange.workbench.names import Names
from exchange.workbench.proposals import Reach
from tests.integration.policy.conftest import Input
from tests.integration.policy.inputs import inputs
from tests.integration.policy.wrong_requests import CONSENT, HEALTH, INCOME, TIME

#: What a proposal may never touch.
FACTS = ("consumer", "provider", "processor", "dataset", "subject_role", "time", "kind", "partial_acceptable")


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


def test_work_income_is_left_out_in_the_nearest_request(
    asker: Asker, planted_inputs: dict[str, Input]
) -> None:
    """The spouse's wages no longer count: without them the request is lawful, and that is proposed first."""
    asked = planted_inputs["working-spouse-after"]
    found = explain(asker, asked)
    (first, *_) = found.proposals
    assert ("loenindkomst",) == first.dropped
    assert {"attributes"} == first.changes.keys()
    assert Reach.REQUEST is first.reach


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"legal_basis": "bsl.77"}, {"legal_basis": "bsl.8"}),
        ({"agreement": "udk-cpr"}, {"agreement": "udk-eindkomst"}),
        ({"key": "person_id"}, {"key": "personnummer"}),
        ({"law_date": "2017-01-01"}, {"law_date": "2018-01-01"}),
        ({"attributes": ["maaned", "navn"]}, {"attributes": ["maaned"]}),
    ],
    ids=["law", "agreement", "key", "day", "attributes"],
)
def test_one_wrong_field_is_put_right(asker: Asker, change: Input, expected: Input) -> None:
    """The nearest lawful request changes what was wrong, and nothing else."""
    proposals = explain(asker, {**INCOME, **change}).proposals
    assert expected in [dict(p.changes) for p in proposals]


def test_consent_is_proposed_as_something_to_obtain(asker: Asker, names: Names) -> None:
    """A withdrawn consent is not talked away: a new one must be obtained, and the caveat says so."""
    found = explain(asker, {**HEALTH, "consent": {**CONSENT, "withdrawn_time": TIME}})
    (first, *_) = found.proposals
    assert {"consent"} == first.changes.keys()
    en, da = both(list(explain_words.changes(first, names)))
    assert "Obtain the citizen's consent" in en
    assert "Indhent borgerens samtykke" in da
    assert "must not be adapted" in explain_words.CAVEAT[first.reach].en


def test_another_purpose_is_the_last_resort(asker: Asker, planted_inputs: dict[str, Input]) -> None:
    """Only where nothing else is granted is another purpose named, as a task of its own."""
    found = explain(asker, planted_inputs["municipality-work-income"])
    assert found.proposals
    assert {Reach.TASK} == {p.reach for p in found.proposals}
    assert "another task" in explain_words.CAVEAT[Reach.TASK].en


@pytest.mark.parametrize("name", ["child-income-by-role", "agreement-ended"])
def test_where_nothing_is_lawful_it_is_said(
    asker: Asker, names: Names, planted_inputs: dict[str, Input], name: str
) -> None:
    """No proposal is made for a child's income or an ended agreement: the role is never changed."""
    found = explain(asker, planted_inputs[name])
    assert ((), ()) == (found.proposals, found.elsewhere)
    assert [] == explanation_document(found, names, None)["proposals"]


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_proposals_are_granted_and_keep_to_the_facts(policies: PolicySet, data: st.DataObject) -> None:
    """Each proposal is granted as it stands, changes no fact of the case and asks for nothing more.

    And of any request, what is told to have failed is what the decision says.
    """
    asker, engine = _pair(policies)
    asked: Mapping[str, Any] = data.draw(inputs(policies.data))
    found = explain(asker, asked)
    conditions = {c.rule.code for c in found.failed}
    if found.decision.allow:
        assert set() == conditions
    elif not found.failure:
        assert {r.code for r in found.decision.reasons} == conditions
    assert len(found.proposals) <= 3
    for proposal in (*found.proposals, *found.elsewhere):
        request = proposal.policy_input
        assert {f: asked[f] for f in FACTS} == {f: request[f] for f in FACTS}
        assert set(proposal.kept) <= set(asked["attributes"])
        decision = engine.decide_now(request)
        assert decision.allow
        assert set(proposal.kept) == set(decision.granted) == set(request["attributes"])
        assert proposal.changes
    reaches = [p.reach for p in found.proposals]
    assert sorted(reaches) == reaches


_PAIRS: dict[str, tuple[Asker, EmbeddedEngine]] = {}


def _pair(policies: PolicySet) -> tuple[Asker, EmbeddedEngine]:
    """An asker and an engine of its own for a set, made once."""
    if policies.revision not in _PAIRS:
        _PAIRS[policies.revision] = (Asker(policies), EmbeddedEngine(policies, timeout=30))
    return _PAIRS[policies.revision]
