"""Outside programs, built from their pinned Go modules into `.build/bin`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILT = ROOT / ".build" / "bin"


def own(name: str) -> Path:
    """Gives the program whose source is `tests/tools/<name>`, built where it is missing or older.

    Raises:
        RuntimeError: Go is not installed.
    """
    source, binary = ROOT / "tests" / "tools" / name, BUILT / name
    newest = max(path.stat().st_mtime for path in source.iterdir())
    if not binary.exists() or binary.stat().st_mtime < newest:
        go = shutil.which("go")
        if go is None:
            raise RuntimeError("go is missing: install Go 1.26 or later (https://go.dev/dl)")
        BUILT.mkdir(parents=True, exist_ok=True)
        subprocess.run([go, "build", "-o", str(binary), "."], cwd=source, check=True)
    return binary


def foreign(name: str) -> Path:
    """Gives a program that `make tools` builds.

    Raises:
        RuntimeError: it was not built.
    """
    if not (BUILT / name).exists():
        raise RuntimeError(f"{name} is not there: run make tools")
    return BUILT / name
