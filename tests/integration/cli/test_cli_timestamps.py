"""Timestamps on the command line: listed, verified, handed out, and checked by whoever has a receipt."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.registers import Registers
from audit.timestamps.timestamp import rfc3339
from tests.integration.cli.conftest import Run
from tests.support.broker import Site, running
from tests.support.logs import LogSite, submission
from tests.support.questions import granted
from tests.support.tsa import Mode, Tsa, openssl, stamper


@dataclass(frozen=True)
class Kept:
    """A stamped log that nobody writes to, and the receipt that a caller got for each entry."""

    config: Path
    database: Path
    vkey: Path
    receipts: tuple[Path, ...]


@pytest.fixture(scope="module")
def written(
    keys: Path,
    register_folder: Path,
    generated: Registers,
    tsa_made: Tsa,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Four entries, stamped after the second and the third."""
    tsa_made.mode = Mode.STAMP
    folder = tmp_path_factory.mktemp("written")
    with running(Site(keys, register_folder, folder)) as start:
        broker = start()
        stamps = stamper(broker.broker.log, tsa_made, name="tsa.example/tsr")
        with broker.client() as client:
            for n in range(4):
                proof = client.exchange(granted(generated)).receipt.proof
                (folder / f"{n}.tlog-proof").write_text(proof, "utf-8")
                if n in {1, 2}:
                    broker.run(stamps.look())
    return folder


@pytest.fixture
def kept(written: Path, keys: Path, register_folder: Path, tsa: Tsa, tmp_path: Path) -> Kept:
    """A copy of it."""
    for name in ("log.db", "keys.db"):
        shutil.copy(written / name, tmp_path / name)
    config = Site(keys, register_folder, tmp_path).write_config(
        timestamps={"root_certificates": str(tsa.root)}
    )
    receipts = tuple(written / f"{n}.tlog-proof" for n in range(4))
    return Kept(config, tmp_path / "log.db", keys / "log.vkey", receipts)


def evidence(run: Run, kept: Kept, index: int, file: Path) -> Path:
    assert 0 == run("log", "timestamp-of", index, "-o", file, "-c", kept.config).status
    return file


def test_timestamps_are_listed(run: Run, kept: Kept) -> None:
    """Size, time, authority and age of each, and how much is under none yet."""
    ran = run("log", "timestamps", "-c", kept.config)
    assert 0 == ran.status
    assert "tsa.example/tsr" in ran.said
    assert "2 timestamps; 1 of 4 entries are under none yet" in ran.said
    document = json.loads(run("log", "timestamps", "-c", kept.config, "--json").out)
    assert [2, 3] == [t["size"] for t in document["timestamps"]]
    assert {"size", "time", "tsa", "age_seconds"} == set(document["timestamps"][0])
    assert (4, 1) == (document["size"], document["uncovered"])


def test_log_without_timestamps_lists_none(run: Run, kept: Kept) -> None:
    """A log that nobody stamped says so."""
    _execute(kept, "DELETE FROM log_timestamps")
    assert "0 timestamps; 4 of 4 entries" in run("log", "timestamps", "-c", kept.config).said


def test_verifying_a_log_verifies_its_timestamps(run: Run, kept: Kept, tsa: Tsa) -> None:
    """With the configuration's roots, or an outsider's; without roots that is said."""
    assert "2 held to their roots and to the log" in run("log", "verify", "-c", kept.config).said
    outside = ("log", "verify", "--url", f"sqlite:///{kept.database}", "--vkey", kept.vkey)
    assert "2 held to the log only: give --tsa-root" in run(*outside).said
    assert "2 held to their roots" in run(*outside, "--tsa-root", tsa.root).said
    document = json.loads(run(*outside, "--json").out)
    assert (0, 2) == (document["timestamps"], document["timestamps_without_root"])


def test_backdated_entry_is_shown(run: Run, tsa: Tsa, tmp_path: Path) -> None:
    """An entry that was written with a false time is counted and shown; the log holds all the same."""
    site = LogSite.at(tmp_path)
    now = rfc3339(datetime.now(UTC))

    async def write() -> None:
        with site.opened() as log:
            for number, time in enumerate((now, "2020-02-02T00:00:00Z")):
                of = submission(number)
                await log.append(replace(of, entry=replace(of.entry, time=time)), closes_intention=False)
                await stamper(log, tsa).look()

    asyncio.run(write())
    (tmp_path / "log.vkey").write_text(site.verifier.vkey)
    arguments = ("log", "verify", "--url", site.url, "--vkey", tmp_path / "log.vkey", "--tsa-root", tsa.root)
    ran = run(*arguments)
    assert (0, True) == (ran.status, "The log holds." in ran.said)
    assert "1 outside of the timestamps around them: entry 1 states 2020-02-02T00:00:00Z" in ran.said
    assert 1 == json.loads(run(*arguments, "--json").out)["misdated"]


