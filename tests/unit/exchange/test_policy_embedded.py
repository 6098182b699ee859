"""The embedded engine: what it refuses to load, and that no failure of it grants anything."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import regorus

from exchange.config import DEFAULT_POLICIES
from exchange.errors import Failed
from exchange.policy import builtins, embedded, policy_set
from exchange.policy.embedded import EmbeddedEngine
from exchange.policy.policy_set import PolicyError, PolicySet

EVERYTHING = """package decision

default decision := {}

decision := {
	"allow": true,
	"granted": input.attributes,
	"refused": [],
	"reasons": [],
	"obligations": [],
	"legal_basis": null,
	"agreement": null,
}
"""


def small(module: str, **modules: str) -> PolicySet:
    """A policy set of a module or two."""
    return PolicySet({"decision.rego": module, **{f"{n}.rego": m for n, m in modules.items()}}, {})


def decide(policies: PolicySet, timeout: float = 5, **policy_input: Any) -> Any:
    return EmbeddedEngine(policies, timeout).decide_now({"attributes": ["a"], **policy_input})


def failure(policies: PolicySet, timeout: float = 5) -> str:
    with pytest.raises(Failed) as caught:
        decide(policies, timeout)
    return caught.value.reasons[0].code


def test_small_set_decides() -> None:
    """The set that the tests below spoil grants, unspoiled."""
    assert ("a",) == decide(small(EVERYTHING)).granted


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("package decision\n\ndecision := {", r"decision\.rego"),
        ("package decision\n\ndecision := nothing", r"decision\.rego"),
        ("no rego at all", r"decision\.rego"),
        ("", "package"),
        ("package other\n\ndecision := true", "compile"),
    ],
    ids=["cut-off", "unknown-name", "nonsense", "empty", "no-decision"],
)
def test_set_that_does_not_compile_is_refused(module: str, said: str) -> None:
    """Nothing decides unless all of it compiles; the message points to the place."""
    with pytest.raises(PolicyError, match=said):
        EmbeddedEngine(small(module), 5)


def test_one_broken_module_stops_the_whole_set() -> None:
    """A set is in force whole or not at all."""
    with pytest.raises(PolicyError, match=r"other\.rego"):
        EmbeddedEngine(small(EVERYTHING, other="package other\n\nx := {"), 5)


@pytest.mark.parametrize(
    "call",
    [
        'http.send({"method": "get", "url": "http://127.0.0.1:1"})',
        "time.now_ns()",
        'rand.intn("x", 5)',
        "opa.runtime()",
        'crypto.sha256("x")',
        'json.unmarshal("{}")',
        'io.jwt.decode("x")',
        'uuid.rfc4122("x")',
        'net.cidr_contains("10.0.0.0/8", "10.0.0.1")',
        'graph.reachable({"a": []}, {"a"})',
        'glob.match("a", [], "a")',
    ],
)
def test_builtin_that_is_not_allowed_is_refused_at_load(call: str) -> None:
    """The clock, the network, chance, and whatever the engines may differ on: named with file and line."""
    module = f"package other\n\nx := 1\n\ny := {call}\n"
    name = call.partition("(")[0].replace(".", r"\.")
    with pytest.raises(PolicyError, match=rf"other\.rego:5: the built-in {name} is not allowed|compile"):
        EmbeddedEngine(small(EVERYTHING, other=module), 5)


def test_own_functions_are_no_builtins() -> None:
    """Functions of the set may be called, by their own name or by their full path."""
    other = "package other\n\ndouble(x) := x + x\n\ny := double(data.third.one(1))\n"
    third = "package third\n\none(x) := x\n\nz := data.other.double(2)\n"
    assert decide(small(EVERYTHING, other=other, third=third)).allow


def test_builtin_named_like_an_own_function_is_still_refused() -> None:
    """A set cannot let the clock in by a package, an import or a function of its own called `time`."""
    time = "package time\n\nhour := 1\n"
    for other in (
        "package other\n\nimport data.time\n\ny := time.now_ns()\n",
        "package other\n\ntime.now_ns() := 1\n\ny := time.now_ns()\n",
    ):
        with pytest.raises(PolicyError, match=r"other\.rego:5: the built-in time\.now_ns is not allowed"):
            EmbeddedEngine(small(EVERYTHING, other=other, time=time), 5)


@pytest.mark.parametrize("call", ['time["now_ns"]()', "time[`now_ns`]()", 'time["now\\u005fns"]()'])
def test_builtin_in_brackets_is_refused_too(call: str) -> None:
    """Writing a name in another way does not hide it."""
    other = f"package other\n\nimport data.time\n\ny := {call}\n"
    with pytest.raises(PolicyError, match=r"other\.rego"):
        EmbeddedEngine(small(EVERYTHING, other=other, time="package time\n\nhour := 1\n"), 5)


def test_late_decision_is_none() -> None:
    """An answer that took longer than allowed is refused like no answer."""
    assert "POLICY_TIMEOUT" == failure(small(EVERYTHING), timeout=1e-9)


def test_error_while_deciding_is_no_decision() -> None:
    """A rule that gives two values at once fails, and nothing is granted."""
    conflicting = EVERYTHING.replace("default decision := {}\n", "") + (
        '\ndecision := {"allow": false} if {\n\tinput.attributes\n}\n'
    )
    undefined_for_empty = conflicting.replace('"obligations": [],', '"obligations": [],').replace(
        '\t"agreement": null,\n}', '\t"agreement": null,\n} if {\n\tinput.attributes\n}'
    )
    policies = small(f"{undefined_for_empty}\ndefault decision := {{}}\n")
    assert "POLICY_FAILED" == failure(policies)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"allow": true', '"allow": "true"'),
        ('"granted": input.attributes', '"granted": ["b"]'),
        ('"granted": input.attributes', '"granted": []'),
        ('"reasons": []', '"reasons": [{"code": "X", "rule": "decision", "legal_basis": ""}]'),
        ('"refused": [],', ""),
        ('"obligations": []', '"obligations": [{"id": "x"}]'),
    ],
)
def test_decision_of_another_shape_is_none(old: str, new: str) -> None:
    """What the engine says is read to the letter, its own policies' words no less than a server's."""
    assert old in EVERYTHING
    assert "POLICY_ANSWER_INVALID" == failure(small(EVERYTHING.replace(old, new)))


class _Panics:
    """An engine whose Rust code panics."""

    def set_input_json(self, _: str) -> None:
        raise PanicException("index out of bounds")


class PanicException(BaseException):  # named as pyo3 names it
    """Arrives from Rust as no ordinary exception."""


def test_panic_is_a_failure_and_the_engine_is_made_anew() -> None:
    """A panic inside the engine refuses one request; the next one is decided by a fresh engine."""
    engine = EmbeddedEngine(small(EVERYTHING), 5)
    engine._engines.engine = _Panics()
    with pytest.raises(Failed) as caught:
        engine.decide_now({"attributes": ["a"]})
    assert "POLICY_FAILED" == caught.value.reasons[0].code
    assert engine.decide_now({"attributes": ["a"]}).allow


def test_being_stopped_is_no_failure() -> None:
    """What is neither an error nor a panic goes through: the process is being ended."""

    class Ends:
        def set_input_json(self, _: str) -> None:
            raise KeyboardInterrupt

    engine = EmbeddedEngine(small(EVERYTHING), 5)
    engine._engines.engine = Ends()
    with pytest.raises(KeyboardInterrupt):
        engine.decide_now({"attributes": ["a"]})


def test_decisions_are_remembered_by_the_whole_question() -> None:
    """Two questions that differ anywhere are two questions, however often either was asked."""
    engine = EmbeddedEngine(policy_set.load(DEFAULT_POLICIES), 5)
    lawful: Mapping[str, Any] = {
        "time": "2026-11-21T20:00:00Z",
        "kind": "exchange",
        "consumer": "91000008",
        "processor": None,
        "provider": "94000068",
        "dataset": "eindkomst.indkomst",
        "attributes": ["maaned"],
        "key": "personnummer",
        "subject_role": "applicant",
        "purpose": "housing-benefit.income",
        "legal_basis": "bsl.8",
        "agreement": "udk-eindkomst",
        "law_date": "2026-11-21",
        "consent": None,
        "emergency": False,
        "partial_acceptable": False,
    }
    for _ in range(2):
        assert engine.decide_now(lawful).allow
        assert not engine.decide_now({**lawful, "subject_role": "child"}).allow
        assert not engine.decide_now({**lawful, "consumer": "90000055"}).allow
        assert not engine.decide_now({**lawful, "attributes": ["cprStatus"]}).allow


def test_memory_of_decisions_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of different questions does not fill the broker's memory."""
    monkeypatch.setattr(embedded, "_REMEMBERED", 10)
    engine = EmbeddedEngine(small(EVERYTHING), 5)
    for number in range(100):
        engine.decide_now({"attributes": [f"a{number}"]})
        assert len(engine._decided) <= 10


