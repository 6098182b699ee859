"""The policies pass the tools of their own world: OPA's compiler, formatter and tests, and Regal."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from adapters.catalogue import load_catalogue
from exchange.config import DEFAULT_POLICIES
from exchange.model.identifiers import SUBJECT_KEYS
from exchange.model.request import SUBJECT_ROLES
from exchange.policy import rego_tests
from exchange.policy.policy_set import PolicyError
from tests.support.opa import tool

SCHEMAS = DEFAULT_POLICIES / "schemas"
TEST = ("test", "--timeout", "300s", "--format", "json")  # for all of them together; 5 s by default


def run(*command: object) -> str:
    """Runs a tool; gives what it printed."""
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr), done.stdout
    return done.stdout


def opa_tests() -> dict[str, bool]:
    """Runs the tests on OPA; gives which passed."""
    results = json.loads(run(tool("opa"), *TEST, DEFAULT_POLICIES))
    return {f"{r['package']}.{r['name']}": "fail" not in r and "error" not in r for r in results}


def test_policies_compile_strictly() -> None:
    """Every reference is to something that its schema knows; nothing is unused or shadowed."""
    run(tool("opa"), "check", "--strict", "--schema", SCHEMAS, DEFAULT_POLICIES)


def test_policies_are_formatted() -> None:
    """`opa fmt` would change nothing."""
    assert "" == run(tool("opa"), "fmt", "--diff", "--fail", DEFAULT_POLICIES)


def test_policies_are_idiomatic() -> None:
    """Regal has no remark."""
    config = DEFAULT_POLICIES / ".regal" / "config.yaml"
    run(tool("regal"), "lint", "--config-file", config, DEFAULT_POLICIES)


def test_every_line_of_the_policies_is_tested() -> None:
    """OPA's tests pass and reach every line."""
    report = json.loads(run(tool("opa"), *TEST, "--coverage", DEFAULT_POLICIES))
    missed = {path: f["not_covered"] for path, f in report["files"].items() if "not_covered" in f}
    assert {} == missed
    assert 100 == report["coverage"]


def test_both_engines_pass_the_same_tests() -> None:
    """The embedded engine runs every test that OPA runs, and passes them all."""
    outcomes = rego_tests.run(DEFAULT_POLICIES)
    reference = opa_tests()
    assert all(reference.values())
    assert [] == [(o.name, o.problem) for o in outcomes if not o.passed]
    assert set(reference) == {o.name for o in outcomes}


def test_every_law_has_a_test_of_granting_and_of_refusing() -> None:
    """Beside each legal basis stand tests of what it allows and of what it refuses."""
    laws = sorted(
        p for p in (DEFAULT_POLICIES / "legal_basis").rglob("*.rego") if not p.stem.endswith("_test")
    )
    assert len(laws) >= 19
    for law in laws:
        if "permits :=" not in law.read_text("utf-8"):
            continue  # a term that laws share
        names = re.findall(
            r"^test_(allow|refuse)", law.with_name(f"{law.stem}_test.rego").read_text("utf-8"), re.MULTILINE
        )
        assert {"allow", "refuse"} == set(names), law.stem


def test_everything_that_the_policies_ask_for_is_everything() -> None:
    """The tests of what a law opens ask for every kind of authority, role, key, dataset and attribute."""
    universe = DEFAULT_POLICIES / "tests" / "universe.rego"
    query = (
        "[data.tests.kinds, data.tests.roles, data.tests.keys, data.tests.datasets, data.tests.attributes]"
    )
    found = json.loads(run(tool("opa"), "eval", "--format", "raw", "--data", universe, query))
    schemas = {
        n: json.loads((SCHEMAS / n / "schema.json").read_text("utf-8")) for n in ("authorities", "input")
    }
    catalogue = load_catalogue().datasets
    kinds = schemas["authorities"]["additionalProperties"]["properties"]["kind"]["enum"]
    assert schemas["input"]["properties"]["subject_role"]["enum"] == sorted(SUBJECT_ROLES)
    assert found == [
        sorted(names)
        for names in (
            *(kinds, SUBJECT_ROLES, SUBJECT_KEYS, catalogue),
            {name for dataset in catalogue.values() for name in dataset.attribute_names},
        )
    ]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the policies, to spoil."""
    return Path(shutil.copytree(DEFAULT_POLICIES, tmp_path / "policies"))


def test_failing_rego_test_is_told(copy: Path) -> None:
    """A test that does not hold is reported by its name on the embedded engine."""
    path = copy / "decision" / "decision_test.rego"
    path.write_text(path.read_text("utf-8") + "\ntest_refuse_everything if {\n\t1 == 2\n}\n", "utf-8")
    failed = [o for o in rego_tests.run(copy) if not o.passed]
    assert ["data.decision_test.test_refuse_everything"] == [o.name for o in failed]
    assert "not true" in failed[0].problem


def test_changed_law_fails_a_test(copy: Path) -> None:
    """A law that opens more than it did does not pass unseen: opening income for children fails a test."""
    path = copy / "legal_basis" / "bsl" / "section_8" / "section_8.rego"
    text = path.read_text("utf-8")
    assert 'input.subject_role == "child"' in text
    path.write_text(text.replace('input.subject_role == "child"', 'input.subject_role == "nobody"'), "utf-8")
    assert any(not o.passed for o in rego_tests.run(copy))


def test_rego_test_that_does_not_compile_is_an_error(copy: Path) -> None:
    """A test file that is no Rego stops the run, and is named."""
    (copy / "decision" / "broken_test.rego").write_text("package decision_test\n\ntest_x if {", "utf-8")
    with pytest.raises(PolicyError, match=r"broken_test\.rego"):
        rego_tests.run(copy)
