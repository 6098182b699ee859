"""A broker that writes a line to a file before every register read: `CONFIG TRACE` as arguments.

The line is a digest of the subject, and durable before the register is asked. A read takes some
milliseconds, as one over a network would, so that a kill often falls into one.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import random
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import uvloop

from exchange import wiring
from exchange.config import Settings, load
from exchange.model.request import Lookup, Record
from exchange.pipeline import Parts
from exchange.ports import Registers
from exchange.sealed import subject_bytes

_SLOWEST = 0.006  # seconds


class TracedRegisters:
    """Implements `exchange.ports.Registers` over others, leaving a trace of each read."""

    def __init__(self, registers: Registers, trace: Path) -> None:
        """Takes what really reads, and the file."""
        self._registers = registers
        self._trace = os.open(trace, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def fetch(self, lookup: Lookup, timeout: float) -> Mapping[str, Sequence[Record]]:
        """See `exchange.ports.Registers`."""
        for value in lookup.values:
            subject = sha256(subject_bytes(lookup.kind, value)).hexdigest()
            os.write(self._trace, f"{subject}\n".encode())
        os.fsync(self._trace)
        await asyncio.sleep(random.uniform(0, _SLOWEST))
        return await self._registers.fetch(lookup, timeout)


async def _serve(settings: Settings, trace: Path) -> None:
    def traced(parts: Parts) -> Parts:
        return dataclasses.replace(parts, registers=TracedRegisters(parts.registers, trace))

    async with wiring.broker(settings, traced) as broker:
        port, probe = await broker.servers.start(
            settings.server.address, wiring.tls(settings), settings.server.probe_address or None
        )
        host = settings.server.address.rpartition(":")[0]
        vkey = broker.log.reader.verifier.vkey
        ready = {"address": f"{host}:{port}", "probe_port": probe, "log_vkey": vkey}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()  # until it is killed


if __name__ == "__main__":
    uvloop.run(_serve(load(Path(sys.argv[1])), Path(sys.argv[2])))