def test_engine_decides_in_any_thread() -> None:
    """The engine can be asked from several threads at once."""
    engine = EmbeddedEngine(small(EVERYTHING), 5)
    decided: list[bool] = []
    ask = [
        threading.Thread(target=lambda n=n: decided.append(engine.decide_now({"attributes": [str(n)]}).allow))
        for n in range(8)
    ]
    for thread in ask:
        thread.start()
    for thread in ask:
        thread.join()
    assert [True] * 8 == decided


def test_allowed_builtins_exist_in_the_engine() -> None:
    """Every allowed built-in is one that the engine knows: the list holds no typing errors."""
    # Built-ins are resolved when a module is compiled: an unknown one does not compile.
    unknown = []
    for name in sorted(builtins.BUILTINS):
        engine = regorus.Engine()
        engine.add_policy("x.rego", f"package x\n\ny if {name}(input.nothing)\n")
        try:
            engine.eval_rule("data.x.y")
        except Exception as error:  # noqa: BLE001  # regorus raises no kind of its own
            if "could not find function" in str(error):
                unknown.append(name)
    assert [] == unknown


def test_default_set_is_accepted_from_anywhere(tmp_path: Path) -> None:
    """The policies that come with Hjemmel load from any folder, with the same revision."""
    copy = shutil.copytree(DEFAULT_POLICIES, tmp_path / "elsewhere")
    engine = EmbeddedEngine(policy_set.load(Path(copy)), 5)
    assert policy_set.load(DEFAULT_POLICIES).revision == engine.revision
