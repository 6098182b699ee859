"""Verifiers that nobody here wrote: Go's checksum database checker, and Tessera's fsck."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.support.opa import tool

_ROOT = Path(__file__).parents[2]
_SOURCE = _ROOT / "tests" / "tools" / "verify"
_BINARY = _ROOT / ".build" / "bin" / "verify-receipt"


def go_verifier() -> Path:
    """Go's own, built where it is missing or older than its source.

    Raises:
        RuntimeError: Go is not installed.
    """
    newest = max(path.stat().st_mtime for path in _SOURCE.iterdir())
    if not _BINARY.exists() or _BINARY.stat().st_mtime < newest:
        go = shutil.which("go")
        if go is None:
            raise RuntimeError("go is missing: install Go 1.26 or later (https://go.dev/dl)")
        _BINARY.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([go, "build", "-o", str(_BINARY), "."], cwd=_SOURCE, check=True)
    return _BINARY


def accepts(verifier: Path, *arguments: str | Path) -> bool:
    """Whether Go's verifier accepts; a crash of it is neither."""
    command = [str(verifier), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode == 0


def fsck(place: Path | str, vkey: Path) -> str:
    """Runs Tessera's fsck over a folder or a URL; gives what it says against it, nothing where it holds.

    Of version 1.0.4 the last line counts, not the exit status: that is 0 whatever it finds. A worker
    that found something ends, and with none left it waits for ever; hence many. It takes a bundle for
    as long as it should be, so that a short one ends it with a panic: a rejection too.
    """
    url = f"file://{place}/" if isinstance(place, Path) else place
    command = [str(tool("fsck")), f"--storage_url={url}", f"--public_key={vkey}", "--ui=false", "--N=64"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60, text=True)
    holds = done.returncode == 0 and "Successfully fsck'd" in done.stderr
    return "" if holds else done.stderr or "ended without a word"
