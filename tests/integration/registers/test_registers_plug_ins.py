"""Plug-ins: a distribution of its own, loaded only where the configuration names its kind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path("docs/examples/adapter-csv")
LISTED, NOT_LISTED = '["csv"]', "[]"
CATALOGUE = """
register = "things"
provider = "95000088"
title = { en = "Things", da = "Ting" }

[[datasets]]
name = "things.thing"
subject = "property"
title = { en = "A thing", da = "En ting" }
source = { kind = "csv", file = "thing.csv" }
keys = [{ kind = "bfe_nummer", attribute = "number", cardinality = "many" }]
attributes = [
  { name = "number", type = "integer", sensitivity = "ordinary", en = "Number", da = "Nummer" },
  { name = "street", type = "string", sensitivity = "ordinary", en = "Street", da = "Vej" },
  { name = "let", type = "boolean", sensitivity = "ordinary", en = "Let", da = "Udlejet" },
]
"""
ROWS = """number,street,let,virkningFra,virkningTil,registreringFra,registreringTil
990000001,Ærøgade 1,true,2020-01-01T00:00:00Z,2024-01-01T00:00:00Z,2020-01-01T00:00:00Z,
990000001,"Åvej 2, baghuset",false,2024-01-01T00:00:00Z,,2020-01-01T00:00:00Z,
990000002,,true,2020-01-01T00:00:00Z,,2020-01-01T00:00:00Z,
"""
SAMPLES = """
[[samples]]
dataset = "things.thing"
key = "bfe_nummer"
known = ["990000001", "990000002"]
unknown = "990000003"

[[samples.expected]]
value = "990000001"
effect = 2023-01-01T00:00:00Z
registration = 2023-01-01T00:00:00Z
records = [{ number = 990000001, street = "Ærøgade 1", let = true }]
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, built and installed from a copy of its source, without a network."""
    source = tmp_path_factory.mktemp("source") / "adapter-csv"
    shutil.copytree(EXAMPLE, source)
    target = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    command += ["--no-deps", "--no-build-isolation", "--target", str(target), str(source)]
    subprocess.run(command, check=True)
    return target


def site(folder: Path, plug_ins: str, rows: bytes = ROWS.encode()) -> list[str]:
    """A configuration with a register of that kind; gives the command's arguments."""
    (folder / "catalogue").mkdir()
    (folder / "data").mkdir()
    (folder / "catalogue" / "things.toml").write_text(CATALOGUE)
    (folder / "data" / "thing.csv").write_bytes(rows)
    (folder / "samples.toml").write_text(SAMPLES)
    (folder / "hjemmel.toml").write_text(
        f"""[registers]
catalogue = "{folder / "catalogue"}"
plug_ins = {plug_ins}
[registers.connections.things]
url = "file://{folder / "data"}"
"""
    )
    return [
        *("register", "conformance", "things", str(folder / "samples.toml"), "--json"),
        *("--config", str(folder / "hjemmel.toml"), "--dead-url", f"file://{folder / 'nowhere'}"),
    ]


def run(installed: Path, arguments: list[str], code: str = "") -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process that has the example."""
    program = f"import sys\nfrom exchange.cli.main import main\n{code}\nmain()"
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def findings(said: str) -> list[dict[str, Any]]:
    [sample] = json.loads(said)["samples"]
    found: list[dict[str, Any]] = sample["findings"]
    return found


def test_the_example_passes_the_conformance_kit(installed: Path, tmp_path: Path) -> None:
    """Installed, allow-listed and configured, it holds every guarantee; exit 0."""
    done = run(installed, site(tmp_path, LISTED))
    assert (0, "") == (done.returncode, done.stderr)
    assert {"held"} == {f["outcome"] for f in findings(done.stdout)}
    assert "990000001" not in done.stdout


def test_the_report_is_readable_and_says_what_does_not_hold(installed: Path, tmp_path: Path) -> None:
    """A register whose file is in another encoding: every claim that fails says so, and the exit is 1."""
    arguments = site(tmp_path, LISTED, ROWS.encode("latin-1"))
    done = run(installed, [a for a in arguments if a != "--json"])
    assert 1 == done.returncode
    assert "things.thing by bfe_nummer (kind csv)" in done.stdout
    assert "not held" in done.stdout
    assert "the register gave no answer: its answer is not UTF-8" in " ".join(done.stdout.split())
    assert "990000001" not in done.stdout + done.stderr


_TELL = """
import atexit
atexit.register(lambda: print("imported" if "hjemmel_adapter_csv" in sys.modules else "never imported"))
"""


@pytest.mark.parametrize(("listed", "told"), [(LISTED, "imported"), (NOT_LISTED, "never imported")])
def test_a_plug_in_that_is_not_listed_is_never_imported(
    installed: Path, tmp_path: Path, listed: str, told: str
) -> None:
    """Installing a distribution is not enough: none of its code runs until the configuration names it."""
    done = run(installed, site(tmp_path, listed), _TELL)
    assert told == done.stdout.splitlines()[-1]
    if listed == NOT_LISTED:
        assert 1 == done.returncode
        assert "a plug-in must be named in registers.plug_ins" in done.stderr


def test_a_listed_plug_in_that_is_not_installed_is_told(tmp_path: Path) -> None:
    """The message says that the distribution is missing."""
    done = run(tmp_path / "empty", site(tmp_path, LISTED))
    assert 1 == done.returncode
    assert "no installed distribution has it" in done.stderr


def test_the_example_is_under_a_hundred_lines() -> None:
    """As the documentation promises."""
    assert len((EXAMPLE / "hjemmel_adapter_csv.py").read_text().splitlines()) < 100


def test_mistakes_in_samples_are_told(installed: Path, tmp_path: Path) -> None:
    """What is missing is named; no value is."""
    arguments = site(tmp_path, LISTED)
    for content, said in (
        ("", "holds no [[samples]]"),
        ("[[samples", "is no TOML"),
        ('[[samples]]\nkey = "bfe_nummer"\nknown = ["990000001"]\n', "'dataset' is missing"),
        (SAMPLES.replace(', "990000002"]', "]"), "known must hold at least two"),
        (SAMPLES.replace("00Z", "00"), "must be times with a zone"),
    ):
        (tmp_path / "samples.toml").write_text(content)
        done = run(installed, arguments)
        assert 1 == done.returncode
        assert said in done.stderr
        assert {"990000001", "Traceback"}.isdisjoint(done.stderr.split())
