"""`hjemmel watch` and `hjemmel register change`: from the terminal, what a backend does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner

from exchange.cli.main import hjemmel
from exchange.client import Subject
from tests.conftest import Start
from tests.support import raw
from tests.support.broker import RunningBroker
from tests.support.changes import PATIENCE, QUICK, TASK


@contextmanager
def watching(broker: RunningBroker, subjects: Path, state: Path) -> Iterator[Iterator[dict[str, object]]]:
    """The command in a process of its own; gives what it prints."""
    command = ["watch", "--target", broker.target, "--as", str(broker.site.keys / raw.UDK), "--json"]
    command += ["--dataset", TASK.dataset, "--attributes", ",".join(TASK.attributes), "--key", TASK.key_kind]
    command += ["--purpose", TASK.purpose, "--legal-basis", TASK.legal_basis, "--agreement", TASK.agreement]
    command += ["--caseworker", TASK.caseworker, "--subjects", str(subjects), "--state", str(state)]
    with subprocess.Popen(
        [sys.executable, "-m", "exchange.cli.main", *command], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        lines = process.stdout
        try:
            yield (json.loads(line) for line in lines)
        finally:
            process.terminate()
            assert 0 == process.wait(PATIENCE)


def moves(broker: RunningBroker, subject: Subject, status: str) -> None:
    arguments = [
        str(broker.site.registers),
        TASK.dataset,
        f"personnummer={subject.value}",
        f"civilstand={status}",
    ]
    done = CliRunner().invoke(hjemmel, ["register", "change", *arguments, "--json"])
    assert (0, 1) == (done.exit_code, json.loads(done.output)["changed"])


def change_in(lines: Iterator[dict[str, object]]) -> dict[str, object]:
    return next(line for line in lines if "alive" not in line)


def test_terminal_shows_changes_and_goes_on_where_it_was(
    start: Start, persons: list[Subject], tmp_path: Path
) -> None:
    """What stands in the state file is not shown again; what changed meanwhile is."""
    broker = start(**QUICK)
    subjects, state = tmp_path / "subjects.csv", tmp_path / "state.json"
    subjects.write_text("".join(f"{s.value},{s.role},{s.case_reference}\n" for s in persons[:2]))
    with watching(broker, subjects, state) as lines:
        assert {s.case_reference for s in persons[:2]} == {change_in(lines)["case"] for _ in range(2)}
        moves(broker, persons[0], "separeret")
        told = change_in(lines)
        assert (persons[0].case_reference, "separeret") == (told["case"], told["records"][0]["civilstand"])  # type: ignore[index]
        next(line for line in lines if "alive" in line)
    assert 0o600 == state.stat().st_mode & 0o777
    moves(broker, persons[1], "separeret")
    with watching(broker, subjects, state) as lines:
        assert persons[1].case_reference == change_in(lines)["case"]


def test_change_of_what_is_not_there_says_what_to_write(site: object, tmp_path: Path) -> None:
    """A dataset, an attribute or a form that is wrong is wrong use."""
    for arguments in (
        ["cpr.nobody", "personnummer=1", "civilstand=gift"],
        ["cpr.person", "personnummer=1", "colour=red"],
        ["cpr.person", "personnummer", "civilstand=gift"],
    ):
        folder = str(tmp_path / "registers")
        done = CliRunner().invoke(hjemmel, ["register", "change", folder, *arguments])
        assert 2 == done.exit_code
