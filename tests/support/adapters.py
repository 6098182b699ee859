"""Registers in the place of the real ones, put there through the ports."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from adapters.catalogue import load_catalogue
from adapters.host.bounds import Bounds
from adapters.host.registers import GuardedRegisters
from adapters.port import AsOf, Dataset, Found, Lookup, Mandate, Record, RegisterAdapter
from exchange.pipeline import Parts
from exchange.ports import Registers

_PATIENCE = 10.0


NOW = datetime(2026, 1, 1, tzinfo=UTC)
MANDATE = Mandate(
    "91000008", None, "test", "test.1", "test-agreement", "01890000-0000-7000-8000-000000000000"
)


def lookup_of(
    dataset: Dataset | str,
    attributes: Sequence[str],
    kind: str,
    *values: str,
    as_of: AsOf | None = None,
    current: bool = False,
) -> Lookup:
    """A question to an adapter; a dataset is named or given."""
    described = load_catalogue().datasets[dataset] if isinstance(dataset, str) else dataset
    moment = as_of or AsOf(NOW, NOW)
    return Lookup(described, tuple(attributes), kind, values, moment, MANDATE, current=current)


class Through:
    """An adapter that asks the broker's own registers."""

    most_subjects = 1000

    def __init__(self, registers: Registers) -> None:
        """Takes them."""
        self._registers = registers

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        answers = await self._registers.fetch(lookup, _PATIENCE)
        return [Found(value, record) for value, records in answers.items() for record in records]

    async def close(self) -> None:
        """The broker closes its own."""


class Answering:
    """An adapter of one subject a call; a test says what it answers.

    Its `fetch` is the only thing that a test writes: the rest of the port is here.
    """

    most_subjects = 1

    async def close(self) -> None:
        """Nothing is open."""


def adapted(register: str, adapter: RegisterAdapter, max_records: int = 1000) -> Callable[[Parts], Parts]:
    """Puts an adapter in the place of one register's, behind the real host: `start(change=…)`."""

    def change(parts: Parts) -> Parts:
        through = Through(parts.registers)
        adapters: dict[str, RegisterAdapter] = {
            name: adapter if d.register == register else through
            for name, d in parts.catalogue.datasets.items()
        }
        hosted = GuardedRegisters(parts.catalogue, adapters, usual=Bounds(max_records, failures=1_000_000))
        return replace(parts, registers=hosted)

    return change


class Watched:
    """The real registers, with a count of how often each dataset was asked for, and what for."""

    def __init__(self) -> None:
        """Counts from zero."""
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self._real: Registers | None = None

    def __call__(self, parts: Parts) -> Parts:
        """Stands in for the registers: `start(change=watched)`."""
        self._real = parts.registers
        return replace(parts, registers=self)

    async def fetch(self, lookup: Lookup, timeout: float) -> Mapping[str, Sequence[Record]]:
        self.asked.append((lookup.dataset.name, lookup.attributes))
        await self.before_reading()
        assert self._real is not None
        return await self._real.fetch(lookup, timeout)

    async def before_reading(self) -> None:
        """What a test has to do at the very moment a register is read."""


class Gated(Watched):
    """The real registers, answering when the test lets them."""

    def __init__(self) -> None:
        """Begins closed."""
        super().__init__()
        self.reached = threading.Event()
        self._gate = asyncio.Event()

    async def before_reading(self) -> None:
        self.reached.set()
        await self._gate.wait()

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Lets the registers answer."""
        loop.call_soon_threadsafe(self._gate.set)
