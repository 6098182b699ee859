"""What OPA and Regal say of a policy folder, where they are installed.

The embedded engine needs neither. They know more: types by the schemas, style, what is never used.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from exchange.workbench.findings import Finding, Severity

_NAMES = ("opa", "regal")
_BUILT = Path(__file__).parents[2] / ".build" / "bin"  # by `make tools`, in a clone
_TIMEOUT = 300  # seconds
_SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING}


def find(name: str) -> Path | None:
    """Finds a tool on the path, or where `make tools` builds it."""
    on_path = shutil.which(name)
    if on_path:
        return Path(on_path)
    return _BUILT / name if (_BUILT / name).is_file() else None


def missing() -> tuple[str, ...]:
    """Which tools are not installed."""
    return tuple(name for name in _NAMES if find(name) is None)


def run(folder: Path, *, compiles: bool) -> Iterator[Finding]:
    """What the installed tools find; Regal only in what compiles, for it would repeat the rest."""
    opa, regal = find("opa"), find("regal")
    if opa:
        yield from _opa(opa, folder)
    if regal and compiles:
        yield from _regal(regal, folder)


def _opa(tool: Path, folder: Path) -> Iterator[Finding]:
    """What `opa check --strict` finds, with the types of the folder's schemas."""
    schemas = folder / "schemas"
    with_schemas = ["--schema", str(schemas)] if schemas.is_dir() else []
    done = _run([str(tool), "check", "--strict", "--format", "json", *with_schemas, str(folder)])
    if done.returncode == 0:
        return
    try:
        errors = json.loads(done.stderr or done.stdout)["errors"]
    except (ValueError, KeyError, TypeError):
        errors = [{"message": _first_line(done)}]
    for error in errors:
        location = error.get("location") or {}
        yield Finding(
            Severity.ERROR,
            "opa",
            _within(folder, location.get("file", "")),
            location.get("row", 0),
            error["message"],
            "correct it: OPA would not load the policy set",
        )


def _regal(tool: Path, folder: Path) -> Iterator[Finding]:
    """What Regal finds, by the folder's own configuration."""
    config = folder / ".regal" / "config.yaml"
    configured = ["--config-file", str(config)] if config.is_file() else []
    done = _run([str(tool), "lint", "--format", "json", *configured, str(folder)])
    try:
        violations = json.loads(done.stdout)["violations"]
    except (ValueError, KeyError, TypeError):
        message = _first_line(done)
        yield Finding(Severity.ERROR, "regal", "", 0, message, "run regal lint on the folder by hand")
        return
    for violation in violations or ():
        yield Finding(
            _SEVERITIES.get(violation["level"], Severity.ERROR),
            "regal",
            _within(folder, violation["location"].get("file", "")),
            violation["location"].get("row", 0),
            f"{violation['title']}: {violation['description']}",
            next((r["ref"] for r in violation.get("related_resources") or ()), "see Regal's rules"),
        )


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT)  # noqa: S603  # the tools by their path
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, -1, "", f"{Path(command[0]).name} did not run: {error}")


def _first_line(done: subprocess.CompletedProcess[str]) -> str:
    said = (done.stderr or done.stdout).strip()
    return said.partition("\n")[0] or f"ended with status {done.returncode} and said nothing"


def _within(folder: Path, file: str) -> str:
    path = Path(file)
    for base in (folder, folder.resolve()):
        if path.is_relative_to(base):
            return path.relative_to(base).as_posix()
    return file
