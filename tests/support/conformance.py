"""OPA's own test cases, run on the embedded engine in a process that may crash or hang."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_PATIENCE = 10  # seconds for one case
_GO = Path(__file__).parents[1] / "tools" / "opa"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Outcome:
    """How one case ended: agrees, refused, fails, differs, panicked or hung."""

    note: str
    word: str
    detail: str
    called: frozenset[str]


def cases() -> list[dict[str, Any]]:
    """The cases of the OPA that the tests are pinned to, from its Go module."""
    command = ["go", "list", "-m", "-f", "{{.Dir}}", "github.com/open-policy-agent/opa"]
    done = subprocess.run(command, cwd=_GO, capture_output=True, text=True, check=True)
    folder = Path(done.stdout.strip()) / "v1" / "test" / "cases" / "testdata" / "v1"
    found = []
    for path in sorted(folder.rglob("*.yaml")):
        found += yaml.load(path.read_text("utf-8"), _LOADER)["cases"]  # a safe one
    return found


def run(*, unchecked: bool) -> list[Outcome]:
    """Runs every case; `unchecked` leaves the list of allowed built-ins out."""
    return list(_outcomes(cases(), unchecked=unchecked))


def _outcomes(found: list[dict[str, Any]], *, unchecked: bool) -> Iterator[Outcome]:
    worker = _start()
    for case in found:
        if "input_term" in case or not case.get("modules"):
            continue  # an input that is no JSON; a question without a policy
        assert worker.stdin
        assert worker.stdout
        question = {"unchecked": unchecked, **case}
        worker.stdin.write(json.dumps(question, default=str) + "\n")
        worker.stdin.flush()
        ready, _, _ = select.select([worker.stdout], [], [], _PATIENCE)
        line = worker.stdout.readline() if ready else ""
        if line:
            said = json.loads(line)
            yield Outcome(case["note"], said["word"], said["detail"], frozenset(said["called"]))
            continue
        yield Outcome(case["note"], "panicked" if ready else "hung", "", frozenset())
        _stop(worker)
        worker = _start()
    _stop(worker)


def _stop(worker: subprocess.Popen[str]) -> None:
    worker.kill()
    worker.communicate()  # closes the pipes, too


def _start() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.conformance_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "RUST_BACKTRACE": "0", "PYTHONPATH": str(Path(__file__).parents[2])},
    )
