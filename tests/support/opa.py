"""An OPA server for tests: the pinned one, built by `make tools`."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

_BUILT = Path(__file__).parents[2] / ".build" / "bin"
_DEPLOYED = Path(__file__).parents[2] / "deploy" / "opa.yaml"
_START_TIMEOUT = 30


def tool(name: str) -> Path:
    """Finds a tool that `make tools` builds, or one on the path.

    Raises:
        RuntimeError: there is none; the message says what to run.
    """
    if (_BUILT / name).exists():
        return _BUILT / name
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is not there: run make tools (it needs Go)")
    return Path(found)


class OpaProcess:
    """An OPA server that can be stopped and started again, always at the same address."""

    def __init__(self, *arguments: str, log: Path | None = None) -> None:
        """Takes what `opa run --server` is told, and where it logs; it is not started yet."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{probe.getsockname()[1]}"
        self._arguments = ("--addr", self.address, "--skip-version-check", "--log-level", "error", *arguments)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.address}"

    @property
    def said(self) -> str:
        """What it logged."""
        return self._log.read_text("utf-8") if self._log else ""

    def start(self, *, holding: bool = True) -> None:
        """Starts it and waits until it answers; unless told otherwise, until it holds its bundle."""
        command = [str(tool("opa")), "run", "--server", *self._arguments]
        with self._log.open("ab") if self._log else nullcontext() as log:
            self._process = subprocess.Popen(command, stderr=log)
        _wait(f"{self.url}/health" + ("?bundles" if holding else ""))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Ends it, by default in order; does nothing where it has ended."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(_START_TIMEOUT)
            self._process = None


@contextmanager
def server(bundle: Path) -> Iterator[str]:
    """Runs an OPA server on a bundle file; gives its URL."""
    process = OpaProcess("--bundle", str(bundle))
    try:
        process.start()
        yield process.url
    finally:
        process.stop()


@contextmanager
def beside(broker: str, public_key: Path, log: Path) -> Iterator[OpaProcess]:
    """An OPA server as it is deployed, which fetches its bundle at a URL; it is not started yet."""
    process = OpaProcess(
        *("--config-file", str(_DEPLOYED), "--set", f"services.broker.url={broker}"),
        *("--set-file", f"keys.policy-1.key={public_key}"),
        log=log,
    )
    try:
        yield process
    finally:
        process.stop()


def _wait(url: str) -> None:
    end = time.monotonic() + _START_TIMEOUT
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the OPA server did not answer at {url}")
