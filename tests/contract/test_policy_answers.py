"""Documents that an engine could answer: what is no decision in the agreed shape is a failure."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.errors import Failed
from exchange.model.decision import Decision
from exchange.policy import answer

ASKED = ("a", "b")
REASON = {"code": "AGREEMENT_ENDED", "rule": "decision", "legal_basis": ""}
OBLIGATION = {
    **REASON,
    "id": "withhold_when_protected",
    "effect": "withhold",
    "attributes": ["a"],
    "when": {"fact": "cpr.person.status", "test": "equals", "value": "x"},
}
GRANT: dict[str, Any] = {
    "allow": True,
    "granted": ["a", "b"],
    "refused": [],
    "reasons": [],
    "obligations": [OBLIGATION],
    "legal_basis": {"id": "udl.5", "version": "2018-1"},
    "agreement": "udk-cpr",
}
REFUSAL: dict[str, Any] = {
    **GRANT,
    "allow": False,
    "granted": [],
    "reasons": [REASON],
    "obligations": [],
    "legal_basis": None,
}
Change = Callable[[dict[str, Any]], object]


def read(document: Any) -> Decision:
    """Reads a document as the answer to a question for two attributes."""
    return answer.read(document, ASKED, "revision", {})


def test_the_agreed_shape_is_read() -> None:
    """A grant and a refusal as the policies write them."""
    assert (True, ASKED) == (read(GRANT).allow, read(GRANT).granted)
    assert (False, "AGREEMENT_ENDED") == (read(REFUSAL).allow, read(REFUSAL).reasons[0].code)


@pytest.mark.parametrize(
    "document",
    [
        None,
        True,
        1,
        "allow",
        [],
        [True],
        {},
        {"allow": True},
        {"result": GRANT},
        {"allow": True, "granted": ["a"]},
    ],
    ids=repr,
)
def test_what_is_no_decision_at_all_is_a_failure(document: Any) -> None:
    """Nothing, a bare truth value, an undefined result: none of them grants."""
    with pytest.raises(Failed, match="POLICY_ANSWER_INVALID"):
        read(document)


VALUES: list[Any] = ["missing", None, 0, 1, "true", [None], [[]], {"a": 1}, ["a", 7]]
SPOILT = [(n, v) for n in GRANT for v in VALUES if n != "agreement"]
# No version in force is no malformed answer: what to do about it is for the policies to say.
SPOILT = [(n, v) for n, v in SPOILT if n != "legal_basis" or v not in (None, 0, {"a": 1})]


@pytest.mark.parametrize(("name", "value"), SPOILT)
def test_a_field_that_is_missing_or_of_another_type_is_a_failure(name: str, value: Any) -> None:
    """`1` is not true, and a list with a number in it is no list of names."""
    document = deepcopy(GRANT)
    document[name] = value
    if value == "missing":
        del document[name]
    with pytest.raises(Failed, match="POLICY_ANSWER_INVALID"):
        read(document)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(granted=["a", "b", "c"]),
        lambda d: d.update(granted=["c"]),
        lambda d: d.update(granted=[]),
        lambda d: d.update(reasons=[REASON]),
        lambda d: d.update(allow=False),
        lambda d: d.update(allow=False, reasons=[REASON]),
        lambda d: d.update(allow=False, granted=[]),
        lambda d: d["obligations"][0]["when"].update(test="matches"),
        lambda d: d["obligations"][0]["when"].update(test="age_below"),
        lambda d: d["obligations"][0]["when"].update(value=None),
        lambda d: d["obligations"][0]["when"].update(value=[1]),
        lambda d: d["obligations"][0].update(when=None),
        lambda d: d["obligations"][0].pop("effect"),
        lambda d: d["obligations"][0].update(effect="mask"),
        lambda d: d["obligations"][0].update(effect="review"),
        lambda d: d["obligations"][0].update(effect="indicate"),
        lambda d: d["obligations"][0].update(effect="indicate", when=None, attributes=[]),
        lambda d: d["obligations"][0].update(attributes="a"),
        lambda d: d["obligations"][0].pop("id"),
        lambda d: d.update(obligations={"0": OBLIGATION}),
    ],
)
def test_a_decision_that_contradicts_itself_is_a_failure(change: Change) -> None:
    """More than asked, a grant beside a refusal, a refusal for no reason, a condition nobody can test."""
    document = deepcopy(GRANT)
    change(document)
    with pytest.raises(Failed, match="POLICY_ANSWER_INVALID"):
        read(document)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(GRANT)), JSON))
def test_whatever_is_answered_grants_no_more_than_was_asked(changes: dict[str, Any]) -> None:
    """Any JSON in any field: a failure, or a decision within the question."""
    with suppress(Failed):
        decision = read({**deepcopy(GRANT), **changes})
        assert set(decision.granted) <= set(ASKED)
        assert decision.allow == bool(decision.granted)


@given(JSON)
def test_whatever_is_answered_is_read_or_refused(document: Any) -> None:
    """Any JSON at all: no other exception comes out of it, and nothing is granted."""
    with pytest.raises(Failed, match="POLICY_ANSWER_INVALID"):
        read(json.loads(json.dumps(document)))
