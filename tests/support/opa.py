"""An OPA server for tests: the pinned one, built by `make tools`."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BUILT = Path(__file__).parents[2] / ".build" / "bin"
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


@contextmanager
def server(bundle: Path) -> Iterator[str]:
    """Runs an OPA server on a bundle file; gives its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [str(tool("opa")), "run", "--server", "--addr", address, "--disable-telemetry"]
    process = subprocess.Popen(
        [*command, "--log-level", "error", "--bundle", str(bundle)],
        env={**os.environ, "OPA_TELEMETRY": "false"},
    )
    try:
        _wait(f"http://{address}/health?bundles")
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(_START_TIMEOUT)


def _wait(url: str) -> None:
    end = time.monotonic() + _START_TIMEOUT
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"the OPA server did not answer at {url}")
