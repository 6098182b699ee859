"""Registers that a user added appear wherever the catalogue is shown: by option, or by the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.cli.conftest import Run

OWN = """
register = "vur"
provider = "96000103"
[[datasets]]
name = "vur.vurdering"
subject = "property"
title = { en = "A valuation, as told by ourselves", da = "En vurdering, som vi selv fortæller om den" }
source = { kind = "sql", table = "vurdering" }
keys = [{ kind = "bfe_nummer", attribute = "bfeNummer", cardinality = "many" }]
attributes = [
  { name = "bfeNummer", type = "integer", sensitivity = "ordinary", en = "Number", da = "Nummer" },
  { name = "ejendomvaerdiBeloeb", type = "integer", sensitivity = "confidential", en = "kr", da = "kr." },
]
"""
ASKED = (
    *("--consumer", "91000008", "--purpose", "housing-benefit.wealth", "--legal-basis", "bsl.8a"),
    *(
        "--agreement",
        "udk-vur",
        "--dataset",
        "vur.vurdering",
        "--attribute",
        "bfeNummer",
        "--role",
        "property",
    ),
    *("--key", "bfe_nummer"),
)
WORDS = "as told by ourselves"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with a register that stands instead of Hjemmel's own."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "vur.toml").write_text(OWN, "utf-8")
    return folder


@pytest.fixture(params=["option", "configuration"])
def named(request: pytest.FixtureRequest, own: Path, tmp_path: Path) -> tuple[str, ...]:
    """The two ways to name it."""
    if request.param == "option":
        return ("--catalogue", str(own))
    (tmp_path / "hjemmel.toml").write_text('[registers]\ncatalogue = "own"\n', "utf-8")
    return ("--config", str(tmp_path / "hjemmel.toml"))


def test_explanation_knows_it(run: Run, named: tuple[str, ...], tmp_path: Path) -> None:
    """`hjemmel policy explain` calls the dataset what the user's entry calls it."""
    page = tmp_path / "explained.html"
    assert 0 == run("policy", "explain", *ASKED, *named, "--html", page).status
    assert WORDS in page.read_text("utf-8")
    assert 0 == run("policy", "explain", *ASKED, "--html", page).status
    assert WORDS not in page.read_text("utf-8")


def test_matrix_knows_it(run: Run, named: tuple[str, ...], tmp_path: Path) -> None:
    """`hjemmel policy matrix` does, in its page."""
    arguments = ("policy", "matrix", "--on", "2026-11-21", "--purpose", "housing-benefit.wealth")
    page = tmp_path / "matrix.html"
    run(*arguments, *named, "--html", page)
    assert WORDS in page.read_text("utf-8")


def test_receipt_page_knows_it(run: Run, named: tuple[str, ...], tmp_path: Path) -> None:
    """`hjemmel receipt page` names it to whoever verifies a receipt."""
    page = tmp_path / "verify.html"
    assert 0 == run("receipt", "page", "-o", page, *named).status
    assert WORDS in page.read_text("utf-8")


def test_check_knows_it(run: Run, named: tuple[str, ...]) -> None:
    """`hjemmel policy check` holds the policies to the entry, which lacks an attribute that they grant."""
    told = run("policy", "check", *named).said
    assert "aar" in told
    assert told != run("policy", "check").said
