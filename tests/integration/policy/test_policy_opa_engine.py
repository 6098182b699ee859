"""The OPA engine by itself: batches, revisions, failures that stay with whom they belong to, health."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from exchange.errors import Failed
from exchange.model.decision import Decision
from exchange.policy.bundle import pack
from exchange.policy.opa import OpaEngine
from exchange.policy.opa_server import Fault
from exchange.policy.policy_set import PolicySet
from exchange.policy.revisions import Fixed
from tests.integration.policy.conftest import Decide, Input
from tests.support import fake_opa, proxy
from tests.support.fake_opa import Script
from tests.support.opa import OpaProcess
from tests.support.policies import Store, with_agreement
from tests.support.proxy import Mode

REFUSED = {"code": "AGREEMENT_ENDED", "rule": "decision", "legal_basis": ""}


def refusing(item: Any) -> dict[str, Any]:
    """A well-formed decision that refuses, and tells by its version which input it is for."""
    return {
        "allow": False,
        "granted": [],
        "refused": [],
        "reasons": [REFUSED],
        "obligations": [],
        "legal_basis": {"id": "bsl.8", "version": str(item.get("number"))},
    }


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  # another thread or process makes it true
            await asyncio.sleep(0.02)


@pytest.fixture
def scripted() -> Iterator[tuple[Script, str]]:
    """A server that says what a test wants, and its URL."""
    script = Script()
    with fake_opa.answering(script) as url:
        yield script, url


@pytest.fixture
def engine_on(policies: PolicySet) -> Callable[..., AbstractAsyncContextManager[OpaEngine]]:
    """Opens engines on the set that comes with Hjemmel."""

    def build(url: str, timeout: float = 5, batch: int = 64, calls: int = 1) -> OpaEngine:
        return OpaEngine(url, Fixed(policies), timeout, batch, calls)

    return build


Open = Callable[..., AbstractAsyncContextManager[OpaEngine]]

# Batches


async def test_each_gets_the_answer_to_its_own_question(
    engine_on: Open, opa_url: str, embedded: Decide, planted_inputs: dict[str, Input]
) -> None:
    """Hundreds of different questions at once, in few calls: each is decided as if it were alone."""
    asked = [*planted_inputs.values()] * 10
    async with engine_on(opa_url, timeout=30) as engine:
        decided = await asyncio.gather(*(engine.decide(i) for i in asked))
        counts = engine.counts
    assert [embedded(i) for i in asked] == decided
    assert (len(asked), {}) == (counts.decided, counts.failed)
    assert len(asked) == sum(size * times for size, times in counts.calls.items())
    assert max(counts.calls) == 64


async def test_one_bad_answer_fails_one_question(
    engine_on: Open, scripted: tuple[Script, str], policies: PolicySet
) -> None:
    """Of a batch with an answer that is no decision, all the others are decided."""
    script, url = scripted
    script.decides = (lambda item: None if item.get("number") == 2 else refusing(item), policies.revision)
    async with engine_on(url) as engine:
        asked = [engine.decide({"number": n}) for n in range(5)]
        ended = await asyncio.gather(*asked, return_exceptions=True)
        assert {"malformed": 1} == engine.counts.failed
    versions = [e.legal_basis_version if isinstance(e, Decision) else str(e) for e in ended]
    assert ["0", "1", "POLICY_ANSWER_INVALID", "3", "4"] == versions


async def test_question_that_breaks_the_policies_costs_nobody_else_the_answer(
    policies: PolicySet, planted_inputs: dict[str, Input], tmp_path: Path
) -> None:
    """Where OPA gives an error for a whole batch, all but the question that it stumbles over are decided."""
    stumble = 'package decision\n\ndecision := "nothing" if input.agreement == "poison"\n\n'
    stumble += 'decision := "another" if input.agreement == "poison"\n'
    broken = PolicySet({**policies.modules, "decision/stumble.rego": stumble}, policies.data)
    lawful = planted_inputs["family-income-applicant"]
    asked = [lawful, lawful, {**lawful, "agreement": "poison"}, lawful]
    async with held(broken, Store(broken), tmp_path) as engine:
        ended = await asyncio.gather(*(engine.decide(i) for i in asked), return_exceptions=True)
        assert {"error": 1} == engine.counts.failed
        assert {4: 1, 1: 4} == engine.counts.calls
    assert [True, True, "POLICY_FAILED", True] == [
        e.allow if isinstance(e, Decision) else str(e) for e in ended
    ]


async def test_answers_that_do_not_match_the_questions_are_nobodys(
    engine_on: Open, scripted: tuple[Script, str], policies: PolicySet
) -> None:
    """A server that leaves an answer out is asked one by one, so that nobody gets somebody else's."""
    script, url = scripted
    script.leaves_out = {"number": 1}
    script.decides = (refusing, policies.revision)
    async with engine_on(url) as engine:
        asked = [engine.decide({"number": n}) for n in range(3)]
        ended = await asyncio.gather(*asked, return_exceptions=True)
    versions = [e.legal_basis_version if isinstance(e, Decision) else str(e) for e in ended]
    assert ["0", "POLICY_ANSWER_INVALID", "2"] == versions


