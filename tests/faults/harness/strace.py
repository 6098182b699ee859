"""Holding on to a thread with strace: to count its system calls, to break one, or to write all down."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.faults.harness.fault import TOLD, Fault

#: The system calls on which the write path stands, and by which faults each of them is hit.
FILE_CALLS: dict[str, tuple[str, ...]] = {
    "pwrite64": ("EIO", "ENOSPC", "KILL", "EIO+", "ENOSPC+", "EIOx4", "SHORT"),
    "write": ("EIO", "ENOSPC", "KILL", "ENOSPC+"),
    "fdatasync": ("EIO", "KILL", "EIO+", "EIOx4"),
    "fsync": ("EIO", "KILL", "EIO+"),
    "ftruncate": ("EIO", "KILL"),
    "openat": ("EIO", "ENOSPC", "EMFILE", "KILL"),
    "unlink": ("EIO", "KILL"),
    "unlinkat": ("EIO", "KILL"),
    "rename": ("EIO", "ENOSPC", "KILL"),
    "mkdir": ("ENOSPC", "KILL"),
    "rmdir": ("EIO", "KILL"),
    "mmap": ("ENOMEM", "KILL"),
    "fcntl": ("KILL",),
    "pread64": ("EIO", "KILL"),
    "newfstatat": ("EIO", "KILL"),
    "flock": ("EIO", "KILL"),
}
SOCKET_CALLS: dict[str, tuple[str, ...]] = {
    "sendto": ("KILL",),  # where sending fails the line is cut, and libpq waits for what it still has to say
    "recvfrom": ("ECONNRESET", "KILL", "ECONNRESET+"),
    "connect": ("ECONNREFUSED", "KILL", "ETIMEDOUTx4"),
}
TOLD_CALLS = (TOLD,)
_CALL = re.compile(r"^(\d+ +)?([a-z0-9_]+)\(")


@dataclass(frozen=True, slots=True)
class Tracer:
    """A strace that holds on to a thread.

    Attributes:
        process: itself.
        output: what it writes.
    """

    process: subprocess.Popen[str]
    output: Path

    def let_go(self) -> None:
        """Ends it; the thread goes on."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.communicate(timeout=10)

    def injected(self) -> bool:
        """Whether a call was made to fail."""
        return "(INJECTED)" in self.output.read_text(errors="replace")

    def counts(self) -> Counter[str]:
        """How often each call was made; where there are several threads, by the one that made most."""
        found = (_CALL.match(line) for line in self.output.read_text(errors="replace").splitlines())
        by_thread = Counter((match[2], match[1]) for match in found if match)
        most: Counter[str] = Counter()
        for (call, _), number in by_thread.items():
            most[call] = max(most[call], number)
        return most


def hold(
    thread: int,
    output: Path,
    calls: Sequence[str],
    paths: Sequence[Path],
    fault: Fault | None = None,
    options: Sequence[str] = (),
) -> Tracer:
    """Holds on to a thread that waits; returns when it is held.

    Args:
        thread: its id.
        output: a file to write to.
        calls: those to look at.
        paths: looks at calls on these files only, where any are given.
        fault: breaks a call.
        options: more of strace's.
    """
    command = ["strace", "-p", str(thread), "-o", str(output), "-e", f"trace={','.join(calls)}"]
    command += ["-e", "signal=KILL", *(part for path in paths for part in ("-P", str(path)))]
    command += ["-e", fault.injection] if fault else []
    process = subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True)
    if process.stderr is None:
        raise AssertionError("standard error is a pipe")
    line = process.stderr.readline()
    while line and " attached" not in line:  # a path is resolved, it says before
        line = process.stderr.readline()
    if not line:
        raise RuntimeError(f"strace ended with {process.wait()}")
    return Tracer(process, output)


@contextmanager
def holding(*arguments: object, **options: object) -> Iterator[Tracer]:
    """Holds on for as long as the context lasts; see `hold`."""
    tracer = hold(*arguments, **options)  # type: ignore[arg-type]
    try:
        yield tracer
    finally:
        tracer.let_go()
