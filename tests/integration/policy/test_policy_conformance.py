"""OPA's own test cases on the embedded engine: where the two differ, a policy set is refused at load."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from exchange.policy.builtins import BUILTINS
from exchange.policy.embedded import EmbeddedEngine, compile_set
from exchange.policy.errors import PolicyError
from exchange.policy.policy_set import PolicySet
from tests.support import conformance
from tests.support.conformance import Outcome
from tests.support.opa import tool

#: Cases that call an allowed built-in and do not agree by themselves, and why the built-in is allowed.
EXCEPTIONS = {
    "regexmatch/regex.match bad RE": "an error instead of undefined: it grants nothing",
    "replacen/semantics/no chained replacements": "only patterns of one character are let through",
    "replacen/semantics/overlapping keys": "likewise",
    "replacen/semantics/replaced output is not re-scanned": "likewise",
    "replacen/semantics/shorter key sorted first wins": "likewise",
    "walkbuiltin/array path not overwritten": "walk itself is not allowed",
    "withkeyword/builtin: nested, mock function calls original": "an error: functions are not replaced",
    "withkeyword/builtin-builtin: arity 1, replacement is compound": "likewise",
}
#: Cases whose policy loads and whose answer is an error where OPA has one: nothing is granted then.
FAILING = {
    "regexmatch/regex.match bad RE",
    "withkeyword/builtin: nested, mock function calls original",
    "withkeyword/builtin-builtin: arity 1, replacement is compound",
    "withkeyword/function: direct call, built-in replacement, arity 1",
    "withkeyword/function: direct call, built-in replacement, arity 1, result captured",
}


@cache
def outcomes(*, unchecked: bool) -> list[Outcome]:
    return conformance.run(unchecked=unchecked)


def test_nothing_that_loads_decides_differently() -> None:
    """Of OPA's own cases, none passes the checks of a load and then has another answer, panics or hangs.

    What is neither refused nor the same is an error. The other failing ones have the feature in the
    question itself, where a policy has no part.
    """
    found = outcomes(unchecked=False)
    words = Counter(outcome.word for outcome in found)
    print(dict(words))
    assert len(found) > 2_000
    assert {"agrees", "refused", "fails"} == set(words)
    failing = {
        o.note for o in found if o.word == "fails" and not o.note.startswith("string-interpolation/query/")
    }
    assert FAILING == failing


def test_allowed_builtins_agree_in_every_case() -> None:
    """Each allowed built-in agrees with OPA in all cases that call it, but for those named with a reason."""
    cases = [o for o in outcomes(unchecked=True) if o.called & BUILTINS and o.word != "refused"]
    print(dict(Counter(outcome.word for outcome in outcomes(unchecked=True))))
    assert set(EXCEPTIONS) == {o.note for o in cases if o.word != "agrees"}
    tried = {name for o in cases for name in o.called}
    assert BUILTINS - {"print"} <= tried  # print has no value


DIFFERENT = [
    ('x if "a", "a" in {"a"}', "key, value in"),
    ("p[q].r contains 1 if some q in input.names", "set below a computed name"),
    ('x := strings.replace_n({"ab": "c"}, input.text)', "strings.replace_n"),
    ('x := strings.replace_n({"a": "b", "b": "a"}, input.text)', "strings.replace_n"),
    ("x := strings.replace_n(input.patterns, input.text)", "strings.replace_n"),
    ('x := sprintf("%f", [1e2])', "sprintf"),
    ("x := walk(input)", "walk"),
    ('x := $"a{input.text}"', "compile"),
    ("x.if := 1", "compile"),
    ("x if {\n\tnot {\n\t\tinput.a\n\t\tinput.b\n\t}\n}", "compile"),
]


@pytest.mark.parametrize(("text", "said"), DIFFERENT, ids=[text for text, _ in DIFFERENT])
def test_what_the_engines_read_differently_is_refused(text: str, said: str) -> None:
    """Each with the file and the line, before it decides anything."""
    module = f"package decision\n\ndecision := {{}}\n\n{text}\n"
    with pytest.raises(PolicyError, match=rf"decision\.rego:\d: (?s:.*){said}"):
        EmbeddedEngine(PolicySet({"decision.rego": module}, {}), 5)


def test_replacement_that_is_alike_is_accepted() -> None:
    """Patterns of one character that no replacement makes again are replaced alike by both."""
    text = 'decision := strings.replace_n({"0": "9", "1": "9"}, "2011")'
    EmbeddedEngine(PolicySet({"decision.rego": f"package decision\n\n{text}\n"}, {}), 5)


def test_negation_of_what_is_undefined_inside_a_call_is_known_to_differ() -> None:
    """OPA looks arguments up before it negates, regorus after: where one is missing, only regorus says yes.

    No check can tell it from a negation that is right. So the policies hold an input to its shape before
    they negate anything of it (policies/decision/shape.rego), and the differential test draws what is absent.
    """
    rules = "f(x) if x == 1\n\nx if not f(input.a)\n\ny if not input.a == 1\n"
    module = f"package decision\n\ndecision := {{}}\n\n{rules}"
    engine = compile_set(PolicySet({"decision.rego": module}, {}))
    engine.set_input_json("{}")
    ours = json.loads(engine.eval_query_as_json("data.decision"))["result"][0]["expressions"][0]["value"]
    assert {"decision": {}, "x": True, "y": True} == ours
    assert {"decision": {}, "y": True} == _on_opa(module)


def _on_opa(module: str) -> Any:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "decision.rego"
        path.write_text(module, "utf-8")
        options = ("--stdin-input", "--format", "raw", "--data", str(path))
        command = [str(tool("opa")), "eval", *options, "data.decision"]
        done = subprocess.run(command, input="{}", capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
