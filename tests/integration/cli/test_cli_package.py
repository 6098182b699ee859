"""`hjemmel assemble` and `hjemmel package`: what a task needs, asked for, shown and checked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.registers.scene import PEOPLE
from audit.formats import proof_file
from tests.integration.cli.conftest import Run
from tests.support.broker import RunningBroker
from tests.support.packages import AGREEMENTS

Assemble = Callable[..., list[str]]
UDK, ODENSE = "91000008", "92000028"


@pytest.fixture
def assemble(called: RunningBroker, tmp_path: Path) -> Assemble:
    """The arguments that ask for somebody's housing benefit."""
    folder = tmp_path / "keys"
    shutil.copytree(called.site.keys, folder)

    def arguments(person: str, without: str = "cpr.udlandsophold") -> list[str]:
        cited = [f"{d}={a}" for d, a in AGREEMENTS.items() if d not in {without, "cpr.udlandsophold"}]
        return [
            *("assemble", "housing-benefit", "--target", called.target),
            *("--as", str(folder / "udbetaling-danmark"), "--applicant", PEOPLE[person].number),
            *("--case", "SAG-1", "--caseworker", "me", "--law-date", "2025-01-01"),
            *(text for one in cited for text in ("--agreement", one)),
        ]

    return arguments


def test_complete_package_is_told_part_by_part(run: Run, assemble: Assemble, tmp_path: Path) -> None:
    """Each part with its law and entry; the receipts are kept as files, and nobody's number is shown."""
    ran = run(*assemble("family_mother"), "--receipts", tmp_path / "receipts")
    assert (0, "") == (ran.status, ran.err)
    assert "household Who lives at the address: 4 records, entry" in ran.said
    assert "Boligstøtteloven §§ 8 og 8 d" in ran.said
    assert "Housing benefit: complete" in ran.said
    assert PEOPLE["family_father"].number not in ran.out
    kept = list((tmp_path / "receipts").iterdir())
    assert 8 == len([proof_file.parse(path.read_text("utf-8")) for path in kept])


def test_incomplete_package_ends_with_one_and_whom_to_ask(run: Run, assemble: Assemble) -> None:
    """What is missing, why, and which authority is next."""
    ran = run(*assemble("mismatch"))
    assert 1 == ran.status
    assert (
        "missing dwelling (The area of the dwelling): The register was asked, and has no record." in ran.said
    )
    assert "→ Vurderingsstyrelsen (CVR 96000103): Ask the municipality's BBR authority" in ran.said


def test_part_that_waits_says_for_which(run: Run, assemble: Assemble) -> None:
    """Without an agreement for CPR, what follows from it is not asked either."""
    ran = run(*assemble("family_mother", without="cpr.person"))
    assert 1 == ran.status
    assert "missing person (The applicant): No agreement is cited for this part" in ran.said
    assert "it waits for household" in ran.said


def test_package_is_json_for_programs(run: Run, assemble: Assemble) -> None:
    """The data of every part, and what is missing in both languages."""
    ran = run(*assemble("mismatch"), "--json")
    document = json.loads(ran.out)
    assert (1, False) == (ran.status, document["complete"])
    parts = {p["part"]: p for p in document["parts"]}
    assert 24 == len(parts["income"]["records"])
    [missing] = document["missing"]
    assert ("dwelling", "PART_NO_RECORD", "96000103") == (
        missing["part"],
        missing["code"],
        missing["next"]["cvr"],
    )
    assert all(missing[language] and missing["next"][language] for language in ("en", "da"))


def test_other_terms_than_those_that_were_read_are_not_signed(run: Run, assemble: Assemble) -> None:
    """With --digest, a package that changed is an error before anything is asked."""
    ran = run(*assemble("family_mother"), "--digest", "0" * 64)
    assert (1, "") == (ran.status, ran.out)
    assert "has other terms now, of digest" in ran.said


def test_agreement_without_a_name_is_wrong_use(run: Run, assemble: Assemble) -> None:
    """The form is told."""
    ran = run(*assemble("family_mother"), "--agreement", "person")
    assert 2 == ran.status
    assert "PART=NAME" in ran.said


def test_packages_are_shown(run: Run) -> None:
    """All of them, or one with its parts; as JSON, with the very terms that the digest is of."""
    assert "folkepension" in run("package", "show").said
    shown = run("package", "show", "housing-benefit")
    assert "nor anybody under 18" in shown.said
    document = json.loads(run("package", "show", "housing-benefit", "--json").out)
    assert document["digest"] in shown.said
    assert "housing-benefit" == document["terms"]["package"]
    assert (1, True) == ((ran := run("package", "show", "nothing")).status, "there is no package" in ran.said)


@pytest.mark.parametrize("name", ["folkepension", "housing-benefit"])
def test_shipped_packages_are_granted_to_udbetaling_danmark(run: Run, name: str) -> None:
    """Whole, by the policies that come with Hjemmel: a change of either that breaks it is noticed here."""
    ran = run("package", "check", name, "--consumer", UDK, "--json")
    document = json.loads(ran.out)
    assert (0, True) == (ran.status, document["holds"])
    assert all(p["granted"] for p in document["parts"])


def test_package_that_the_policies_refuse_is_told_part_by_part(run: Run) -> None:
    """A municipality gets no pension package: which parts, for which reasons, under which agreement."""
    ran = run("package", "check", "folkepension", "--consumer", ODENSE)
    assert 1 == ran.status
    assert "CONSUMER_NOT_PERMITTED" in ran.said
    assert "no agreement with the provider has this" in ran.said
    assert "To cite: --agreement benefits=odense-pension" in ran.said


def test_agreements_to_cite_are_told(run: Run) -> None:
    """As options of `hjemmel assemble`."""
    ran = run("package", "check", "housing-benefit", "--consumer", UDK)
    assert (0, True) == (ran.status, "--agreement member-income=udk-eindkomst" in ran.said)
