"""Brokers in processes of their own, whose standard error goes to a file."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.broker import BrokerProcess

_ROOT = Path(__file__).parents[2]
_EPHEMERAL = 32768  # Linux gives connections ports from here on


def serve(config: Path, errors: Path) -> BrokerProcess:
    """Starts `hjemmel serve` and waits until it answers.

    Raises:
        RuntimeError: it ended instead; the message holds what it said.
    """
    return _ready(_spawn(["-m", "exchange.cli.main", "serve", "--config", str(config)], errors), errors)


def serve_traced(config: Path, trace: Path, errors: Path) -> BrokerProcess:
    """Starts a traced broker and waits until it answers; see `serve`."""
    return _ready(_spawn_traced(config, trace, errors), errors)


def kill_while_starting(config: Path, trace: Path, errors: Path, after: float) -> None:
    """Starts a traced broker and kills it after a time (seconds), ready or not."""
    process = _spawn_traced(config, trace, errors)
    time.sleep(after)
    process.kill()
    process.communicate()


def free_port() -> int:
    """Finds a port that no connection is given while the broker is away."""
    while True:
        port = random.randrange(20_000, _EPHEMERAL)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port


def _spawn_traced(config: Path, trace: Path, errors: Path) -> subprocess.Popen[str]:
    return _spawn(["-m", "tests.faults.traced_broker", str(config), str(trace)], errors)


def _spawn(arguments: Sequence[str], errors: Path) -> subprocess.Popen[str]:
    with errors.open("a") as file:
        return subprocess.Popen(
            [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=file, text=True, cwd=_ROOT
        )


def _ready(process: subprocess.Popen[str], errors: Path) -> BrokerProcess:
    if process.stdout is None:
        raise AssertionError("standard output is a pipe")
    with process.stdout as output:
        line = output.readline()
    if not line:
        raise RuntimeError(f"the broker ended with {process.wait()}: {errors.read_text()[-2000:]}")
    ready = json.loads(line)
    probe = f"127.0.0.1:{ready['probe_port']}"
    return BrokerProcess(process, ready["address"], probe, ready["log_vkey"])
