"""A disk without room: nothing is answered that cannot be recorded, and nothing is lost."""

from __future__ import annotations

import os
import random
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import pytest

from adapters.registers import Registers
from exchange.client import Client, Failed, Question, VerifiedReceipt
from tests.faults import checks
from tests.faults.load import is_granted, questions
from tests.faults.probe import becomes
from tests.faults.processes import serve
from tests.support.broker import BrokerProcess, Site

_SIZE = 32 << 20  # bytes
_SOME = 20
_MANY = 5_000  # more questions than a write-ahead log takes before it has to grow


class Disk(Protocol):
    """Where the log lies."""

    folder: Path

    def fill(self, broker: BrokerProcess) -> None:
        """Leaves no room."""

    def make_room(self, broker: BrokerProcess) -> None:
        """Gives the room back."""


class SmallFileSystem:
    """A file system in memory, filled by another file. Only root may mount one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, broker: BrokerProcess) -> None:
        """See `Disk`."""
        with suppress(OSError), (self.folder / "ballast").open("wb", buffering=0) as ballast:
            while True:  # until there is no room
                ballast.write(bytes(4096))

    def make_room(self, broker: BrokerProcess) -> None:
        """See `Disk`."""
        (self.folder / "ballast").unlink()


class LimitedProcess:
    """A limit on the size of the files that the broker writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, broker: BrokerProcess) -> None:
        """See `Disk`."""
        smallest = min(f.stat().st_size for f in self.folder.glob("*.db*"))
        self._limit(broker, smallest)

    def make_room(self, broker: BrokerProcess) -> None:
        """See `Disk`."""
        self._limit(broker, resource.RLIM_INFINITY)

    @staticmethod
    def _limit(broker: BrokerProcess, size: int) -> None:
        _, hard = resource.prlimit(broker.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(broker.process.pid, resource.RLIMIT_FSIZE, (size, hard))


@contextmanager
def _small_file_system(folder: Path) -> Iterator[Disk]:
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}", "hjemmel-test", str(folder)]
    subprocess.run(mount, check=True)
    try:
        yield SmallFileSystem(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(params=["file system", "process"] if os.geteuid() == 0 else ["process"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """A disk that can be filled: a small file system where that is allowed, and a limited process."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if request.param == "process":
        yield LimitedProcess(folder)
    else:
        with _small_file_system(folder) as mounted:
            yield mounted


def test_a_full_disk_refuses_and_loses_nothing(
    disk: Disk, keys: Path, register_folder: Path, generated: Registers, tmp_path: Path
) -> None:
    """While nothing can be written calls fail and health says so; with room again all works on."""
    site = Site(keys, register_folder, disk.folder)
    asking = (q for q in questions(generated, random.Random(1)) if is_granted(q))
    receipts: list[VerifiedReceipt] = []
    broker = serve(site.write_config(), tmp_path / "errors")
    try:
        credentials = site.credentials("udbetaling-danmark", tmp_path / "last-checkpoint")
        with Client(broker.target, credentials) as client:
            assert all(_is_answered(client, next(asking), receipts) for _ in range(_SOME))
            disk.fill(broker)
            assert not all(_is_answered(client, next(asking), receipts) for _ in range(_MANY))
            assert becomes(broker.probe, serving=False)
            for _ in range(_SOME):  # the log tries to start over all the while
                _is_answered(client, next(asking), receipts)
            disk.make_room(broker)
            assert becomes(broker.probe, serving=True)
            assert all(_is_answered(client, next(asking), receipts) for _ in range(_SOME))
    finally:
        broker.kill()
    serve(site.write_config(), tmp_path / "errors").terminate()
    with checks.at_rest(site.settings()) as log:
        checks.holds(log)
        checks.acknowledged_is_kept(log, receipts)
        checks.no_request_stands_twice(log)


def _is_answered(client: Client, question: Question, receipts: list[VerifiedReceipt]) -> bool:
    """Asks; the only other end is that the log is unavailable, which leaves no receipt."""
    try:
        receipts.append(client.exchange(question).receipt)
    except Failed as error:
        failed = error
    else:
        return True
    assert "LOG_UNAVAILABLE" == failed.code
    assert failed.receipt is None
    return False
