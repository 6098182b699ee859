"""`policy new` makes a rule that is whole from the start and grants nothing that was not asked for."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.catalogue import load_catalogue
from exchange.config import DEFAULT_POLICIES
from exchange.model.decision import Decision
from exchange.policy import policy_set, rego_tests
from exchange.policy.bundle import pack
from exchange.policy.embedded import EmbeddedEngine
from exchange.policy.errors import PolicyError
from exchange.policy.opa import OpaEngine
from exchange.policy.revisions import Fixed
from exchange.workbench.check import check
from exchange.workbench.scaffold import NewRule, write
from tests.support import opa
from tests.support.opa import tool

FILLED = NewRule(
    act="kl",
    rule="section_12_a_1",
    citation='Kildeloven § 12 a, stk. 1: "kilder"',
    title_en="Sources: what a state authority may read",
    title_da="Kilder",
    url="https://www.retsinformation.dk/eli/lta/2025/1",
    purpose="source-control.income",
    consumer_kinds=("state", "municipality"),
    subjects=("spouse", "applicant"),
    keys=("personnummer",),
    attributes={
        "eindkomst.indkomst": ("maaned", "loenindkomst"),
        "cpr.person": ("statusdato", "status", "foedselsdato", "civilstand", "cprKommunekode"),
    },
    valid_from="2025-07-01",
)  # fmt: skip
EMPTY = replace(
    FILLED,
    rule="section_1",
    url="",
    purpose="unnamed",
    consumer_kinds=(),
    subjects=(),
    keys=(),
    attributes={},
)
ONE = replace(FILLED, attributes={"eindkomst.indkomst": ("maaned",)}, title_en="A title " * 20)

AGREEMENT = {
    "id": "odense-kilder",
    "title": "Odense Kommune og indkomstregisteret, kilder",
    "consumer": "92000028",
    "provider": "94000068",
    "purposes": ["source-control.income"],
    "datasets": {"eindkomst.indkomst": ["loenindkomst", "maaned", "oevrigIndkomst"]},
    "valid_from": "2025-07-01",
    "valid_to": None,
}
LAWFUL = {
    "time": "2026-11-21T20:00:00Z",
    "kind": "exchange",
    "consumer": "92000028",
    "processor": None,
    "provider": "94000068",
    "dataset": "eindkomst.indkomst",
    "attributes": ["loenindkomst", "maaned"],
    "key": "personnummer",
    "subject_role": "spouse",
    "purpose": "source-control.income",
    "legal_basis": "kl.12.a.1",
    "agreement": "odense-kilder",
    "law_date": "2026-11-21",
    "consent": None,
    "partial_acceptable": False,
    "emergency": False,
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the policies, to add to."""
    return Path(shutil.copytree(DEFAULT_POLICIES, tmp_path / "policies"))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("new", [FILLED, EMPTY, ONE], ids=["filled", "empty", "one-dataset"])
def test_new_rule_passes_every_tool(copy: Path, new: NewRule) -> None:
    """It compiles strictly, is formatted, pleases Regal, and its tests reach every line on both engines."""
    write(copy, new)
    config = copy / ".regal" / "config.yaml"
    for command in (
        (tool("opa"), "check", "--strict", "--schema", copy / "schemas", copy),
        (tool("opa"), "fmt", "--diff", "--fail", copy),
        (tool("regal"), "lint", "--config-file", config, copy),
    ):
        done = run(*command)
        assert (0, "") == (done.returncode, done.stderr), done.stdout
    done = run(tool("opa"), "test", "--timeout", "300s", "--format", "json", "--coverage", copy)
    report = json.loads(done.stdout)
    assert (0, 100) == (done.returncode, report["coverage"])
    outcomes = [o for o in rego_tests.run(copy) if f"{new.act}.{new.rule}_test" in o.name]
    assert [(True, ""), (True, "")] == [(o.passed, o.problem) for o in outcomes]


