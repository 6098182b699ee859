"""`hjemmel register quality`: numbers for whoever may have them, and no subject in any form of it."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters import registers
from adapters.registers import Registers
from adapters.registers.identifiers import AUTHORITIES
from exchange.cli.main import main
from tests.support.browser import PALE, UNNAMED, chromium

CPR, BBR, DAR, EJF = "95000088", "96000103", "97000107", "98000119"
EVERYBODY = [argument for cvr in (CPR, BBR, DAR, EJF) for argument in ("--provider", cvr)]
TOKEN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{8,10}")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def large() -> Registers:
    """The registers of 10,000 persons."""
    return registers.generate(10_000)


@pytest.fixture(scope="module")
def config(large: Registers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration that leads to them."""
    folder = tmp_path_factory.mktemp("quality")
    registers.write(large, folder / "registers")
    (folder / "hjemmel.toml").write_text('[registers]\nfolder = "registers"\n', "utf-8")
    return folder / "hjemmel.toml"


@pytest.fixture
def run(config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `hjemmel register quality` in this process: how it ended, and what it said."""

    def call(*arguments: object) -> tuple[int, str, str]:
        argv = ["hjemmel", "register", "quality", "--config", str(config), *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", argv)
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, said.out, said.err

    return call


def keys(large: Registers) -> set[str]:
    """Whatever identifies somebody or something in any table."""
    return {
        str(value)
        for table in large.tables.values()
        for row in table.rows
        for value in row
        if TOKEN.fullmatch(str(value))
    }


def test_no_subject_is_named_in_any_form(run: Run, large: Registers, tmp_path: Path) -> None:
    """Terminal, JSON, CSV and page: not one identifier of any table is in their bytes."""
    html, as_csv = tmp_path / "q.html", tmp_path / "q.csv"
    status, told, err = run(*EVERYBODY, "--html", html, "--csv", as_csv)
    _, document, _ = run(*EVERYBODY, "--json")
    assert (0, "") == (status, err.strip())
    known = keys(large)
    assert 30_000 < len(known)
    for text in (told, document, html.read_text("utf-8"), as_csv.read_text("utf-8")):
        assert set() == set(TOKEN.findall(text)) & known - AUTHORITIES


def test_numbers_are_those_planted(run: Run, large: Registers) -> None:
    """What is shown is the planted truth; smaller numbers, and what would give them away, are null."""
    _, out, _ = run(*EVERYBODY, "--json")
    rows = {row["name"]: row for row in json.loads(out)["comparisons"]}
    shown = {name: {o["outcome"]: o["count"] for o in row["outcomes"]} for name, row in rows.items()}

    assert len(large.flaws["cpr-address-unknown"]) == shown["cpr-address-in-dar"]["unknown"]
    assert len(large.flaws["valuation-of-another-area"]) == shown["vur-area-in-mat"]["differs"]
    assert len(large.flaws["owner-dead"]) < 5
    assert (None, None) == (shown["ejf-owner-in-cpr"]["differs"], shown["ejf-owner-in-cpr"]["unknown"])
    assert {None} == {shown["bbr-property-in-mat"][o] for o in ("agrees", "unknown")}
    for row in rows.values():
        for one in row["outcomes"]:
            assert one["count"] is None or one["count"] == 0 or one["count"] >= 5
            assert (one["count"] is None) == (one["per_mille"] is None)


def test_both_providers_are_told(run: Run) -> None:
    """A comparison of two registers stands under both providers, with what it can mean for each."""
    _, out, _ = run("--provider", CPR, "--comparison", "cpr-address-in-dar", "--json")
    document = json.loads(out)
    (row,) = document["comparisons"]

    assert [CPR, DAR] == [one["cvr"] for one in document["providers"]]
    assert (CPR, DAR) == (row["own"]["provider"]["cvr"], row["other"]["provider"]["cvr"])
    assert row["own"]["may"]["en"] != row["other"]["may"]["en"]
    assert {12} == {one["findings_at_least"] for one in document["providers"]}


def test_only_a_provider_of_the_register_goes_through_it(run: Run) -> None:
    """Who asks for a comparison goes through a register of its own; another is told whose it is."""
    status, out, err = run("--provider", DAR, "--comparison", "cpr-address-in-dar")
    assert (1, "") == (status, out)
    assert f"none of these is for {DAR} to make; the providers are {CPR}" in " ".join(err.split())


def test_unknown_comparison_is_told(run: Run) -> None:
    """The message names those that there are."""
    status, _, err = run("--provider", CPR, "--comparison", "nonsense")
    assert (1, True) == (status, "there is no comparison nonsense; there are cpr-address-in-dar" in err)


def test_a_comparison_of_ones_own(run: Run, tmp_path: Path) -> None:
    """A file beside the configuration adds one, for registers of any catalogue, without code."""
    mine = tmp_path / "mine.toml"
    mine.write_text(
        """
[[comparisons]]
name = "plots-in-dar"
title = { en = "A plot has a house number", da = "En grund har et husnummer" }
duty = { citation = "BBR-loven § 2" }
own_may = { en = "The plot lacks it.", da = "Grunden mangler det." }
other_may = { en = "It was closed down.", da = "Det er nedlagt." }
[comparisons.own]
dataset = "bbr.grund"
subject = "id_lokalId"
key = "husnummer"
[comparisons.other]
dataset = "dar.husnummer"
kind = "dar_husnummer_id"
""",
        "utf-8",
    )
    arguments = ("--comparisons", mine, "--provider", BBR, "--comparison", "plots-in-dar", "--json")
    status, out, _ = run(*arguments)
    (row,) = json.loads(out)["comparisons"]
    assert (0, {"agrees": row["total"], "unknown": 0, "own_silent": 0}) == (
        status,
        {o["outcome"]: o["count"] for o in row["outcomes"]},
    )


def test_a_register_that_is_down_gives_no_numbers(run: Run, config: Path, tmp_path: Path) -> None:
    """What could not be made is listed with the reason, the rest is made, and the exit status says so."""
    broken = tmp_path / "broken.toml"
    folder = config.parent / "registers"
    broken.write_text(
        f'[registers]\nfolder = "{folder}"\n[registers.connections.mat]\nurl = "sqlite:////nowhere/mat.db"\n',
        "utf-8",
    )
    status, out, _ = run("--config", broken, "--provider", BBR, "--json")
    document = json.loads(out)
    assert 1 == status
    assert ["bbr-property-in-mat", "vur-area-in-mat"] == [one["comparison"] for one in document["not_made"]]
    assert {"REGISTER_UNAVAILABLE"} == {one["code"] for one in document["not_made"]}
    assert 4 == len(document["comparisons"])


def test_csv_has_a_line_for_each_outcome(run: Run, tmp_path: Path) -> None:
    """Numbers that are withheld are empty cells."""
    file = tmp_path / "q.csv"
    run("--provider", EJF, "--csv", file)
    lines = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
    withheld = [line for line in lines if not line["count"]]
    assert {"ejf-owner-in-cpr"} == {line["comparison"] for line in withheld}
    assert {""} == {line["per_mille"] for line in withheld}
    assert {"Geodatastyrelsen"} == {line["provider"] for line in lines}


@pytest.fixture
def page(run: Run, tmp_path: Path) -> Path:
    """The page about all of it."""
    run(*EVERYBODY, "--html", tmp_path / "q.html")
    return tmp_path / "q.html"


async def test_page_reads_well(page: Path) -> None:
    """In a browser: every table has a name, every text stands out, nothing is wider than a telephone."""
    async with chromium() as tab:
        for width in (1280, 400):
            await tab.open(page, width=width)
            assert ([], 0) == (await tab.value(PALE), await tab.value(UNNAMED))
            assert width >= await tab.value("document.documentElement.scrollWidth")
        assert "12" in await tab.value("document.querySelector('table.chart tbody td').textContent")
