"""The embedded engine and the OPA server decide the same, on whatever they are asked."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from adapters.registers import PLANTED_CASES
from exchange.model.decision import Decision, Reason
from exchange.policy.policy_set import PolicySet
from tests.integration.policy.conftest import Decide, Input
from tests.integration.policy.inputs import JSON, inputs

FIELDS = (
    *("time", "kind", "consumer", "processor", "provider", "dataset", "key", "subject_role"),
    *("purpose", "legal_basis", "agreement", "law_date", "consent", "partial_acceptable"),
)
QUIET = settings(
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.generate, Phase.shrink],
)


@pytest.mark.parametrize("name", [c.name for c in PLANTED_CASES])
def test_planted_case_is_decided_the_same(
    embedded: Decide, served: Decide, planted_inputs: dict[str, Input], name: str
) -> None:
    """What the broker asked for a planted case gets one decision from both."""
    decided = embedded(planted_inputs[name])
    assert isinstance(decided, Decision)
    assert decided == served(planted_inputs[name])


@pytest.mark.slow
def test_drawn_inputs_are_decided_the_same(embedded: Decide, served: Decide, policies: PolicySet) -> None:
    """Thousands of requests, most of them nearly lawful, get one decision from both."""
    ended: Counter[str] = Counter()

    @settings(QUIET, max_examples=2500)
    @given(inputs(policies.data))
    def agree(policy_input: dict[str, Any]) -> None:
        decided = embedded(policy_input)
        assert decided == served(policy_input)
        assert isinstance(decided, Decision)
        ended.update([_end(decided)])
        _hold(decided, policy_input)

    agree()
    assert {"granted", "granted with obligations", "granted in part", "refused"} == set(ended)
    assert min(ended.values()) >= 20, ended


@pytest.mark.parametrize("field", FIELDS)
def test_rubbish_in_a_field_is_refused_by_both(
    embedded: Decide, served: Decide, planted_inputs: dict[str, Input], field: str
) -> None:
    """Whatever JSON stands in one field of a granted request, both engines decide alike."""
    lawful = dict(planted_inputs["family-income-applicant"])

    @settings(QUIET, max_examples=40)
    @given(JSON)
    def agree(value: Any) -> None:
        spoiled = {**lawful, field: value}
        decided = embedded(spoiled)
        assert decided == served(spoiled)
        assert isinstance(decided, Decision)
        if type(value) is not type(lawful[field]) and not (field == "processor" and isinstance(value, str)):
            assert not decided.allow

    agree()


def test_absent_fields_are_refused_by_both(
    embedded: Decide, served: Decide, planted_inputs: dict[str, Input]
) -> None:
    """Without any one of its fields, or any set of them, a granted request is malformed."""
    lawful = dict(planted_inputs["family-income-applicant"])

    @settings(QUIET, max_examples=100)
    @given(st.sets(st.sampled_from([*FIELDS, "attributes"]), min_size=1))
    def agree(gone: set[str]) -> None:
        spoiled = {k: v for k, v in lawful.items() if k not in gone}
        decided = embedded(spoiled)
        assert decided == served(spoiled)
        assert isinstance(decided, Decision)
        assert ("INPUT_INVALID",) == tuple(r.code for r in decided.reasons)

    agree()


def _end(decided: Decision) -> str:
    if not decided.allow:
        return "refused"
    if decided.refused:
        return "granted in part"
    return "granted with obligations" if decided.obligations else "granted"


def _hold(decided: Decision, policy_input: Input) -> None:
    """What any decision must be, whichever engine made it."""
    asked = set(policy_input["attributes"])
    refused = {r.attribute for r in decided.refused}
    assert set(decided.granted) <= asked
    assert not set(decided.granted) & refused
    if decided.allow:
        assert not decided.reasons
        assert asked == set(decided.granted) | refused
        assert not refused or policy_input["partial_acceptable"]
        assert decided.legal_basis_version
        assert decided.citation
    else:
        assert () == decided.granted
        assert decided.all_reasons
    obliged = [o.reason for o in decided.obligations]
    for reason in (*decided.all_reasons, *obliged):
        _names_a_law(reason)


def _names_a_law(reason: Reason) -> None:
    assert reason.text_en
    assert reason.text_da
    assert any(word in reason.text_da for word in ("§", "artikel"))
    assert any(word in reason.text_en for word in ("§", "article", "laws "))
