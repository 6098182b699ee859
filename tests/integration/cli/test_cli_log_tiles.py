"""`hjemmel log export`, `serve`, `import-check`, `rebuild-tiles`, and `verify` of what is published."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Run
from tests.support.logs import LogSite
from tests.support.public_logs import grow


@pytest.fixture
def site(tmp_path: Path) -> LogSite:
    """A log of 300 entries, its public key beside it."""
    (tmp_path / "log").mkdir()
    made = LogSite.at(tmp_path / "log")
    (made.folder / "log.vkey").write_text(made.verifier.vkey + "\n")
    grow(made, 300)
    return made


@pytest.fixture
def named(site: LogSite) -> tuple[str, ...]:
    """The options that name it."""
    return ("--url", site.url, "--vkey", str(site.folder / "log.vkey"))


def test_exported_and_verified(run: Run, site: LogSite, named: tuple[str, ...], tmp_path: Path) -> None:
    """Who has the folder and the key needs nothing else."""
    ran = run("log", "export", tmp_path / "out", *named)
    assert (0, True) == (ran.status, "stands at 300 entries, 300 of them new" in ran.said)
    document = json.loads(run("log", "export", tmp_path / "out", *named, "--json").out)
    assert (300, 300, 2) == (document["size"], document["since"], document["files"])
    verify = ("log", "verify", "--tiles", tmp_path / "out", "--vkey", site.folder / "log.vkey")
    ran = run(*verify)
    assert (0, True) == (ran.status, "The log holds." in ran.said)
    (tmp_path / "out/tile/0/000").unlink()
    ran = run(*verify)
    assert (1, True) == (ran.status, "First bad place: tile/0/000." in ran.said)
    found = json.loads(run(*verify, "--json").out)
    assert (False, [{"place": "tile/0/000", "problem": "is missing"}]) == (found["holds"], found["findings"])


@pytest.mark.parametrize("of", ["tiles", "database"])
def test_in_instalments(run: Run, site: LogSite, named: tuple[str, ...], tmp_path: Path, of: str) -> None:
    """The file of the last checkpoint is written when the log holds, and only then."""
    since, out = tmp_path / "last", tmp_path / "out"
    key = ("--vkey", site.folder / "log.vkey")
    what = named if of == "database" else ("--tiles", out, *key)
    verify = ("log", "verify", "--since", since, "--json", *what)
    run("log", "export", out, *named)
    assert 300 == json.loads(run(*verify).out)["entries"]
    first = since.read_text()
    grow(site, 310)
    run("log", "export", out, *named)
    document = json.loads(run(*verify).out)
    assert (310, 310 - 256) == (document["size"], document["entries"])
    later = since.read_text()
    assert first != later
    (out / "checkpoint").write_text(first)
    site.execute("UPDATE log_head SET size = 300, signed_checkpoint = :note", note=first)
    ran = run(*verify)
    assert (1, False) == (ran.status, json.loads(ran.out)["holds"])
    assert "rolled back" in ran.out
    assert later == since.read_text()


def test_file_of_another_log(run: Run, site: LogSite, named: tuple[str, ...], tmp_path: Path) -> None:
    """A file that holds no checkpoint of this log is refused, and left as it is."""
    (tmp_path / "last").write_text("something else")
    ran = run("log", "verify", *named, "--since", tmp_path / "last")
    assert (1, "something else") == (ran.status, (tmp_path / "last").read_text())


def test_copy_is_compared(run: Run, site: LogSite, named: tuple[str, ...], tmp_path: Path) -> None:
    """Equal, a beginning, or differing, with the exit status to match."""
    run("log", "export", tmp_path / "out", *named)
    assert "equal to the log" in run("log", "import-check", tmp_path / "out", *named).said
    grow(site, 400)
    assert "what the log began with" in run("log", "import-check", tmp_path / "out", *named).said
    site.execute("""UPDATE log_entries SET leaf = x'20' WHERE "index" = 7""")
    ran = run("log", "import-check", tmp_path / "out", *named)
    assert (1, True) == (ran.status, "entry 7: of the log is not what was signed" in ran.said)
    document = json.loads(run("log", "import-check", tmp_path / "out", *named, "--json").out)
    assert ("different", False) == (document["relation"], document["agree"])


def test_tiles_made_again(run: Run, site: LogSite, named: tuple[str, ...]) -> None:
    """What was missing is counted; the log holds after it."""
    site.execute("DELETE FROM log_tiles")
    assert 1 == run("log", "verify", *named).status
    assert "1 tiles were made again" in run("log", "rebuild-tiles", *named).said
    assert 0 == run("log", "verify", *named).status
    assert {"written": [], "removed": []} == json.loads(run("log", "rebuild-tiles", *named, "--json").out)


def test_served(run: Run, site: LogSite) -> None:
    """Says where it listens, is verified there, and ends when it is told to."""
    command = [sys.executable, "-m", "exchange.cli.main", "log", "serve", "--address", "127.0.0.1:0"]
    with subprocess.Popen([*command, "--url", site.url], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = "http://" + json.loads(process.stdout.readline())["address"]
        ran = run("log", "verify", "--tiles", url, "--vkey", site.folder / "log.vkey")
        assert (0, True) == (ran.status, "300 read" in ran.said)
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(30)
    ran = run("log", "verify", "--tiles", url, "--vkey", site.folder / "log.vkey")
    assert (1, True) == (ran.status, "cannot be read" in ran.err)


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "--tiles", "."),
        ("verify", "--tiles", ".", "--vkey", "{vkey}", "--url", "sqlite:///x.db"),
        ("serve", "--address", "127.0.0.1"),
        ("serve", "--address", "127.0.0.1:0", "--key", "{vkey}"),
    ],
)
def test_wrong_use(run: Run, site: LogSite, arguments: tuple[str, ...]) -> None:
    """Options that do not belong together are said so, with exit status 2."""
    vkey = str(site.folder / "log.vkey")
    assert 2 == run("log", *(vkey if a == "{vkey}" else a for a in arguments)).status


def test_no_such_place(run: Run, site: LogSite, named: tuple[str, ...], tmp_path: Path) -> None:
    """A folder or database that is not there is an error that names it."""
    ran = run("log", "verify", "--tiles", tmp_path / "gone", "--vkey", site.folder / "log.vkey")
    assert (1, True) == (ran.status, "there is no folder" in ran.err)
    ran = run("log", "export", tmp_path / "out", "--url", f"sqlite:///{tmp_path}/gone.db", *named[2:])
    assert (1, True) == (ran.status, "there is no database" in ran.err)
