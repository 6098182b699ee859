"""An erasure is finished, whenever the process that carries it out is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.logs import LogSite

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_killed_at_every_step_it_is_finished_by_the_next_owner(log_site: LogSite) -> None:
    """At each statement and commit: the log holds meanwhile, and then exactly what was asked is gone."""
    command = [sys.executable, "-m", "tests.support.killed_eraser"]
    arguments = [str(log_site.folder), log_site.url, log_site.keys_url]
    done = subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    steps = [json.loads(line) for line in done.stdout.splitlines()]
    assert [True] * (len(steps) - 1) + [False] == [s["killed"] for s in steps]
    assert len(steps) > 40
    for step in steps:
        number = step["step"]
        assert ([], []) == (step["before"]["findings"], step["after"]["findings"])
        assert (2, [True]) == (step["covered"], step["holds"])
        after = step["after"]
        assert (2 * number, 2 * number, 4 * number, 0) == (
            after["erased"],
            after["sealed"],
            after["entries"],
            after["open"],
        )
    assert {0, 1} == {s["before"]["open"] for s in steps}
