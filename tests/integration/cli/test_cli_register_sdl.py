"""`hjemmel register import-sdl` on the command line: what it refuses, and how it says it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adapters.catalogue import load_catalogue
from adapters.simulators.datafordeler.schema import schema_of
from tests.integration.cli.conftest import Run
from tests.support.datafordeler import all_turned


@pytest.fixture
def sdl(tmp_path: Path) -> Path:
    """A schema such as the published ones."""
    path = tmp_path / "bbr.graphql"
    path.write_text(schema_of("bbr", all_turned("bbr")), "utf-8")
    return path


def test_schema_becomes_a_catalogue_file(run: Run, sdl: Path, tmp_path: Path) -> None:
    """The file is where it was asked for, loads, and the command reminds of what a person must do."""
    output = tmp_path / "catalogue" / "bbr.toml"
    arguments = ("register", "import-sdl", sdl, "--type", "BBR_Enhed", "--provider", "96000103")
    ran = run(*arguments, "--subject", "property", "-o", output)
    assert 0 == ran.status
    assert "confirm each" in ran.said
    [dataset] = load_catalogue(output.parent).datasets.values()
    assert ("bbr.enhed", "datafordeler") == (dataset.name, dataset.source.kind)
    again = run(*arguments, "--subject", "property", "-o", output)
    assert (1, True) == (again.status, "there already" in again.said)
    other = run(*arguments, "--subject", "property", "-o", tmp_path / "b.toml", "--json")
    assert {"file": str(tmp_path / "b.toml"), "register": "bbr", "datasets": 1} == json.loads(other.out)


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        (["--provider", "12345678"], 2, "8 digits with a valid check digit"),
        (["--type", "BBR_Slot"], 1, "BBR_Slot cannot be asked for"),
        (["--key", "uuid=nowhere"], 1, "none of the types has a field nowhere"),
        (["--key", "colour=status"], 1, "'colour' is none of"),
        (["--attribute", "colour"], 1, "colour is no field"),
    ],
)
def test_what_cannot_be_is_said_without_a_traceback(
    run: Run, sdl: Path, tmp_path: Path, change: list[str], status: int, said: str
) -> None:
    """Each mistake names itself; no file is written."""
    output = tmp_path / "out.toml"
    usual = ["--provider", "96000103", "--type", "BBR_Enhed", "--subject", "property", "-o", str(output)]
    ran = run("register", "import-sdl", sdl, *usual, *change)
    assert (status, True) == (ran.status, said in ran.said)
    assert not output.exists()
