"""The embedded engine and the OPA server decide the same, on whatever they are asked."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from adapters.registers import PLANTED_CASES
from exchange.model.decision import Decision
from tests.integration.policy.conftest import Decide, Input
from tests.integration.policy.inputs import JSON

FIELDS = (
    *("time", "kind", "consumer", "processor", "provider", "dataset", "key", "subject_role"),
    *("purpose", "legal_basis", "agreement", "law_date", "consent", "emergency"),
    "partial_acceptable",
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
