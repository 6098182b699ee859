"""The load generator: ghz, in a process of its own on a core of its own."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FileDescriptor
from hjemmel.exchange.v1 import exchange_service_pb2

from tests.bench import machine
from tests.bench.processes import LOAD_CORE
from tests.support.opa import tool

_CALL = "hjemmel.exchange.v1.ExchangeService/Exchange"
_CONNECTIONS = 8  # an authority's backends; SO_REUSEPORT and load balancers spread connections
_TIMEOUT = 120  # seconds that a run may take


class BenchError(Exception):
    """The benchmark cannot be believed; the message says why."""


@dataclass(frozen=True, slots=True)
class Result:
    """One run.

    Attributes:
        calls: how many were made.
        rate: calls a second.
        p50: what half of the calls took at most, milliseconds.
        p99: what all but the slowest hundredth took at most, milliseconds.
        cost: processor time of the server for one call, microseconds.
        busy: the share of the time in which the server used its core.
    """

    calls: int
    rate: float
    p50: float
    p99: float
    cost: float
    busy: float


@dataclass(frozen=True, slots=True)
class Ghz:
    """Whom to call, as whom.

    Attributes:
        target: host and port.
        server: process id of the server.
    """

    target: str
    server: int
    protoset: Path
    ca: Path
    certificate: Path
    key: Path

    def saturate(self, messages: Path, calls: int, concurrency: int) -> Result:
        """Calls as fast as answers come, so many calls at a time; each message once.

        Raises:
            BenchError: a call did not end with OK.
        """
        connections = min(concurrency, _CONNECTIONS)
        return self._run(messages, calls, [f"--concurrency={concurrency}", f"--connections={connections}"])

    def pace(self, messages: Path, calls: int, rate: int) -> Result:
        """Calls at a rate, whether answers come or not; each message once.

        Raises:
            BenchError: a call did not end with OK.
        """
        return self._run(messages, calls, ["--async", f"--rps={rate}", f"--connections={_CONNECTIONS}"])

    def _run(self, messages: Path, calls: int, how: list[str]) -> Result:
        command = [
            *("taskset", "--cpu-list", str(LOAD_CORE), str(tool("ghz")), "--cpus=1"),
            *(f"--protoset={self.protoset}", f"--call={_CALL}", "--format=json"),
            *(f"--cacert={self.ca}", f"--cert={self.certificate}", f"--key={self.key}"),
            *(f"--binary-file={messages}", f"--total={calls}", *how, self.target),
        ]
        before = machine.cpu(self.server)
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_TIMEOUT)
        if done.returncode:
            raise BenchError(f"ghz failed: {done.stderr or done.stdout}")
        return _read(json.loads(done.stdout), calls, machine.cpu(self.server) - before)


def write_protoset(path: Path) -> None:
    """Writes the description of the API that ghz reads."""
    files: dict[str, FileDescriptor] = {}
    _collect(exchange_service_pb2.DESCRIPTOR, files)
    descriptors = descriptor_pb2.FileDescriptorSet()
    for file in files.values():
        file.CopyToProto(descriptors.file.add())
    path.write_bytes(descriptors.SerializeToString())


def _collect(file: FileDescriptor, files: dict[str, FileDescriptor]) -> None:
    for dependency in file.dependencies:
        _collect(dependency, files)
    files[file.name] = file


def _read(document: dict[str, Any], calls: int, used: float) -> Result:
    ends = document["statusCodeDistribution"]
    if ends != {"OK": calls}:
        raise BenchError(f"not every call was answered: {ends}, {document['errorDistribution']}")
    took = {d["percentage"]: d["latency"] / 1e6 for d in document["latencyDistribution"]}
    seconds = document["total"] / 1e9
    return Result(calls, document["rps"], took[50], took[99], used / calls * 1e6, used / seconds)