def test_new_rule_decides_on_both_engines(copy: Path, tmp_path: Path) -> None:
    """With an agreement, both engines grant by it exactly what was opened, and refuse the rest alike."""
    write(copy, FILLED)
    file = copy / "agreements" / "data.json"
    agreements = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**agreements, "odense-kilder": AGREEMENT}), "utf-8")
    policies = policy_set.load(copy)
    embedded = EmbeddedEngine(policies, timeout=30)
    bundle = tmp_path / "bundle.tar.gz"
    bundle.write_bytes(pack(policies))

    async def decide(questions: list[Mapping[str, Any]], url: str) -> list[Decision]:
        async with OpaEngine(url, Fixed(policies), timeout=30, batch=64, calls=4) as engine:
            return [await engine.decide(question) for question in questions]

    changes: list[tuple[dict[str, Any], set[str]]] = [
        ({}, set()),
        ({"law_date": "2025-06-30"}, {"LEGAL_BASIS_NOT_IN_FORCE"}),
        ({"subject_role": "child"}, {"SUBJECT_ROLE_NOT_COVERED"}),
        (
            {"purpose": "cash-benefit.application"},
            {"PURPOSE_NOT_COVERED", "AGREEMENT_DOES_NOT_COVER_PURPOSE"},
        ),
        ({"agreement": "odense-eindkomst"}, {"AGREEMENT_DOES_NOT_COVER_PURPOSE"}),
        ({"attributes": ["maaned", "oevrigIndkomst"]}, set()),
    ]
    questions: list[Mapping[str, Any]] = [{**LAWFUL, **change} for change, _ in changes]
    decisions = [embedded.decide_now(question) for question in questions]
    with opa.server(bundle) as url:
        assert decisions == asyncio.run(decide(questions, url))
    assert [codes for _, codes in changes] == [{r.code for r in d.reasons} for d in decisions]
    assert [True, *[False] * 5] == [d.allow for d in decisions]
    assert ("loenindkomst", "maaned") == decisions[0].granted
    assert ['Kildeloven § 12 a, stk. 1: "kilder"', False] == [
        decisions[0].citation,
        decisions[0].citation_verified,
    ]
    assert {"ATTRIBUTE_NOT_COVERED"} == {r.reason.code for r in decisions[-1].refused}


def test_new_rule_is_checked_like_any_other(copy: Path) -> None:
    """Filled in, it has no finding; left empty, the check says what is to be filled in."""
    write(copy, FILLED)
    assert [] == [f for f in check(copy, load_catalogue()).findings if "kl" in f.file]
    write(copy, EMPTY)
    told = {f.problem for f in check(copy, load_catalogue()).findings if "section_1/" in f.file}
    assert {
        f"kl.1: unnamed has no {x}, so it can never hold"
        for x in ("consumers", "subjects", "keys", "attributes")
    } == told


def test_data_files_change_by_the_new_entry_only(copy: Path) -> None:
    """Their layout is kept: taking the new entries out again gives the same bytes."""
    before = contents(copy)
    made = write(copy, FILLED)
    assert "kl.12.a.1" == made.law
    for name, entry in (("legal_bases", "kl.12.a.1"), ("purposes", "source-control.income")):
        text = (copy / name / "data.json").read_text("utf-8")
        document = json.loads(text)
        added = document.pop(entry)
        assert (
            before[f"{name}/data.json"].decode() == json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        )
        assert sorted(document) == list(document)
        if name == "legal_bases":
            assert (False, False) == (added["verified"], added["dates_verified"])
    assert set(made.files) == {p for p, content in contents(copy).items() if before.get(p) != content}


def test_purpose_that_exists_stays_as_it_is(copy: Path) -> None:
    """A rule for a known purpose leaves the purposes alone."""
    made = write(copy, replace(FILLED, purpose="housing-benefit.income"))
    assert "purposes/data.json" not in made.files


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"act": "BSL"}, "no name here"),
    ({"act": "bs-l"}, "no name here"),
    ({"act": "../bsl"}, "no name here"),
    ({"act": "import"}, "no name here"),
    ({"rule": "9"}, "no name here"),
    ({"rule": "section-9"}, "no name here"),
    ({"rule": "section_9_test"}, "taken for a test"),
    ({"rule": ""}, "no name here"),
    ({"purpose": "Housing"}, "no name here"),
    ({"valid_from": "1.7.2025"}, "YYYY-MM-DD"),
    ({"citation": "one\ntwo"}, "more than one line"),
    ({"title_da": " "}, "is empty"),
    ({"url": "javascript:alert(1)"}, "https://"),
    ({"act": "bsl", "rule": "section_8"}, "is there already"),
    ({"act": "bsl", "rule": "article_8"}, "has bsl.8 already"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), WRONG, ids=[str(c) for c, _ in WRONG])
def test_wrong_names_write_nothing(copy: Path, changes: dict[str, Any], said: str) -> None:
    """A name that is no identifier, or is taken, is refused with the form that is wanted."""
    before = contents(copy)
    with pytest.raises(PolicyError, match=said):
        write(copy, replace(FILLED, **changes))
    assert before == contents(copy)


def test_failure_half_way_leaves_nothing(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the last step fails, the folder is as it was, without empty folders."""
    write_text = Path.write_text

    def fail(path: Path, text: str, encoding: str) -> int:
        if path.parent.name == "purposes":
            raise OSError(28, "No space left on device")
        return write_text(path, text, encoding)

    monkeypatch.setattr(Path, "write_text", fail)
    before, folders = contents(copy), {p for p in copy.rglob("*") if p.is_dir()}
    with pytest.raises(PolicyError, match="No space left"):
        write(copy, FILLED)
    assert (before, folders) == (contents(copy), {p for p in copy.rglob("*") if p.is_dir()})
