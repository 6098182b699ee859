"""`hjemmel log verify`: holds every byte of a log to its signed checkpoint, and names the first bad place."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.registers import Registers
from exchange.client import Refused
from tests.integration.cli.conftest import Run
from tests.support.broker import Site, running
from tests.support.questions import case, granted, question_of


@dataclass(frozen=True)
class Kept:
    """A log of some entries, with nobody writing to it."""

    config: Path
    database: Path
    vkey: Path


@pytest.fixture(scope="module")
def written(
    keys: Path, register_folder: Path, generated: Registers, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with a log of five grants and a refusal."""
    folder = tmp_path_factory.mktemp("written")
    with running(Site(keys, register_folder, folder)) as start, start().client() as client:
        for _ in range(5):
            client.exchange(granted(generated))
        with pytest.raises(Refused):
            client.exchange(question_of(case(generated, "child-income-by-role")))
    return folder


@pytest.fixture
def kept(written: Path, keys: Path, register_folder: Path, tmp_path: Path) -> Kept:
    """A copy of it, to spoil."""
    for name in ("log.db", "keys.db"):
        shutil.copy(written / name, tmp_path / name)
    config = Site(keys, register_folder, tmp_path).write_config()
    return Kept(config, tmp_path / "log.db", keys / "log.vkey")


def change(database: Path, statement: str, *parameters: object) -> None:
    connection = sqlite3.connect(database)
    with connection:
        assert connection.execute(statement, parameters).rowcount
    connection.close()


def test_log_that_holds(run: Run, kept: Kept) -> None:
    """Every entry read, every sealed part opened."""
    ran = run("log", "verify", "--config", kept.config)
    assert 0 == ran.status
    assert "The log holds." in ran.said
    assert "6 read: 5 granted, 1 refused" in ran.said
    assert "6 opened" in ran.said


def test_log_that_holds_is_json_for_programs(run: Run, kept: Kept) -> None:
    """Counts, size and root for programs."""
    document = json.loads(run("log", "verify", "-c", kept.config, "--json").out)
    assert (True, 6, 6, []) == (
        document["holds"],
        document["entries"],
        document["size"],
        document["findings"],
    )
    assert {"granted": 5, "refused": 1} == document["by_outcome"]
    assert (6, 0, 0) == (document["sealed_opened"], document["sealed_erased"], document["open_intentions"])


def test_public_key_is_enough(run: Run, kept: Kept) -> None:
    """An outsider verifies with the database and the public key, and opens nothing."""
    arguments = ("log", "verify", "--url", f"sqlite:///{kept.database}", "--vkey", kept.vkey)
    ran = run(*arguments)
    assert (0, True) == (ran.status, "The log holds." in ran.said)
    assert 0 == json.loads(run(*arguments, "--json").out)["sealed_opened"]


def test_verifying_writes_nothing(run: Run, kept: Kept) -> None:
    """The database stays as it was."""
    before = kept.database.read_bytes()
    run("log", "verify", "--url", f"sqlite:///{kept.database}", "--vkey", kept.vkey)
    assert before == kept.database.read_bytes()


@pytest.mark.parametrize("index", [0, 2, 5])
def test_flipped_byte_names_its_entry(run: Run, kept: Kept, index: int) -> None:
    """One byte of one entry: exit status 1, and the entry is named first."""
    connection = sqlite3.connect(kept.database)
    (leaf,) = connection.execute('SELECT leaf FROM log_entries WHERE "index" = ?', (index,)).fetchone()
    connection.close()
    flipped = leaf.replace(b'"consumer":"9', b'"consumer":"8')
    assert leaf != flipped
    change(kept.database, 'UPDATE log_entries SET leaf = ? WHERE "index" = ?', flipped, index)
    ran = run("log", "verify", "--config", kept.config)
    assert 1 == ran.status
    assert f"First bad place: entry {index}." in ran.said
    assert "altered after it was recorded" in ran.said
    document = json.loads(run("log", "verify", "-c", kept.config, "--json").out)
    assert (False, f"entry {index}") == (document["holds"], document["findings"][0]["place"])


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ('DELETE FROM log_entries WHERE "index" = 3', "entry 3"),
        ('DELETE FROM log_entries WHERE "index" = 5', "entry 5"),
        ('DELETE FROM vault_sealed WHERE "index" = 1', "entry 1"),
        (
            (
                'UPDATE vault_sealed SET data = (SELECT data FROM vault_sealed WHERE "index" = 0) '
                'WHERE "index" = 1'
            ),
            "entry 1",
        ),
        ("UPDATE log_head SET size = 5", "head"),
        (
            "UPDATE log_head SET signed_checkpoint = replace(signed_checkpoint, '\n6\n', '\n5\n')",
            "checkpoint",
        ),
        ("DELETE FROM log_head", "head"),
    ],
    ids=["missing", "last-missing", "sealed-missing", "sealed-swapped", "head", "checkpoint", "no-head"],
)
def test_any_other_change_is_found(run: Run, kept: Kept, statement: str, place: str) -> None:
    """What was removed, swapped or rolled back is named as well."""
    change(kept.database, statement)
    ran = run("log", "verify", "--config", kept.config, "--json")
    assert (1, "") == (ran.status, ran.err)
    assert place == json.loads(ran.out)["findings"][0]["place"]


def test_log_of_another_key_does_not_hold(run: Run, kept: Kept, tmp_path: Path) -> None:
    """Another log's key refuses the checkpoint."""
    run("pki", "init", tmp_path / "other")
    vkey = tmp_path / "other" / "log.vkey"
    ran = run("log", "verify", "--url", f"sqlite:///{kept.database}", "--vkey", vkey)
    assert (1, True) == (ran.status, "First bad place: checkpoint." in ran.said)


@pytest.mark.parametrize(
    "content", [None, b"", b"no database at all" * 100], ids=["missing", "empty", "garbage"]
)
def test_database_that_is_no_log_is_said(run: Run, kept: Kept, content: bytes | None) -> None:
    """No log is not a log that does not hold; the message names the file or what is wrong with it."""
    kept.database.unlink()
    if content is not None:
        kept.database.write_bytes(content)
    ran = run("log", "verify", "--config", kept.config)
    assert (1, "") == (ran.status, ran.out)
    assert ran.said.startswith("error: ")
    assert "log.db" in ran.said
    assert content is not None or not kept.database.exists()


def test_key_without_a_database_is_wrong_use(run: Run, kept: Kept) -> None:
    """--vkey says which key, --url which log: one without the other is a mistake."""
    ran = run("log", "verify", "--vkey", kept.vkey)
    assert (2, True) == (ran.status, "--vkey needs --url" in ran.said)


@pytest.mark.parametrize("content", [b"", b"nothing", b"\xff\xfe"])
def test_key_that_is_none_is_said(run: Run, kept: Kept, tmp_path: Path, content: bytes) -> None:
    """A file that holds no key of a log ends with 1 and a message."""
    (tmp_path / "x.vkey").write_bytes(content)
    ran = run("log", "verify", "--url", f"sqlite:///{kept.database}", "--vkey", tmp_path / "x.vkey")
    assert (1, "") == (ran.status, ran.out)
    assert ran.err.startswith("error: ")


def test_missing_configuration_says_what_to_do(run: Run, tmp_path: Path) -> None:
    """Where there is no configuration, the message says how to write one."""
    ran = run("log", "verify", "--config", tmp_path / "nowhere.toml")
    assert (1, True) == (ran.status, "hjemmel config example" in ran.said)
