"""Servers in processes of their own, each bound to a core."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SERVER_CORE, LOAD_CORE = 0, 1
_ROOT = Path(__file__).parents[2]
# A developer's setting that makes regorus record a stack, in some milliseconds, for every error it meets.
_ENVIRONMENT = {**os.environ, "RUST_BACKTRACE": "0"}
_END = 30  # seconds


@contextmanager
def server(module: str, arguments: Sequence[str], errors: Path) -> Iterator[dict[str, Any]]:
    """Runs a Python module that prints one JSON line when it is ready; yields what it printed.

    Raises:
        RuntimeError: it ended instead; the message holds what it said.
    """
    command = ["taskset", "--cpu-list", str(SERVER_CORE), sys.executable, "-m", module, *arguments]
    with errors.open("a") as file:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=file, text=True, cwd=_ROOT, env=_ENVIRONMENT
        )
    if process.stdout is None:
        raise AssertionError("standard output is a pipe")
    with process.stdout as output:
        line = output.readline()
    if not line:
        raise RuntimeError(f"{module} ended with {process.wait()}: {errors.read_text()[-2000:]}")
    try:
        yield {**json.loads(line), "pid": process.pid}
    finally:
        process.terminate()
        process.wait(_END)
