"""The demo, as somebody runs it who has never seen it: what it shows must be so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.cli.conftest import Run


def played(folder: Path) -> dict[str, Any]:
    """Plays the demo on small registers; gives what it says to programs."""
    command = [sys.executable, "-m", "exchange.cli.main", "demo", "--json", "--persons", "1000"]
    done = subprocess.run([*command, "--folder", str(folder)], capture_output=True, check=False, timeout=120)
    assert 0 == done.returncode, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


@pytest.mark.slow
def test_demo_forgets_a_record_in_every_run(tmp_path: Path, run: Run) -> None:
    """The record is gone, its entry says so, its receipt holds; a second run keeps what the first left."""
    first, second = played(tmp_path), played(tmp_path)
    assert (1, 2) == (first["log"]["erased"], second["log"]["erased"])
    assert (True, False) == (second["log"]["holds"], second["tampered_copy"]["holds"])
    told = second["erasure"]
    assert ("gdpr.17.1.d", False) == (told["ground"], told["opens"])
    assert {"caseworker", "request", "subject"} < set(told["was_sealed"])
    config = ("--config", tmp_path / "hjemmel.toml")
    for erasure in (first["erasure"], told):
        key = tmp_path / "keys" / "log.vkey"
        assert 0 == run("receipt", "verify", erasure["receipt"], "--vkey", key).status
        proof = json.loads(run("log", "erasure-proof", erasure["entry"], *config, "--json").out)
        assert (True, str(erasure["record"])) == (proof["holds"], proof["indexes"])
    assert 0 == run("policy", "explain", *config, "--index", first["erasure"]["record"] + 1).status


@pytest.mark.parametrize(
    ("persons", "says"),
    [
        pytest.param(10_000, "holds registers of 10000 persons: use --persons 10000", id="another size"),
        pytest.param(300, "was made by another version of Hjemmel: move it away", id="another version"),
    ],
)
def test_demo_leaves_a_folder_that_is_not_of_its_kind(
    persons: int, says: str, tmp_path: Path, run: Run
) -> None:
    """Registers that this version would not generate stay as they are, and what to do is said."""
    marker = tmp_path / "demo" / "registers" / "complete.json"
    marker.parent.mkdir(parents=True)
    marker.write_text(json.dumps({"persons": persons, "digest": "0" * 64, "real_rows": False}))
    ended = run("demo", "--folder", str(tmp_path / "demo"), "--persons", "300")
    assert (1, True) == (ended.status, says in " ".join(ended.err.split()))
    assert [marker] == list(marker.parent.iterdir())
