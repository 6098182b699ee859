"""A follower that is killed goes on where its copy is: nothing lost, nothing twice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from exchange.records.check import Against, check
from exchange.records.store import OwnStore
from tests.support.sides import ODENSE, Sides

ROOT = Path(__file__).parents[3]


def following(sides: Sides, folder: Path, *options: str) -> subprocess.Popen[str]:
    """`hjemmel records follow` in a process of its own."""
    keys = folder / "keys"
    if not keys.exists():
        shutil.copytree(sides.broker.site.keys, keys)
    arguments = ["records", "follow", "--target", sides.broker.target, "--as", str(keys / "odense")]
    arguments += ["--store", str(folder / "own.db"), "--json", *options]
    command = [sys.executable, "-m", "exchange.cli.main", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=dict(os.environ))


def test_a_follower_that_is_killed_again_and_again_copies_all_of_it_once(
    sides: Sides, tmp_path: Path
) -> None:
    """Killed after every part that it kept, at whatever it does then, it comes to the same copy."""
    sides.grow(5000)
    kills = 0
    while True:
        with following(sides, tmp_path) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            process.kill()
            kills += 1
        if f'"end":{len(sides.leaves)},' in line:
            break
    with following(sides, tmp_path, "--once") as process:
        assert 0 == process.wait()
    with closing(OwnStore.open(f"sqlite:///{tmp_path / 'own.db'}")) as store:
        assert sides.of(ODENSE) == {own.index: own.leaf for own in store.each()}
        report = check(store, sides.broker.broker.log.reader.verifier, Against(), lambda _done, _all: None)
    assert ((), 5000) == (report.findings, report.copy.end)
    assert kills > 2
