"""`hjemmel policy replay`: what it says, writes and ends with, whatever happens meanwhile."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from exchange.cli.policy import replay_screen
from exchange.config import DEFAULT_POLICIES
from exchange.policy.policy_set import PolicySet
from exchange.workbench.replay import page, table
from tests.integration.cli.conftest import Run
from tests.integration.replay.conftest import PLANTED, Decide, Logged
from tests.support import bulk
from tests.support.broker import Site
from tests.support.logs import LogSite
from tests.support.policies import INCOME
from tests.support.recorded import decided

WITHIN = 60.0  # seconds that whatever should end may take
HOSTILE = '=HYPERLINK("http://x")<script>alert(1)</script>[red]\x1b[2J'


@pytest.fixture
def ending(tmp_path: Path) -> Path:
    """A folder of policies under which the agreement about income has ended."""
    folder = tmp_path / "candidate"
    shutil.copytree(DEFAULT_POLICIES, folder)
    path = folder / "agreements" / "data.json"
    agreements = json.loads(path.read_text())
    agreements["udk-eindkomst"]["valid_to"] = "2020-01-01"
    path.write_text(json.dumps(agreements))
    return folder


def test_log_that_holds(run: Run, in_line: Path) -> None:
    """Exit status 0, and what was decided again."""
    ran = run("policy", "replay", "--config", in_line)
    assert (0, True) == (ran.status, "Every decision came out as recorded." in ran.said)
    assert f"{PLANTED + 6} entries, {PLANTED + 4} decided again" in ran.said


def test_mismatch_ends_with_one_and_names_its_entry(run: Run, in_line: Path, kept: Logged) -> None:
    """Exit status 1; entry, request id and what is wrong, on the screen and as JSON."""
    kept.change('UPDATE vault_sealed SET data = :d WHERE "index" = 3', d=bytes(99))
    request_id = kept.cell('SELECT request_id FROM log_entries WHERE "index" = 3')
    ran = run("policy", "replay", "--config", in_line)
    assert (1, True) == (ran.status, "First bad place: entry 3." in ran.said)
    assert f"entry 3 ({request_id})" in ran.said
    ran = run("policy", "replay", "--config", in_line, "--json")
    document = json.loads(ran.out)
    assert (1, False, {"sealed": 1}) == (ran.status, document["holds"], document["problems"])
    finding = document["findings"][0]
    assert (3, request_id, "sealed") == (finding["index"], finding["request_id"], finding["problem"])


def test_candidate_ends_with_zero_and_says_what_would_change(run: Run, in_line: Path, ending: Path) -> None:
    """With a candidate, changes are what was asked for: the summary, by authority and by purpose."""
    ran = run("policy", "replay", "--config", in_line, "--candidate", ending)
    assert 0 == ran.status
    for word in ("newly refused", "91000008 Udbetaling Danmark", "pension.supplement", "AGREEMENT_ENDED"):
        assert word in ran.said
    ran = run("policy", "replay", "--config", in_line, "--candidate", ending, "--json", "--examples", "1")
    candidate = json.loads(ran.out)["candidate"]
    assert {"newly_granted": 0, "unanswered": 0} == {
        name: candidate["effects"][name]["number"] for name in ("newly_granted", "unanswered")
    }
    assert 1 == len(candidate["effects"]["newly_refused"]["examples"])
    assert {"eindkomst.indkomst"} == {r["value"] for r in candidate["by"]["dataset"] if "newly_refused" in r}


def test_candidate_beside_a_mismatch_says_so(run: Run, in_line: Path, kept: Logged, ending: Path) -> None:
    """A comparison on a record that does not hold says that it does not, and goes on with the rest."""
    kept.change('UPDATE vault_sealed SET data = :d WHERE "index" = 3', d=bytes(99))
    ran = run("policy", "replay", "--config", in_line, "--candidate", ending)
    assert (0, True) == (ran.status, "The record does not hold." in ran.said)
    assert "are not compared" in ran.said


def test_archived_revision_is_a_candidate(run: Run, in_line: Path, policies: PolicySet) -> None:
    """A revision that the log archived is named by its digest, or by how that begins."""
    for name in (policies.revision, policies.revision[:8]):
        ran = run("policy", "replay", "--config", in_line, "--candidate", name)
        assert (0, True) == (ran.status, "The candidate would change no decision." in ran.said)


def test_broker_need_not_share_its_signing_key(
    run: Run, kept: Logged, tmp_path: Path, keys: Path, register_folder: Path
) -> None:
    """The log's public key and the vault's master key are enough."""
    public = tmp_path / "public"
    public.mkdir()
    shutil.copy(keys / "log.vkey", public)
    config = Site(keys, register_folder, tmp_path).write_config(log={"signing_key": str(public / "log.key")})
    assert 0 == run("policy", "replay", "--config", config).status


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("--from", "x"), 2, "must be an index or a date"),
        (("--to", "2026-02-30"), 2, "must be an index or a date"),
        (("--from", "999"), 1, "there is none at index 999"),
        (("--from", "9", "--to", "8"), 1, "ends before it begins"),
        (("--candidate", "nowhere"), 1, "no folder, no bundle and no revision"),
        (("--candidate", "0" * 64), 1, "no archived revisions begin with"),
        (("--html", "/nowhere/x.html"), 1, "there is no folder"),
        (("--workers", "0"), 2, "--workers"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, tuple) else None,
)
def test_wrong_use_is_said(
    run: Run, in_line: Path, arguments: tuple[str, ...], status: int, message: str
) -> None:
    """What cannot be asked ends with a message, before anything is read."""
    ran = run("policy", "replay", "--config", in_line, *arguments)
    assert (status, True) == (ran.status, message in ran.said)
    assert "" == ran.out


def test_database_that_is_no_log_is_said(run: Run, in_line: Path, tmp_path: Path) -> None:
    """A file that is no log is not a log that holds."""
    (tmp_path / "log.db").write_bytes(b"no database at all" * 100)
    ran = run("policy", "replay", "--config", in_line)
    assert (1, True) == (ran.status, "log.db cannot be read as a log" in ran.said)
    (tmp_path / "log.db").unlink()
    ran = run("policy", "replay", "--config", in_line)
    assert (1, True) == (ran.status, "there is no database" in ran.said)
    assert not (tmp_path / "log.db").exists()


# Files


def test_page_and_table_hold_the_same_numbers(run: Run, in_line: Path, ending: Path, tmp_path: Path) -> None:
    """HTML and CSV are written beside each other, from one replay."""
    html, table_file = tmp_path / "report.html", tmp_path / "report.csv"
    arguments = ("--candidate", ending, "--html", html, "--csv", table_file, "--json")
    ran = run("policy", "replay", "--config", in_line, *arguments)
    assert 0 == ran.status
    refused = json.loads(ran.out)["candidate"]["effects"]["newly_refused"]["number"]
    rows = list(csv.DictReader(io.StringIO(table_file.read_text("utf-8"))))
    assert str(refused) == next(r["newly_refused"] for r in rows if r["by"] == "all")
    assert f">{refused}<" in html.read_text("utf-8")


def test_page_is_one_file(run: Run, in_line: Path, ending: Path, tmp_path: Path) -> None:
    """Nothing is fetched from anywhere."""
    run("policy", "replay", "--config", in_line, "--candidate", ending, "--html", tmp_path / "report.html")
    page_text = (tmp_path / "report.html").read_text("utf-8")
    assert [] == re.findall(r"""(?:src|href)=["'](?!#|data:)[^"']+""", page_text)
    assert [] == re.findall(r"url\(|@import", page_text)


def test_findings_are_written_too(run: Run, in_line: Path, kept: Logged, tmp_path: Path) -> None:
    """Without a candidate, page and table tell the findings; exit status 1 all the same."""
    kept.change('UPDATE vault_sealed SET data = :d WHERE "index" = 3', d=bytes(99))
    html, table_file = tmp_path / "report.html", tmp_path / "report.csv"
    assert 1 == run("policy", "replay", "-c", in_line, "--html", html, "--csv", table_file).status
    rows = list(csv.DictReader(io.StringIO(table_file.read_text("utf-8"))))
    assert [("3", "sealed")] == [(row["index"], row["problem"]) for row in rows]
    assert "Sealed part altered or missing" in html.read_text("utf-8")


def test_hostile_words_stay_words(
    written: Callable[..., Logged], decide: Decide, policies: PolicySet, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a caller or an author wrote is shown as text: no markup, no formula, nothing for the terminal."""
    asked = {**INCOME, "purpose": HOSTILE}
    purposes = {**policies.data["purposes"], HOSTILE: {"title": {"en": HOSTILE, "da": HOSTILE}, "kle": None}}
    candidate = PolicySet(policies.modules, {**policies.data, "purposes": purposes})
    wrong = decided(1, INCOME, decide(INCOME), purpose=HOSTILE)
    logged = written(decided(0, asked, decide(asked)), wrong)
    for report in (logged.replay(candidate), logged.replay()):
        shown = page.rendered(report)
        assert "<script>alert" not in shown
        assert "&lt;script&gt;alert" in shown
        cells = [cell for row in csv.reader(io.StringIO(table.written(report))) for cell in row]
        assert any(HOSTILE in cell for cell in cells)
        assert not any(cell.startswith("=") for cell in cells)
        replay_screen.show(report)
    said = capsys.readouterr().out
    assert "\x1b[2J" not in said
    assert "[red]" in said


# Interruptions


@dataclass(frozen=True)
class Slow:
    """A replay under way in a process of its own, with two workers."""

    process: subprocess.Popen[str]

    def workers(self) -> list[int]:
        """The worker processes, once there are two."""
        deadline = time.monotonic() + WITHIN
        while time.monotonic() < deadline:
            found = [pid for pid in _children(self.process.pid) if "spawn_main" in _command(pid)]
            if len(found) == 2:
                return found
            assert self.process.poll() is None, self.process.communicate()
            time.sleep(0.01)
        raise AssertionError("no workers began")

    def ended(self) -> tuple[int, str]:
        """Its exit status and what it said on standard error."""
        _, said = self.process.communicate(timeout=WITHIN)
        return self.process.returncode, " ".join(said.split())


def _children(pid: int) -> list[int]:
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


@pytest.fixture
def slow(tmp_path: Path, decide: Decide, policies: PolicySet) -> Iterator[Slow]:
    """A replay of four thousand entries, each with an input of its own."""
    site = LogSite.at(tmp_path)
    decision = decide(INCOME)
    moments = (f"2026-11-21T{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}Z" for n in range(4000))
    bulk.write(site, (decided(n, {**INCOME, "time": t}, decision) for n, t in enumerate(moments)))
    insert = "INSERT INTO policy_revisions (revision, bundle) VALUES (:revision, :bundle)"
    site.execute(insert, revision=policies.revision, bundle=policies.bundle)
    site.settings.signing_key.with_suffix(".vkey").write_text(f"{site.verifier.vkey}\n")
    config = tmp_path / "hjemmel.toml"
    config.write_text(
        f'[log]\nurl = "{site.url}"\nsigning_key = "{site.settings.signing_key}"\n'
        f'[vault]\nurl = "{site.keys_url}"\nmaster_key = "{site.settings.master_key}"\n'
    )
    command = ["-m", "exchange.cli.main", "policy", "replay", "--config", str(config), "--workers", "2"]
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
        preexec_fn=_hears_ctrl_c,  # noqa: PLW1509  # no threads here; a suite in the background ignores it
    )  # fmt: skip
    yield Slow(process)
    if process.poll() is None:
        process.kill()
        process.communicate()


def _hears_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def gone(pids: list[int]) -> bool:
    """Whether processes end."""
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline:
        if not any("spawn_main" in _command(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def test_many_entries_are_decided_by_workers(slow: Slow) -> None:
    """Left alone, the same replay ends well."""
    assert 0 == slow.ended()[0]


def test_ctrl_c_ends_it_with_a_message(slow: Slow) -> None:
    """The terminal's signal goes to all processes: one message, status 130, nobody left behind."""
    workers = slow.workers()
    os.killpg(slow.process.pid, signal.SIGINT)
    status, said = slow.ended()
    assert (130, "interrupted: nothing was written") == (status, said)
    assert gone(workers)


def test_dead_worker_ends_it_with_a_message(slow: Slow) -> None:
    """A worker that is killed stops the replay: no report of half a log, no hang."""
    workers = slow.workers()
    os.kill(workers[0], signal.SIGKILL)
    status, said = slow.ended()
    assert (1, True) == (status, "a worker process died" in said)
    assert "Traceback" not in said
    assert gone(workers)


def test_workers_end_with_whoever_started_them(slow: Slow) -> None:
    """When the command itself is killed, its workers do not wait for ever."""
    workers = slow.workers()
    slow.process.kill()
    slow.process.communicate()
    assert gone(workers)
