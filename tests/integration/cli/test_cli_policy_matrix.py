"""`hjemmel policy matrix`: a table that fits, CSV that no spreadsheet runs, JSON, pages, and differences."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from exchange.cli.output import console
from exchange.config import DEFAULT_POLICIES
from exchange.policy import policy_set
from tests.integration.cli.conftest import Run
from tests.support.broker import RunningBroker

ON = ("--on", "2026-11-21")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the policies, to change."""
    return Path(shutil.copytree(DEFAULT_POLICIES, tmp_path / "policies"))


@pytest.mark.parametrize("width", [80, 120])
def test_table_fits_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """No line is longer than the terminal, and every attribute is there to read."""
    monkeypatch.setattr(console, "_width", width)
    ran = run("policy", "matrix", *ON, "--authority", "91000008")
    assert (0, "") == (ran.status, ran.err.strip())
    assert max(map(len, ran.out.splitlines())) <= width
    for words in ("Udbetaling Danmark CVR 91000008", "eindkomst.indkomst", "loenindkomst", "withheld"):
        assert words in ran.said


def test_unverified_citations_are_labelled(run: Run) -> None:
    """What nobody held against the law's own text says so, in the table and in JSON."""
    arguments = ("policy", "matrix", *ON, "--purpose", "housing-benefit.wealth")
    told = run(*arguments).said
    assert "(unverified" in told
    assert "citation)" in told
    rows = json.loads(run(*arguments, "--json").out)["rows"]
    assert {False} == {row["legal_basis"]["verified"] for row in rows}
    assert all("ikke efterprøvet" in row["legal_basis"]["citation"]["da"] for row in rows)


def test_json_says_what_it_was_made_from(run: Run) -> None:
    """The revision, the day, and rows with names beside identifiers."""
    document = json.loads(run("policy", "matrix", *ON, "--json").out)
    assert policy_set.load(DEFAULT_POLICIES).revision == document["revision"]
    assert "2026-11-21" == document["on"]
    (row,) = (r for r in document["rows"] if r["purpose"]["id"] == "pension.personal-supplement")
    assert ("32.03.12", "Odense Kommune") == (row["purpose"]["kle"], row["authority"]["name"])
    assert ["formue", "personligTillaegsprocent"] == row["attributes"]


def test_csv_holds_no_formula(run: Run, copy: Path, tmp_path: Path) -> None:
    """A name that a spreadsheet would run is written as text; every row has every column."""
    path = copy / "authorities" / "data.json"
    authorities = json.loads(path.read_text("utf-8"))
    authorities["91000008"]["name"] = '=HYPERLINK("https://example.org","æøå")'
    path.write_text(json.dumps(authorities), "utf-8")
    file = tmp_path / "matrix.csv"
    assert 0 == run("policy", "matrix", copy, *ON, "--csv", file).status
    head, *rows = csv.reader(io.StringIO(file.read_bytes().decode("utf-8-sig")))
    assert {len(head)} == {len(row) for row in rows}
    names = {row[head.index("authority")] for row in rows}
    assert '\'=HYPERLINK("https://example.org","æøå")' in names
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_page_is_written(run: Run, tmp_path: Path) -> None:
    """One file, in both languages, the same for the same set and day."""
    first, second = tmp_path / "one.html", tmp_path / "two.html"
    for file in (first, second):
        ran = run("policy", "matrix", *ON, "--html", file)
        assert (0, f"written to {file}") == (ran.status, ran.said)
    assert first.read_bytes() == second.read_bytes()
    for words in ("What the policies permit", "Hvad reglerne tillader", "Boligstøtte: husstandens indkomst"):
        assert words in first.read_text("utf-8")


def test_dates_are_compared(run: Run, tmp_path: Path) -> None:
    """The change of the pension law between two dates, as table, JSON and page."""
    arguments = ("policy", "matrix", *ON, "--against-date", "2022-06-01")
    assert "- loenindkomst" in run(*arguments).said
    document = json.loads(run(*arguments, "--json").out)
    assert ["loenindkomst"] in [change["removed"] for change in document["changed"]]
    assert ("2022-06-01", "2026-11-21") == (document["before"]["on"], document["after"]["on"])
    page = tmp_path / "difference.html"
    assert 0 == run(*arguments, "--html", page).status
    assert "Ikke længere tilladt" in page.read_text("utf-8")


def test_folders_are_compared(run: Run, copy: Path) -> None:
    """A set differs from a changed copy by the change, and from an unchanged one by nothing."""
    assert "Both permit the same." in run("policy", "matrix", *ON, "--against", copy).said
    path = copy / "legal_basis" / "bsl" / "section_77" / "section_77.rego"
    path.write_text(path.read_text("utf-8").replace('"enh034Koekkenforhold",\n', ""), "utf-8")
    document = json.loads(run("policy", "matrix", *ON, "--against", copy, "--json").out)
    assert [["enh034Koekkenforhold"]] == [change["added"] for change in document["changed"]]
    assert ([], []) == (document["new"], document["gone"])


def test_revision_is_read_from_the_archive(run: Run, called: RunningBroker) -> None:
    """The revision that a broker decides by is found by its beginning, and is the set that comes with it."""
    config = called.site.write_config()
    revision = policy_set.load(DEFAULT_POLICIES).revision
    ran = run("policy", "matrix", *ON, "--against", revision[:12], "--config", config, "--json")
    assert (0, revision) == (ran.status, json.loads(ran.out)["before"]["revision"])
    unknown = run("policy", "matrix", *ON, "--against", "ffffffffffff", "--config", config)
    assert 1 == unknown.status
    assert "ffffffffffff" in unknown.said


def test_csv_of_a_difference_is_wrong_use(run: Run, tmp_path: Path) -> None:
    """A difference has no flat form: the command says what to use."""
    ran = run("policy", "matrix", "--against-date", "2022-06-01", "--csv", tmp_path / "x.csv")
    assert 2 == ran.status
    assert "--json or --html" in ran.said


def test_file_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    """A folder that does not exist is an error with the file's name."""
    ran = run("policy", "matrix", *ON, "--html", tmp_path / "missing" / "x.html")
    assert 1 == ran.status
    assert "cannot be written" in ran.said
