"""What the benchmark ran on, and what processes there cost."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = ("grpcio", "uvloop", "sqlalchemy", "cryptography", "protobuf", "celine-regorus")
_TICKS = os.sysconf("SC_CLK_TCK")


def description() -> dict[str, str]:
    """Describes the machine, the libraries, and how busy the machine is with other things."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return {
        "processor": f"{cpu}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "libraries": ", ".join(f"{name} {version(name)}" for name in _LIBRARIES),
        "commit": commit.stdout.strip(),
        "load before": f"{os.getloadavg()[0]:.2f} runnable",
    }


def cpu(process: int) -> float:
    """Gives the processor time (seconds) that a process has used."""
    return _used(Path(f"/proc/{process}/stat"))


def cpu_by_thread(process: int) -> dict[str, float]:
    """Gives the processor time (seconds) that each thread of a process has used, by thread id."""
    return {t.name: _used(t / "stat") for t in Path(f"/proc/{process}/task").iterdir()}


def _used(stat: Path) -> float:
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS  # user, system
