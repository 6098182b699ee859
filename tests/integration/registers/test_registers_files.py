"""The page about download files, typed as it stands; and loads that are killed or run out of disk."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.postgres import free_port

ROOT = Path(__file__).parents[3]
HJEMMEL = [sys.executable, "-m", "exchange.cli.main"]
LOAD = [*HJEMMEL, "register", "load-file", "vej.vej"]


def typed() -> str:
    """All that the page says to type."""
    page = (ROOT / "docs" / "registers-files.md").read_text("utf-8")
    return "\n".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL))


def environment(folder: Path) -> dict[str, str]:
    """Where `hjemmel` is this one; a broker listens where nobody else does."""
    program = folder / "bin" / "hjemmel"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m exchange.cli.main "$@"\n', "utf-8")
    program.chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": f"{ROOT}:{ROOT}/proto",
    }


def test_the_page_works_as_it_is_written(tmp_path: Path) -> None:
    """From a file to an exchange with its receipt, and the next month's delta: no line of Python."""
    target, probe = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    script = typed().replace("hjemmel request ", f"hjemmel request --target {target} ")
    script = script.replace("hjemmel probe", f"hjemmel probe --address {probe}")
    told = {"HJEMMEL_SERVER__ADDRESS": target, "HJEMMEL_SERVER__PROBE_ADDRESS": probe}
    with (tmp_path / "said").open("w+", encoding="utf-8") as said:
        done = subprocess.run(
            ["bash", "-e", "-c", f"trap 'kill $(jobs -p)' EXIT\n{script}"],
            cwd=tmp_path,
            env={**environment(tmp_path), **told},
            stdout=said,
            stderr=subprocess.STDOUT,
            timeout=240,
            check=False,
        )
        said.seek(0)
        text = said.read()
    assert 0 == done.returncode, text[-2000:]
    assert "Ærøvej" in text
    assert "the receipt holds" in text
    assert "vej.vej: 2 rows = 2 loaded + 0 refused" in text
    with closing(sqlite3.connect(tmp_path / "registers" / "vej.db")) as connection:
        query = "SELECT laengde, registreringTil IS NULL FROM vej WHERE vejId = '461-0001' ORDER BY 2"
        assert [(1250, 0), (1310, 1)] == connection.execute(query).fetchall()


@pytest.fixture
def roads(tmp_path: Path) -> Path:
    """A folder with the page's catalogue, its first file loaded, and a large second one."""
    script = typed()
    begin, end = script.index("cat > veje-1.csv"), script.index("cp -r policies")
    subprocess.run(["bash", "-e", "-c", script[begin:end]], cwd=tmp_path, check=True)
    (tmp_path / "hjemmel.toml").write_text('[registers]\ncatalogue = "catalogue"\n', "utf-8")
    with (tmp_path / "large.csv").open("w", encoding="utf-8") as file:
        file.write("Vej-ID;Vejnavn;Længde;Status;Gyldig fra;Gyldig til\n")
        file.writelines(f"{n};Ærøvej;{n};i brug;1998-04-01;\n" for n in range(60_000))
    command = [*LOAD, "veje-1.csv", "--taken", "2025-01-01T00:00:00Z"]
    subprocess.run(command, cwd=tmp_path, env=environment(tmp_path), check=True, capture_output=True)
    return tmp_path


def served(folder: Path) -> list[tuple[str]]:
    with closing(sqlite3.connect(folder / "registers" / "vej.db")) as connection:
        query = "SELECT vejId FROM vej WHERE registreringTil IS NULL ORDER BY 1 LIMIT 4"
        return connection.execute(query).fetchall()


BEFORE = [("461-0001",), ("461-0002",), ("461-0003",)]
AFTER = [("0",), ("1",), ("10",), ("100",)]
SECOND = [*LOAD, "large.csv", "--taken", "2025-02-01T00:00:00Z"]


def again(folder: Path) -> None:
    """Running it again loads it whole, and leaves nothing else there."""
    told = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/proto"}
    subprocess.run(SECOND, cwd=folder, env=told, check=True, capture_output=True)
    assert AFTER == served(folder)
    assert not list((folder / "registers").glob("*staging*"))


@pytest.mark.parametrize("moment", [0.0, 0.3, 0.6, 0.9, 1.2, 1.6])
def test_a_killed_load_changed_nothing_or_all(roads: Path, moment: float) -> None:
    """At whatever moment it is killed: the old whole or the new whole, and the next run loads it."""
    told = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/proto"}
    with subprocess.Popen(
        SECOND, cwd=roads, env=told, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as load:
        staging = roads / "registers" / "vej.db-vej-staging"
        while not staging.exists() and load.poll() is None:
            time.sleep(0.01)
        time.sleep(moment)
        load.send_signal(signal.SIGKILL)
    assert served(roads) in (BEFORE, AFTER)
    again(roads)


def test_a_full_disk_changes_nothing(roads: Path) -> None:
    """Where a file cannot grow any more, the load says so, and can be run again."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    told = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/proto"}
    done = subprocess.run(
        SECOND, cwd=roads, env=told, preexec_fn=limited, capture_output=True, text=True, check=False
    )
    assert (1, True) == (done.returncode, "what is served is as it was" in " ".join(done.stderr.split()))
    assert BEFORE == served(roads)
    again(roads)