async def test_failures_of_a_batch_are_not_one_failure(engine_on: Open, scripted: tuple[Script, str]) -> None:
    """Each who asked gets an error of its own, on which its own receipt can be put."""
    script, url = scripted
    async with engine_on(url) as engine:
        script.say(b"{}", 500)
        ended = await asyncio.gather(*(engine.decide({}) for _ in range(3)), return_exceptions=True)
        assert {"error": 3} == engine.counts.failed
    assert ["POLICY_FAILED"] * 3 == [str(e) for e in ended]
    assert 3 == len({id(e) for e in ended})


async def test_cancelled_question_disturbs_nobody(
    engine_on: Open, opa_url: str, planted_inputs: dict[str, Input]
) -> None:
    """Callers that hang up leave the others of their batch their answers."""
    lawful = planted_inputs["family-income-applicant"]
    async with engine_on(opa_url, timeout=30) as engine:
        tasks = [asyncio.create_task(engine.decide(lawful)) for _ in range(40)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [True] * 20 == [isinstance(e, Decision) and e.allow for e in ended[1::2]]
    assert [True] * 20 == [isinstance(e, asyncio.CancelledError) for e in ended[::2]]


async def test_waiting_for_a_call_counts_towards_the_timeout(
    engine_on: Open, scripted: tuple[Script, str]
) -> None:
    """While a server hangs, every question fails after its own time, also one that was never sent."""
    script, url = scripted
    async with engine_on(url, timeout=0.3, batch=1) as engine:
        script.hang = True
        ended = await asyncio.gather(*(engine.decide({}) for _ in range(5)), return_exceptions=True)
        assert {"timeout": 5} == engine.counts.failed
    assert ["POLICY_TIMEOUT"] * 5 == [str(e) for e in ended]


async def test_restarted_server_costs_no_question(
    engine_on: Open, policies: PolicySet, tmp_path: Path, planted_inputs: dict[str, Input]
) -> None:
    """A kept connection that the server has closed meanwhile is replaced, and the question asked again."""
    (tmp_path / "bundle.tar.gz").write_bytes(pack(policies))
    server = OpaProcess("--bundle", str(tmp_path / "bundle.tar.gz"))
    lawful = planted_inputs["family-income-applicant"]
    try:
        await asyncio.to_thread(server.start)
        async with engine_on(server.url) as engine:
            for _ in range(3):
                assert (await engine.decide(lawful)).allow
                await asyncio.to_thread(server.stop)
                await asyncio.to_thread(server.start)
            assert (await engine.decide(lawful)).allow
    finally:
        server.stop()


# Revisions


@pytest.fixture
def other(policies: PolicySet) -> PolicySet:
    """Another revision, by which the same request is refused, with another text."""
    path = "decision/agreement_deny.rego"
    module = policies.modules[path].replace("The agreement", "This very agreement")
    assert module != policies.modules[path]
    changed = PolicySet({**policies.modules, path: module}, policies.data)
    return with_agreement(changed, "udk-eindkomst", valid_to="2024-12-31")


@asynccontextmanager
async def held(policies: PolicySet, store: Store, folder: Path) -> AsyncIterator[OpaEngine]:
    """An engine on a server that holds a set of its own, whatever is published."""
    (folder / "bundle.tar.gz").write_bytes(pack(policies))
    server = OpaProcess("--bundle", str(folder / "bundle.tar.gz"))
    try:
        await asyncio.to_thread(server.start)
        async with OpaEngine(server.url, store, 5, 8, 2) as engine:
            yield engine
    finally:
        server.stop()


async def test_decision_names_the_revision_that_made_it(
    policies: PolicySet, other: PolicySet, planted_inputs: dict[str, Input], tmp_path: Path
) -> None:
    """While a new set is taken over the one before it decides, in its own name and its own words."""
    lawful = planted_inputs["family-income-applicant"]
    store = Store(other)
    async with held(other, store, tmp_path) as engine:
        store.publish(policies)
        assert policies.revision == engine.revision
        decision = await engine.decide(lawful)
    assert (False, other.revision) == (decision.allow, decision.revision)
    [reason] = decision.all_reasons
    assert "This very agreement" in reason.text_en


async def test_withdrawn_revision_decides_nothing(
    policies: PolicySet, other: PolicySet, planted_inputs: dict[str, Input], tmp_path: Path
) -> None:
    """From the moment in which a set is withdrawn, what it grants is not believed, and health says so."""
    lawful = planted_inputs["family-income-applicant"]
    store = Store(policies)
    async with held(policies, store, tmp_path) as engine:
        assert (await engine.decide(lawful)).allow
        assert engine.problem is None
        store.publish(other)
        store.withdraw(policies)
        with pytest.raises(Failed, match="POLICY_ANSWER_INVALID"):
            await engine.decide(lawful)
        await until(lambda: engine.problem == Fault.REVISION.text)
        assert {"revision": 1} == engine.counts.failed


async def test_revision_that_nobody_archived_decides_nothing(
    policies: PolicySet, other: PolicySet, planted_inputs: dict[str, Input], tmp_path: Path
) -> None:
    """A server that holds what was never published here is not believed, not even when it refuses."""
    async with held(other, Store(policies), tmp_path) as engine:
        assert Fault.REVISION.text == engine.problem
        with pytest.raises(Failed, match="POLICY_ANSWER_INVALID"):
            await engine.decide(planted_inputs["family-income-applicant"])


# Health


class Known(Script):
    """A script that knows which revision is right."""

    def __init__(self, revision: str) -> None:
        super().__init__()
        self.revision = revision


TROUBLES: dict[str, tuple[Callable[[Known], Any], Fault]] = {
    "hangs": (lambda script: setattr(script, "hang", True), Fault.TIMEOUT),
    "answers with an error": (lambda script: script.say(b"{}", 500), Fault.ERROR),
    "answers no JSON": (lambda script: script.say(b"<html>"), Fault.ERROR),
    "has no policies": (lambda script: script.say(b'{"provenance": {"version": "1"}}'), Fault.EMPTY),
    "decides nonsense": (lambda script: script.document([], script.revision), Fault.MALFORMED),
    "grants on an empty question": (
        lambda script: script.document({**refusing({}), "allow": True, "granted": ["x"]}, script.revision),
        Fault.MALFORMED,
    ),
    "holds another revision": (lambda script: script.document(refusing({}), "0" * 64), Fault.REVISION),
}


@pytest.mark.parametrize(("trouble", "fault"), TROUBLES.values(), ids=TROUBLES.keys())
async def test_health_is_told_without_anybody_asking(
    policies: PolicySet, trouble: Callable[[Known], Any], fault: Fault
) -> None:
    """An engine that cannot decide finds out by itself, when it can again, and when it no longer can."""
    script = Known(policies.revision)
    with fake_opa.answering(script) as url:
        trouble(script)
        async with OpaEngine(url, Fixed(policies), 0.3, 8, 1) as engine:
            assert fault.text == engine.problem
            script.hang = False
            script.document(refusing({}), policies.revision)
            await until(lambda: engine.problem is None)
            trouble(script)
            await until(lambda: engine.problem == fault.text)
            assert (0, {}) == (engine.counts.decided, engine.counts.failed)


async def test_health_follows_a_server_that_goes_and_comes(
    engine_on: Open, opa_url: str, planted_inputs: dict[str, Input]
) -> None:
    """What a call meets is looked into at once; the first answer after it ends the matter."""
    lawful = planted_inputs["family-income-applicant"]
    with proxy.before(opa_url.removeprefix("http://")) as between:
        async with engine_on(between.url, timeout=0.5) as engine:
            assert engine.problem is None
            for mode, fault in ((Mode.HANG, Fault.TIMEOUT), (Mode.REFUSE, Fault.UNREACHABLE)):
                between.mode = mode
                with pytest.raises(Failed, match=fault.code):
                    await engine.decide(lawful)
                await until(lambda told=fault.text: engine.problem == told)  # type: ignore[misc]
                between.mode = Mode.PASS
                assert (await engine.decide(lawful)).allow
                assert engine.problem is None
