"""`hjemmel records`: an authority's own copy from the command line."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from adapters.registers import Registers
from audit.publishing.export import export
from tests.integration.cli.conftest import Run
from tests.support.broker import RunningBroker
from tests.support.questions import granted


@pytest.fixture
def folder(called: RunningBroker, generated: Registers, tmp_path: Path) -> Path:
    """A folder with credentials of one's own, and a published log with exchanges in it."""
    shutil.copytree(called.site.keys, tmp_path / "keys")
    with called.client() as client:
        for _ in range(3):
            client.exchange(granted(generated))
    log = called.broker.log
    export(log.engine, log.reader.verifier, tmp_path / "tiles")
    return tmp_path


def follow(run: Run, called: RunningBroker, folder: Path, *options: str) -> object:
    done = run(
        *("records", "follow", "--target", called.target, "--as", folder / "keys" / "udbetaling-danmark"),
        *("--store", folder / "own.db", "--once", *options),
    )
    assert (0, "") == (done.status, done.err.strip())
    return json.loads(done.out) if "--json" in options else done.said


def check(folder: Path, *options: object) -> list[object]:
    vkey, store = folder / "keys" / "log.vkey", folder / "own.db"
    return ["records", "check", "--store", store, "--vkey", vkey, "--tiles", folder / "tiles", *options]


def test_a_side_is_copied_once_and_only_what_is_new_after_that(
    run: Run, called: RunningBroker, folder: Path, generated: Registers
) -> None:
    """--once ends when all is copied, says how much that is, and costs nothing when nothing is new."""
    first = follow(run, called, folder, "--json")
    assert isinstance(first, dict)
    assert first["records"] == first["new"] >= 3
    with called.client() as client:
        client.exchange(granted(generated))
    again = follow(run, called, folder, "--json")
    assert isinstance(again, dict)
    assert (1, first["records"] + 1) == (again["new"], again["records"])
    assert f"{again['records']} records, 0 of them new" in str(follow(run, called, folder))


def test_a_copy_that_agrees_says_so(run: Run, called: RunningBroker, folder: Path) -> None:
    """Exit status 0, what it was held against, and one word for all of it."""
    follow(run, called, folder)
    done = run(*check(folder))
    assert (0, "") == (done.status, done.err.strip())
    assert "All agrees." in done.said
    document = json.loads(run(*check(folder, "--json")).out)
    assert (True, []) == (document["agrees"], document["findings"])
    assert document["records"] == document["concerning"]


def test_what_is_missing_is_told_and_proved_to_a_third_party(
    run: Run, called: RunningBroker, folder: Path
) -> None:
    """Exit status 1, the entry and the side; the receipt that is written verifies by itself."""
    follow(run, called, folder)
    with closing(sqlite3.connect(folder / "own.db")) as copy, copy:
        copy.execute('DELETE FROM own_entries WHERE "index" = 1')
    done = run(*check(folder, "--evidence", folder / "evidence", "--json"))
    assert 1 == done.status
    found = json.loads(done.out)["findings"]
    assert ["copy_damaged", "not_in_copy"] == [f["kind"] for f in found]
    [receipt] = found[1]["evidence"]
    verified = run("receipt", "verify", receipt, "--vkey", folder / "keys" / "log.vkey", "--json")
    assert (0, 1) == (verified.status, json.loads(verified.out)["index"])
    said = run(*check(folder)).said
    assert "entry 1: concerns 91000008, and is missing from the copy" in said
    assert "2 findings." in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--store", "nowhere.db"), "there is no copy at"),
        (("--tiles", "nowhere"), "there is no folder at"),
        (("--store", "keys/log.vkey"), "cannot be used as an own copy"),
        (("--access-log", "keys/log.vkey"), "has no column request_id"),
    ],
)
def test_what_cannot_be_held_against_each_other_is_told(
    run: Run,
    called: RunningBroker,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, str],
    said: str,
) -> None:
    """One message that says what is wrong, and no traceback."""
    follow(run, called, folder)
    monkeypatch.chdir(folder)
    done = run(*check(folder, *options))
    assert (1, "") == (done.status, done.out)
    assert said in done.said


def test_a_broker_that_is_away_is_told(run: Run, folder: Path) -> None:
    """With --once, who cannot be reached ends the command."""
    done = run(
        *("records", "follow", "--target", "127.0.0.1:1", "--as", folder / "keys" / "odense"),
        *("--store", folder / "own.db", "--once"),
    )
    assert 1 == done.status
    assert "no answer from the broker" in done.said
