"""`hjemmel log complete` and its sisters: an answer about a subject that is shown to be whole."""

from __future__ import annotations

import io
import json
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters.registers import Registers
from tests.integration.cli.conftest import Kept, Ran, Run
from tests.integration.cli.test_cli_erasure import document, verified
from tests.support.broker import RunningBroker
from tests.support.questions import granted

SPAN = ("--from", "2026-01-01", "--to", "2026-01-02")


def told(run: Run, monkeypatch: pytest.MonkeyPatch, text: str, *arguments: object) -> Ran:
    """Runs a command with something on its standard input."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(text + "\n"))
    return run(*arguments)


def test_records_are_given_with_their_proof(
    run: Run,
    start: Any,
    generated: Registers,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beside a running broker; verified in a folder that has nothing but the file and the public key."""
    broker: RunningBroker = start()
    config = broker.site.write_config()
    subject = granted(generated).subject
    with broker.client() as client:
        for _ in range(3):
            client.exchange(granted(generated))
    out = tmp_path / "answer.json"
    asked = ("log", "complete", subject.kind, "--config", config, "--out", out, *SPAN)
    early = told(run, monkeypatch, subject.value, *asked)
    assert (1, True) == (early.status, "no period is closed" in early.said)
    closed = document(run("log", "close-period", "--config", config, "--json"))
    assert (True, 3) == (closed["done"], closed["entry"])
    given = told(run, monkeypatch, subject.value, *asked)
    assert (0, True) == (given.status, "records 3" in given.said)
    assert subject.value not in given.said
    assert 0o600 == stat.S_IMODE(out.stat().st_mode)
    assert 1 == told(run, monkeypatch, subject.value, *asked).status  # the file is there
    elsewhere = tmp_path_factory.mktemp("auditor")
    shutil.copy(out, elsewhere / "answer.json")
    shutil.copy(broker.site.keys / "log.vkey", elsewhere / "log.vkey")
    monkeypatch.chdir(elsewhere)
    check = ("log", "verify-complete", "answer.json", "--vkey", "log.vkey")
    shown = run(*check)
    assert (0, True) == (shown.status, "These are all records" in shown.said)
    found = document(run(*check, "--json"))
    assert (True, [0, 1, 2], "") == (found["holds"], [r["index"] for r in found["records"]], found["since"])
    same = told(run, monkeypatch, subject.value, *check, "--subject", subject.kind, *SPAN)
    assert 0 == same.status
    other = told(run, monkeypatch, "6101901234", *check, "--subject", "personnummer")
    assert (1, True) == (other.status, "about another subject" in other.said)
    later = run(*check, "--to", "2099-01-01")
    assert (1, True) == (later.status, "ends earlier" in later.said)
    report = document(run("log", "verify", "--config", config, "--json"))
    assert (1, 1, True) == (report["by_outcome"]["disclosed"], report["periods"]["closed"], report["holds"])
    listing = run("log", "periods", "--config", config)
    assert (0, True) == (listing.status, "1 closed" in listing.said)
    assert "1 closed, 1 indexes made again" in run("log", "verify", "--config", config).said


def test_without_a_broker_it_waits_or_does_the_work_here(
    run: Run,
    kept: Kept,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Status 1 and a request that stays; with --own the work is done, and nothing is written unrecorded."""
    waiting = run("log", "close-period", "--config", kept.config, "--wait", "0.1")
    assert (1, True) == (waiting.status, "no broker has done it yet" in waiting.said)
    closed = run("log", "close-period", "--config", kept.config, "--own")
    assert (0, True) == (closed.status, "Closed: entries 0 to 4" in closed.said)
    kind, value = kept.subject
    out = tmp_path / "answer.json"
    asked = ("log", "complete", kind, "--config", kept.config, "--out", out, *SPAN)
    refused = told(run, monkeypatch, value, *asked, "--wait", "0.1")
    assert (1, False, True) == (refused.status, out.exists(), "own the log with --own" in refused.said)
    given = told(run, monkeypatch, value, *asked, "--own", "--json")
    assert [0, 1, 2, 3] == [r["index"] for r in document(given)["records"]]
    run("log", "erase", "--config", kept.config, "--subject", kind, value, "--own")
    anew = document(run("log", "close-period", "--config", kept.config, "--own", "--json"))
    assert anew["done"]
    assert (True, 0) == ((v := verified(run, kept.config))["holds"], v["periods"]["anew"])
    gone = told(run, monkeypatch, value, *asked[:-5], tmp_path / "after.json", *SPAN, "--own", "--json")
    assert ([], 4) == ((d := document(gone))["records"], d["periods"][0]["erased"])


def test_a_changed_file_is_refused(
    run: Run,
    kept: Kept,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a record left out, the answer is no: status 1, and why."""
    run("log", "close-period", "--config", kept.config, "--own")
    kind, value = kept.subject
    out = tmp_path / "answer.json"
    told(
        run,
        monkeypatch,
        value,
        "log",
        "complete",
        kind,
        "--config",
        kept.config,
        "--out",
        out,
        *SPAN,
        "--own",
    )
    changed = json.loads(out.read_bytes())
    changed["periods"][0]["records"].pop()
    out.write_text(json.dumps(changed, separators=(",", ":"), sort_keys=True, ensure_ascii=False))
    vkey = kept.site.keys / "log.vkey"
    ran = run("log", "verify-complete", out, "--vkey", vkey)
    assert (1, True) == (ran.status, "does not lead to the root of the index" in ran.said)
    assert not document(run("log", "verify-complete", out, "--vkey", vkey, "--json"))["holds"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--from", "yesterday", "--to", "2026-01-02"), "a time is written as"),
        (("--from", "2026-01-01T00:00:00", "--to", "2026-01-02"), "needs its zone"),
        (("--from", "2026-01-01"), "--from and --to are needed"),
        ((*SPAN, "--ground", "because!"), "--ground is a code"),
    ],
)
def test_what_is_asked_wrongly_is_told(
    run: Run,
    kept: Kept,
    tmp_path: Path,
    arguments: tuple[str, ...],
    problem: str,
) -> None:
    """Before anything is read or recorded."""
    out = tmp_path / "answer.json"
    ran = run("log", "complete", "personnummer", "--config", kept.config, "--out", out, *arguments)
    assert (2, True) == (ran.status, problem in ran.said)


def test_an_identifier_that_is_none_is_not_repeated(
    run: Run,
    kept: Kept,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The message has the form that it must have, never the value."""
    arguments = (
        "log",
        "complete",
        "personnummer",
        "--config",
        kept.config,
        "--out",
        tmp_path / "x.json",
        *SPAN,
    )
    ran = told(run, monkeypatch, "not-a-number-at-all", *arguments)
    assert (2, False) == (ran.status, "not-a-number" in ran.said)
