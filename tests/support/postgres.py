"""A PostgreSQL server for tests, from Debian's package, on a free port of loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

_USER = "postgres"  # PostgreSQL refuses to run as root
_START_TIMEOUT = 60


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    binaries: Path
    data: Path
    port: int

    def fresh_database(self) -> str:
        """Makes a database and gives its SQLAlchemy URL."""
        name = f"hjemmel_{uuid.uuid4().hex}"
        arguments = ["-h", "127.0.0.1", "-p", str(self.port), "-U", _USER, name]
        _run(self.binaries / "createdb", *arguments)
        return f"postgresql+psycopg://{_USER}@127.0.0.1:{self.port}/{name}"

    def stop(self) -> None:
        """Ends the server at once, as a crash would."""
        _run(self.binaries / "pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")

    def kill(self) -> None:
        """Kills all processes of the server (SIGKILL), and returns when they are gone."""
        lock = self.data / "postmaster.pid"
        postmaster = int(lock.read_text().split()[0])
        processes = {postmaster, *_children(postmaster)}
        for process in (postmaster, *processes):  # first the one that would notice
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        while any(map(_lives, processes)):
            time.sleep(0.002)
        # Its processes may not have been reaped, and look alive to a new server that finds their locks.
        for file in (lock, *self.data.glob(".s.PGSQL.*.lock")):
            file.unlink(missing_ok=True)

    def lives(self) -> bool:
        """Whether there is a server, ready or not."""
        lock = self.data / "postmaster.pid"
        return lock.exists() and _lives(int(lock.read_text().split()[0]))

    def start(self) -> None:
        """Starts it, or starts it again on the same data."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.data}"
        log = str(self.data / "server.log")
        _run(
            self.binaries / "pg_ctl",
            *(
                "-D",
                str(self.data),
                "-l",
                log,
                "-w",
                "-t",
                str(_START_TIMEOUT),
                "-o",
                options,
                "start",
            ),
        )


@contextmanager
def server(where: Path | None = None) -> Iterator[Server]:
    """Makes a cluster in a temporary folder of its own and runs a server on it.

    Args:
        where: to make the folder in, where the disk matters.

    Raises:
        RuntimeError: PostgreSQL is not installed; the message says which package.
    """
    binaries = _binaries()
    with TemporaryDirectory(prefix="hjemmel-postgres-", dir=where, ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            Path(folder).chmod(0o755)  # the server's user must pass through
            owner = pwd.getpwnam(_USER)
            os.chown(data, owner.pw_uid, owner.pw_gid)
        create = ("-D", str(data), "-U", _USER, "-A", "trust", "--no-sync", "-E", "UTF8")
        _run(binaries / "initdb", *create)
        running = Server(binaries, data, free_port())
        running.start()
        try:
            yield running
        finally:
            for _ in range(3):  # a test may have left it stopped
                if not (data / "postmaster.pid").exists():
                    break
                running.stop()
                time.sleep(0.1)


def _binaries() -> Path:
    found = shutil.which("initdb")
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found:
        return Path(found).resolve().parent  # the others lie beside it, not beside a link to it
    if not candidates:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql")
    return candidates[0]


def _run(program: Path, *arguments: str) -> None:
    command = [str(program), *arguments]
    if os.geteuid() == 0:
        command = ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{program.name} failed: {done.stderr or done.stdout}")


def _children(parent: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(status.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(status.parent.name))
    return found


def _lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def free_port() -> int:
    """Gives a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