def test_token_that_does_not_hold_fails_the_log(run: Run, kept: Kept) -> None:
    """Exit status 1, and the timestamp is named."""
    _execute(kept, "UPDATE log_timestamps SET token = (SELECT token FROM log_timestamps WHERE size = 3)")
    ran = run("log", "verify", "-c", kept.config)
    assert (1, True) == (ran.status, "timestamp 2 of tsa.example/tsr" in ran.said)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_receipt_holds_with_the_time_it_existed_by(
    run: Run, kept: Kept, tsa: Tsa, tmp_path: Path, index: int
) -> None:
    """A receipt, the evidence, the log's key and the root: nothing else is needed to know by when it was."""
    file = evidence(run, kept, index, tmp_path / "x.timestamp")
    arguments = ("receipt", "verify", kept.receipts[index], "--vkey", kept.vkey)
    with_time = (*arguments, "--timestamp", file, "--tsa-root", tsa.root)
    ran = run(*with_time)
    assert 0 == ran.status
    assert "The timestamp holds: the entry existed on 20" in ran.said
    assert "says CN=TEST tsa." in ran.said
    document = json.loads(run(*with_time, "--json").out)
    assert (True, "CN=TEST tsa") == (document["holds"], document["signer"])
    assert document["existed_by"].endswith("Z")
    assert "existed_by" not in json.loads(run(*arguments, "--json").out)


def test_openssl_verifies_what_the_documentation_says(run: Run, kept: Kept, tsa: Tsa, tmp_path: Path) -> None:
    """The two lines of docs/timestamps.md take token and checkpoint out of a file, and OpenSSL agrees."""
    evidence(run, kept, 1, tmp_path / "entry.timestamp")
    page = (Path(__file__).parents[3] / "docs" / "timestamps.md").read_text("utf-8")
    lines = [line for line in page.split("\n") if line.startswith("sed ")]
    assert 2 == len(lines)
    for line in lines:
        subprocess.run(["bash", "-c", line.partition("#")[0]], cwd=tmp_path, check=True)
    assert "openssl ts -verify -token_in -in entry.token -data entry.checkpoint -CAfile tsa-root.pem" in page
    said = openssl(
        *("ts", "-verify", "-token_in", "-in", tmp_path / "entry.token"),
        *("-data", tmp_path / "entry.checkpoint", "-CAfile", tsa.root),
    )
    assert "Verification: OK" in said


def test_entry_under_no_timestamp_has_no_evidence(run: Run, kept: Kept, tmp_path: Path) -> None:
    """What was not stamped yet, or is not there, is said; no file is written."""
    for index, said in ((3, "no checkpoint over entry 3 was stamped yet"), (4, "the log has no entry 4")):
        ran = run("log", "timestamp-of", index, "-o", tmp_path / "x", "-c", kept.config)
        assert (1, "") == (ran.status, ran.out)
        assert said in ran.said
    assert not (tmp_path / "x").exists()


def test_evidence_that_does_not_hold_is_not_handed_out(run: Run, kept: Kept, tmp_path: Path) -> None:
    """A token that was spoilt in the database ends as an error, not as a file."""
    _execute(kept, "UPDATE log_timestamps SET token = x'3000'")
    ran = run("log", "timestamp-of", 0, "-o", tmp_path / "x", "-c", kept.config)
    assert (1, False) == (ran.status, (tmp_path / "x").exists())


def test_evidence_of_another_entry_does_not_hold(run: Run, kept: Kept, tsa: Tsa, tmp_path: Path) -> None:
    """A timestamp proves the entry that it is of, and no other."""
    file = evidence(run, kept, 0, tmp_path / "x.timestamp")
    arguments = ("receipt", "verify", kept.receipts[1], "--vkey", kept.vkey, "--tsa-root", tsa.root)
    ran = run(*arguments, "--timestamp", file, "--json")
    assert (1, "") == (ran.status, ran.out)
    assert "the timestamp is of entry 0, not of 1" in ran.said
    assert json.loads(ran.err)["holds"] is False


def test_evidence_under_another_root_does_not_hold(run: Run, kept: Kept, tsa: Tsa, tmp_path: Path) -> None:
    """The root that the verifier trusts decides."""
    file = evidence(run, kept, 0, tmp_path / "x.timestamp")
    other = tsa.root.with_name("other-root.pem")
    arguments = ("receipt", "verify", kept.receipts[0], "--vkey", kept.vkey, "--tsa-root", other)
    ran = run(*arguments, "--timestamp", file)
    assert (1, True) == (ran.status, "the timestamp does not hold" in ran.said)


@pytest.mark.parametrize("content", [b"", b"nothing\n", b"\xff\xfe"])
def test_file_that_is_no_evidence_is_said(
    run: Run, kept: Kept, tsa: Tsa, tmp_path: Path, content: bytes
) -> None:
    """Whatever else a file holds ends with 1 and a message."""
    (tmp_path / "x").write_bytes(content)
    arguments = ("receipt", "verify", kept.receipts[0], "--vkey", kept.vkey, "--tsa-root", tsa.root)
    ran = run(*arguments, "--timestamp", tmp_path / "x")
    assert (1, "") == (ran.status, ran.out)
    assert "the timestamp does not hold" in ran.said


@pytest.mark.parametrize("option", ["--timestamp", "--tsa-root"])
def test_timestamp_and_root_go_together(run: Run, kept: Kept, tsa: Tsa, option: str) -> None:
    """One without the other is a mistake."""
    ran = run("receipt", "verify", kept.receipts[0], "--vkey", kept.vkey, option, tsa.root)
    assert (2, True) == (ran.status, "--timestamp, --tsa-root and --vkey go together" in ran.said)


def _execute(kept: Kept, statement: str) -> None:
    with closing(sqlite3.connect(kept.database)) as connection, connection:
        assert connection.execute(statement).rowcount
