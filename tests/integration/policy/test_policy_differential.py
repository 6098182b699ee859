"""Tens of thousands of questions, decided alike by both engines: whole decisions, in batches."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import regorus
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from exchange.config import DEFAULT_POLICIES
from exchange.errors import Failed
from exchange.model.decision import Decision, Reason
from exchange.policy import answer
from exchange.policy.bundle import pack
from exchange.policy.embedded import EmbeddedEngine
from exchange.policy.policy_set import PolicySet
from tests.integration.policy.inputs import inputs
from tests.support import opa

BATCH = """package batch

decisions := [decided |
	some item in input.items
	decided := data.decision.decision with input as item
]
"""
DRAWN, AT_ONCE = 20_000, 50


class Engines:
    """Both engines on one set; OPA answers many questions at once."""

    def __init__(self, policies: PolicySet, url: str) -> None:
        self._policies = policies
        self._url = f"{url}/v1/data/batch/decisions"
        self._engine = EmbeddedEngine(policies, timeout=30)
        self._citations = answer.citations_of(policies.data)
        self._pool = ThreadPoolExecutor(1)

    def agreed(self, questions: Sequence[Any]) -> list[Decision | str]:
        """What both decide; they decide at the same time."""
        served = self._pool.submit(self._served, questions)
        decided = self._embedded(questions)
        for question, one, other in zip(questions, decided, served.result(), strict=True):
            assert one == other, question
        return decided

    def _embedded(self, questions: Sequence[Any]) -> list[Decision | str]:
        return [_decision(lambda q=q: self._engine.decide_now(q)) for q in questions]

    def _served(self, questions: Sequence[Any]) -> list[Decision | str]:
        body = json.dumps({"input": {"items": questions}}).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as said:
            documents = json.load(said)["result"]
        assert len(questions) == len(documents)
        return [
            _decision(lambda d=d, q=q: self._read(d, q)) for d, q in zip(documents, questions, strict=True)
        ]

    def _read(self, document: Any, question: Any) -> Decision:
        asked = tuple(question.get("attributes") or ())
        return answer.read(document, asked, self._policies.revision, self._policies.texts, self._citations)


def _decision(decide: Any) -> Decision | str:
    try:
        decided: Decision = decide()
    except Failed as failed:
        return failed.reasons[0].code
    return decided


@pytest.fixture(scope="module")
def engines(policies: PolicySet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """Both engines; where the set has no module for batches, one is added."""
    batched = PolicySet({"batch/batch.rego": BATCH, **policies.modules}, policies.data)
    bundle = tmp_path_factory.mktemp("batched") / "bundle.tar.gz"
    bundle.write_bytes(pack(batched))
    with opa.server(bundle) as url:
        yield Engines(batched, url)


@pytest.mark.slow
def test_drawn_requests_are_decided_alike(engines: Engines, policies: PolicySet) -> None:
    """Twenty thousand requests, most of them nearly lawful, get the same whole decisions from both.

    The same ones every time: hypothesis draws without chance here, and still shrinks what fails.
    """
    ended: Counter[str] = Counter()

    @settings(
        max_examples=DRAWN // AT_ONCE,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(st.lists(inputs(policies.data), min_size=AT_ONCE, max_size=AT_ONCE))
    def agree(questions: list[dict[str, Any]]) -> None:
        for question, decided in zip(questions, engines.agreed(questions), strict=True):
            assert isinstance(decided, Decision)
            _hold(decided, question)
            ended.update([_end(decided)])

    agree()
    assert ended.total() >= DRAWN
    assert {"granted", "granted with obligations", "granted in part", "refused"} == set(ended)
    assert min(ended.values()) >= 100, ended


def test_requests_of_the_policy_tests_are_decided_alike(engines: Engines) -> None:
    """Every request of the policies' own tests, and each with every disturbance, gets one decision."""
    questions = fixtures()
    assert len(questions) >= 300
    decided = engines.agreed(questions)
    assert sum(isinstance(d, Decision) and d.allow for d in decided) >= 16


def fixtures() -> list[dict[str, Any]]:
    """The granted requests of policies/tests, undisturbed and disturbed."""
    engine = regorus.Engine()
    for path in sorted((DEFAULT_POLICIES / "tests").glob("*.rego")):
        engine.add_policy(path.name, Path(path).read_text("utf-8"))
    valid = json.loads(engine.eval_rule_as_json("data.tests.valid"))
    disturbances = json.loads(engine.eval_rule_as_json("data.tests.disturbances"))
    return [{**request, **change} for request in valid.values() for change in ({}, *disturbances)]


def _end(decision: Decision | str) -> str:
    if isinstance(decision, str):
        return decision
    if not decision.allow:
        return "refused"
    if decision.refused:
        return "granted in part"
    return "granted with obligations" if decision.obligations else "granted"


def _hold(decided: Decision, policy_input: Mapping[str, Any]) -> None:
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
