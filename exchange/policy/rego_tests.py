"""Runs the policies' Rego tests on the embedded engine, so that an author needs nothing else.

OPA's own `opa test` is the reference. regorus has two limits that tests meet and policies do not: it
finds no function by an imported name, and `data.legal_basis[act][section]` would find the tests that
lie beside the laws. So each test module is rewritten before it is run: imported names become full
paths, and its package moves out of the way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
import regorus

from exchange.policy import policy_set
from exchange.policy.policy_set import PolicyError, PolicySet

_ASIDE = "aside"


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """One test: its name, whether it passed, and why not."""

    __test__ = False  # not a test of pytest's

    name: str
    passed: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TestModule:
    """A file of tests, as the embedded engine can run it: with the modules that tests share."""

    __test__ = False  # not a test of pytest's

    path: str
    modules: Mapping[str, str]
    tests: tuple[str, ...]

    def outcomes(self, policies: PolicySet) -> Iterator[TestOutcome]:
        """Runs the tests on a policy set, in an engine of their own, one by one as they are asked for.

        Raises:
            PolicyError: the set or a test does not compile.
        """
        engine = regorus.Engine()
        try:
            for name, text in {**policies.modules, **self.modules}.items():
                engine.add_policy(name, text)
            engine.add_data_json(orjson.dumps(policies.data).decode())
            engine.set_input_json("{}")
        except Exception as error:
            raise PolicyError(f"the tests do not compile:\n{error}") from error
        for name in self.tests:
            yield _outcome(engine, name)


def read(folder: Path) -> list[TestModule]:
    """Reads every file of tests below a folder."""
    shared = [p for p in sorted((folder / "tests").rglob("*.rego")) if not p.stem.endswith("_test")]
    common = {str(p.relative_to(folder)): _rewritten(p.read_text("utf-8"), aside=False) for p in shared}
    modules = []
    for path in sorted(folder.rglob("*_test.rego")):
        name, text = str(path.relative_to(folder)), path.read_text("utf-8")
        own = {name: _rewritten(text, aside=True)}
        modules.append(TestModule(name, {**common, **own}, tuple(_tests(text))))
    return modules


def run(folder: Path) -> list[TestOutcome]:
    """Runs every rule named `test_…` below a folder, each module in an engine of its own.

    Raises:
        PolicyError: the set or a test does not compile.
    """
    policies = policy_set.load(folder)
    return [outcome for module in read(folder) for outcome in module.outcomes(policies)]


def _rewritten(text: str, *, aside: bool) -> str:
    for path, alias in re.findall(r"^import (data(?:\.\w+)+)(?: as (\w+))?$", text, re.MULTILINE):
        name = alias or path.rpartition(".")[2]
        text = re.sub(rf"(?<![\w.\"]){name}\.(?=\w)", f"{path}.", text)
    if aside:
        text = re.sub(r"^package ", f"package {_ASIDE}.", text, count=1, flags=re.MULTILINE)
    return text


def _tests(text: str) -> list[str]:
    package = re.search(r"^package ([\w.]+)", text, re.MULTILINE)
    names = dict.fromkeys(re.findall(r"^(test_\w+)", text, re.MULTILINE))
    return [f"data.{_ASIDE}.{package[1]}.{name}" for name in names] if package else []


def _outcome(engine: regorus.Engine, path: str) -> TestOutcome:
    name = path.replace(f".{_ASIDE}", "", 1)
    try:
        value = engine.eval_rule(path)
    except Exception as error:  # noqa: BLE001  # a test that cannot run has failed
        return TestOutcome(name, passed=False, problem=str(error).split("Stack backtrace")[0])
    return TestOutcome(name, passed=value is True, problem="" if value is True else "is not true")
