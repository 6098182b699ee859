"""`policy check` finds what is wrong with a policy folder, and says where and what to do."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.catalogue import load_catalogue
from exchange.config import DEFAULT_POLICIES
from exchange.workbench import tools
from exchange.workbench.check import check
from exchange.workbench.findings import Finding, Severity

Spoil = Callable[[Path], None]
COMPANIES = "legal_basis/cvrl/section_18/section_18.rego"
SECTION = "legal_basis/bsl/section_8a/section_8a.rego"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the policies, to spoil."""
    return Path(shutil.copytree(DEFAULT_POLICIES, tmp_path / "policies"))


@pytest.fixture
def no_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where neither OPA nor Regal is installed."""
    monkeypatch.setattr(tools, "find", lambda _: None)


def found(folder: Path) -> list[Finding]:
    return [f for f in check(folder, load_catalogue()).findings if "Danish title" not in f.problem]


def data(name: str, *path: str | int, value: Any) -> Spoil:
    """Writes a value into a data file."""

    def spoil(folder: Path) -> None:
        file = folder / name / "data.json"
        document = place = json.loads(file.read_text("utf-8"))
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value
        file.write_text(json.dumps(document, indent=2, ensure_ascii=False), "utf-8")

    return spoil


def text(path: str, old: str, new: str) -> Spoil:
    """Replaces a part of a module."""

    def spoil(folder: Path) -> None:
        content = (folder / path).read_text("utf-8")
        assert old in content
        (folder / path).write_text(content.replace(old, new, 1), "utf-8")

    return spoil


VERSIONS = ("legal_bases", "bsl.8a", "versions")
V1 = {"version": "2018-1", "valid_from": "2018-01-01", "valid_to": "2020-12-31"}
V2 = {"version": "2021-1", "valid_from": "2021-01-01", "valid_to": None}
ODENSE = {
    "title": "Odense Kommune og CPR, igen",
    "consumer": "92000028",
    "provider": "95000088",
    "purposes": ["cash-benefit.application"],
    "datasets": {"cpr.person": ["status"]},
    "valid_from": "2020-01-01",
    "valid_to": None,
}
E, W = Severity.ERROR, Severity.WARNING

#: What is spoiled; the finding's severity, check, file, the text of its line, and a part of the problem.
CASES: list[tuple[str, Spoil, Severity, str, str, str, str]] = [
    (
        "gap", data(*VERSIONS, value=[V1, {**V2, "valid_from": "2021-01-03"}]),
        W, "law-versions", "legal_bases/data.json", '"valid_from": "2021-01-03"', "2021-01-01 to 2021-01-02",
    ),
    (
        "overlap", data(*VERSIONS, value=[V1, {**V2, "valid_from": "2020-12-31"}]),
        E, "law-versions", "legal_bases/data.json", '"valid_from": "2020-12-31"', "still in force",
    ),
    (
        "open-overlap", data(*VERSIONS, value=[{**V1, "valid_to": None}, V2]),
        E, "law-versions", "legal_bases/data.json", '"valid_from": "2021-01-01"', "still in force",
    ),
    (
        "same-version", data(*VERSIONS, value=[V1, {**V2, "version": "2018-1"}]),
        E, "law-versions", "legal_bases/data.json", '"version": "2018-1"', "two versions named 2018-1",
    ),
    (
        "no-such-day", data(*VERSIONS, value=[{**V2, "valid_from": "2021-02-30"}]),
        E, "dates", "legal_bases/data.json", '"valid_from": "2021-02-30"', "no day of the calendar",
    ),
    (
        "ends-first", data("agreements", "udk-skat", "valid_to", value="2010-01-01"),
        E, "dates", "agreements/data.json", '"valid_to": "2010-01-01"', "before it begins",
    ),
    (
        "party", data("agreements", "udk-skat", "consumer", value="91000016"),
        E, "agreement", "agreements/data.json", '"consumer": "91000016"', "91000016 is not among",
    ),
    (
        "agreement-purpose", data("agreements", "udk-skat", "purposes", value=["curiosity"]),
        E, "agreement", "agreements/data.json", '"curiosity"', "curiosity is not known",
    ),
    (
        "agreement-dataset", data("agreements", "udk-skat", "datasets", value={"skat.gaeld": ["aar"]}),
        E, "agreement", "agreements/data.json", '"skat.gaeld"', "no register has",
    ),
    (
        "agreement-attribute", data("agreements", "udk-skat", "datasets", value={"skat.formue": ["gaeld"]}),
        E, "agreement", "agreements/data.json", '"gaeld"', "skat.formue has no attribute gaeld",
    ),
    (
        "provider", data("agreements", "udk-skat", "provider", value="95000088"),
        E, "agreement", "agreements/data.json", '"skat.formue"', "provided by 94000068, not by 95000088",
    ),
    (
        "agreement-twice", data("agreements", "odense-again", value={"id": "odense-again", **ODENSE}),
        W, "agreement-overlap", "agreements/data.json", '"cpr.person"', "odense-again carries cpr.person",
    ),
    (
        "agreement-id", data("agreements", "udk-skat", "id", value="udk-tax"),
        E, "agreement", "agreements/data.json", '"id": "udk-tax"', "calls itself udk-tax",
    ),
    (
        "law-without-rule",
        data("legal_bases", "bsl.9", value={
            "citation": "x", "title": {"en": "x", "da": "x"}, "effect": "permits", "confidence": "low",
            "verified": False, "dates_verified": False, "versions": [V2],
        }),
        E, "law-rules", "legal_bases/data.json", '"bsl.9"', "no rule permits",
    ),
    (
        "rule-of-restriction", data("legal_bases", "bsl.8a", "effect", value="restricts"),
        E, "law-rules", SECTION, "permits := {", "only restricts",
    ),
    (
        "permit-purpose", text(SECTION, "housing-benefit.wealth", "housing-benefit.weath"),
        E, "permit", SECTION, "permits := {", "housing-benefit.weath is not known",
    ),
    (
        "permit-dataset", text(SECTION, '"skat.formue"', '"skat.formuer"'),
        E, "permit", SECTION, "permits := {", "no register has the dataset skat.formuer",
    ),
    (
        "permit-attribute", text(SECTION, '"formue"', '"formuen"'),
        E, "permit", SECTION, "permits := {", "skat.formue has no attribute formuen",
    ),
    (
        "permit-key", text(SECTION, '"personnummer"', '"personnummer", "cvr_nummer"'),
        E, "permit", SECTION, "permits := {", "cannot be looked up by cvr_nummer",
    ),
    (
        "permit-consumer", text(SECTION, '{"udbetaling_danmark"}', '{"udbetaling_denmark"}'),
        E, "permit", SECTION, "permits := {", "no authority is of the kind udbetaling_denmark",
    ),
    (
        "title", text("terms/terms.rego", "# title: A journal extract\n", ""),
        E, "metadata", "terms/terms.rego", "# METADATA", "METADATA has no title",
    ),
    (
        "law-of-refusal",
        text(COMPANIES, "#   legal_basis: cvrl.18\n#   failure_msg", "#   failure_msg"),
        E, "metadata", COMPANIES, "# METADATA", "names no law",
    ),
]  # fmt: skip


@pytest.mark.usefixtures("no_tools")
@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_each_mistake_is_found_where_it_stands(copy: Path, case: tuple[Any, ...]) -> None:
    """Severity, check and file are right, and the line is the very one that is wrong."""
    _, spoil, severity, name, file, line, problem = case
    spoil(copy)
    told = [f for f in found(copy) if f.check == name and problem in f.problem]
    assert [(severity, file)] == [(f.severity, f.file) for f in told]
    assert line in (copy / file).read_text("utf-8").splitlines()[told[0].line - 1]
    assert told[0].remedy


@pytest.mark.usefixtures("no_tools")
def test_subject_role_that_nobody_has_is_found(copy: Path) -> None:
    """A permit for a role that no request can have never holds."""
    path = copy / SECTION
    module = path.read_text("utf-8")
    assert '"subjects": {' in module
    path.write_text(module.replace('"subjects": {', '"subjects": {"tenant", '), "utf-8")
    assert ["bsl.8a: no request can have the subject role tenant"] == [f.problem for f in found(copy)]


@pytest.mark.usefixtures("no_tools")
def test_file_that_nothing_reads_is_told(copy: Path) -> None:
    """A copy beside a module decides nothing, and somebody may believe it does."""
    shutil.copy(copy / SECTION, copy / f"{SECTION}.bak")
    assert [("files", f"{SECTION}.bak", Severity.WARNING)] == [
        (f.check, f.file, f.severity) for f in found(copy)
    ]


@pytest.mark.usefixtures("no_tools")
def test_set_that_does_not_load_is_one_finding(copy: Path) -> None:
    """What stops the load is told with its file and line, like anything else."""
    text(SECTION, "permits := {", "permits := {{")(copy)
    (only,) = found(copy)
    assert ("load", SECTION, Severity.ERROR) == (only.check, only.file, only.severity)
    assert only.line > 0


def test_policies_that_come_with_hjemmel_have_no_finding() -> None:
    """Nor do OPA and Regal find anything in them."""
    report = check(DEFAULT_POLICIES, load_catalogue())
    assert () == report.missing
    assert [] == found(DEFAULT_POLICIES)


@pytest.mark.usefixtures("no_tools")
def test_missing_tools_are_told(copy: Path) -> None:
    """Without OPA and Regal the check does what it can, and says what it did not do."""
    report = check(copy, load_catalogue())
    assert report.holds()
    assert ("opa", "regal") == report.missing


def test_type_error_is_found_by_opa(copy: Path) -> None:
    """A field that the schema of the input does not have is found by OPA, with its line."""
    text(SECTION, "input.legal_basis == ", "input.legal_bases == ")(copy)
    told = [f for f in found(copy) if f.check == "opa"]
    assert [SECTION] == [f.file for f in told]
    assert "legal_bases" in (copy / SECTION).read_text("utf-8").splitlines()[told[0].line - 1]


def test_style_is_found_by_regal(copy: Path) -> None:
    """Regal's remarks are findings too, with their line."""
    text(SECTION, "# METADATA\n# title: For which", "#no space\n\n# METADATA\n# title: For which")(copy)
    told = [f for f in found(copy) if f.check == "regal"]
    assert {SECTION} == {f.file for f in told}
    assert any("#no space" in (copy / SECTION).read_text("utf-8").splitlines()[f.line - 1] for f in told)
