"""`hjemmel register simulate` serves a register over an interface such as its own."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapters.registers import Registers
from exchange.cli.main import hjemmel


def test_a_simulator_serves_until_it_is_told_to_stop(register_folder: Path, generated: Registers) -> None:
    """Its first line says where it is; every second question goes wrong as ordered; a signal ends it."""
    command = [sys.executable, "-m", "exchange.cli.main", "register", "simulate-rest", "bbr"]
    command += ["--registers", str(register_folder), "--fault", "down", "--every", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert (Path(told["catalogue"]) / "bbr.toml").exists()
        building = next(iter(generated.tables["bbr.bygning"].records()))["id_lokalId"]
        asked = f"{told['url']}/bygninger?id={building}"
        for _ in range(2):
            with urllib.request.urlopen(asked) as answer:
                document = json.load(answer)
            assert {str(building).upper()} == {r["id"] for r in document["data"]}
            with pytest.raises(urllib.error.HTTPError, match="500"):
                urllib.request.urlopen(asked)
        process.terminate()
        assert 0 == process.wait(20)
    finally:
        process.kill()
        process.communicate()


def test_what_cannot_be_simulated_is_told(register_folder: Path, tmp_path: Path) -> None:
    """A register without such an entry, and a folder without registers, with what to do."""
    for register, folder, said in (
        ("cpr", register_folder, "no dataset of kind rest in register cpr"),
        ("bbr", tmp_path, "hjemmel register generate"),
    ):
        arguments = ["register", "simulate-rest", register, "--registers", str(folder)]
        caught = CliRunner().invoke(hjemmel, arguments)
        assert said in str(caught.exception)
