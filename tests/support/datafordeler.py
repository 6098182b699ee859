"""Registers of Datafordeler's for tests: datasets turned over to that kind, simulators, published schemas."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from adapters.catalogue import load_catalogue
from adapters.host.bounds import Bounds
from adapters.host.registers import GuardedRegisters
from adapters.kinds.datafordeler.adapter import Datafordeler
from adapters.port import Catalogue, Connection, Dataset, Lookup, Source
from adapters.simulators.datafordeler.schema import type_of
from adapters.simulators.datafordeler.site import Doors, Simulator, simulator
from adapters.simulators.faults import Faults
from adapters.simulators.serving import serving
from exchange.errors import Failed

REAL = os.environ.get("HJEMMEL_REAL_DATA")
HJEMMEL = (sys.executable, "-m", "exchange.cli.main")
SCHEMAS = ("BBR", "CVR", "DAR", "MAT")
needs_schemas = pytest.mark.skipif(not REAL, reason="HJEMMEL_REAL_DATA is not set")


def published(register: str) -> Path:
    """The schema that Datafordeler publishes for a register."""
    assert REAL
    return Path(REAL) / "datafordeler-graphql" / f"{register}_V001.schema.graphql"


def turned(dataset: Dataset, **options: Any) -> Dataset:
    """A dataset of the catalogue as if Datafordeler had it."""
    identity = ["id_lokalId"] if "id_lokalId" in dataset.attribute_names else []
    said = {"type": type_of(dataset), "identity": identity, **options}
    return replace(dataset, source=Source("datafordeler", said, "test"))


def all_turned(register: str) -> list[Dataset]:
    """Every dataset of a register, turned over."""
    return [turned(d) for d in load_catalogue().datasets.values() if d.register == register]


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulator that answers in this process, and an adapter that asks it."""

    url: str
    control: str
    faults: Faults
    simulator: Simulator
    adapter: Datafordeler

    def hosted(self, datasets: Iterable[Dataset], **bounds: Any) -> GuardedRegisters:
        """The adapter behind its host."""
        catalogue = Catalogue.of(tuple(datasets))
        usual = Bounds(**{"attempts": 1, "failures": 1000, **bounds})
        return GuardedRegisters(catalogue, dict.fromkeys(catalogue.datasets, self.adapter), usual=usual)


@asynccontextmanager
async def simulated(
    register: str,
    datasets: list[Dataset],
    folder: Path,
    *,
    schema: str = "",
    doors: Doors | None = None,
    options: dict[str, str] | None = None,
    secrets: dict[str, Path] | None = None,
    max_records: int = 1000,
) -> AsyncIterator[Simulated]:
    """Serves a register, and opens an adapter on it."""
    faults = Faults()
    made = simulator(register, datasets, folder, faults, schema, doors)
    async with serving(made.application(), faults) as served:
        url = served.url + made.path
        given = {name: value.replace("{url}", served.url) for name, value in (options or {}).items()}
        connection = Connection(url, given, secrets or {}, max_records=max_records)
        adapter = Datafordeler(register, datasets, connection)
        try:
            yield Simulated(url, served.control, faults, made, adapter)
        finally:
            await adapter.close()


async def failure(registers: GuardedRegisters, lookup: Lookup, timeout: float = 10) -> tuple[str, str]:
    """The code that a look-up fails with, and what it is about."""
    with pytest.raises(Failed) as caught:
        await registers.fetch(lookup, timeout)
    reason = caught.value.reasons[0]
    return reason.code, reason.text_en.rpartition("(")[2].rstrip(")")


@contextmanager
def simulator_process(arguments: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Runs `hjemmel register simulate` in a process of its own; yields what it prints when it is ready.

    Raises:
        RuntimeError: it ended instead.
    """
    command = [*HJEMMEL, "register", "simulate", *arguments, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        while not said.endswith("\n}\n"):
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("the simulator ended")
            said += line
        try:
            yield json.loads(said)
        finally:
            process.terminate()
            process.wait(20)
