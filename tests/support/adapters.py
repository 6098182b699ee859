"""Registers in the place of the real ones, put there through the ports."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from adapters.host import GuardedRegisters
from exchange.model.catalogue import Dataset
from exchange.model.request import AsOf, Found, Record, SubjectKey
from exchange.pipeline import Parts
from exchange.ports import RegisterAdapter, Registers

_PATIENCE = 10.0


class Through:
    """An adapter that asks the broker's own registers."""

    def __init__(self, registers: Registers) -> None:
        """Takes them."""
        self._registers = registers

    async def fetch(
        self, dataset: Dataset, attributes: Sequence[str], key: SubjectKey, as_of: AsOf
    ) -> Sequence[Found]:
        records = await self._registers.fetch(dataset.name, attributes, key, as_of, _PATIENCE)
        return [Found(key.value, record) for record in records]


def adapted(register: str, adapter: RegisterAdapter, max_records: int = 1000) -> Callable[[Parts], Parts]:
    """Puts an adapter in the place of one register's, behind the real host: `start(change=…)`."""

    def change(parts: Parts) -> Parts:
        names = {d.register for d in parts.catalogue.datasets.values()}
        adapters: dict[str, RegisterAdapter] = {n: Through(parts.registers) for n in names}
        hosted = GuardedRegisters(parts.catalogue, adapters | {register: adapter}, max_records, 16)
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

    async def fetch(
        self, dataset: str, attributes: Sequence[str], key: SubjectKey, as_of: AsOf, timeout: float
    ) -> Sequence[Record]:
        self.asked.append((dataset, tuple(attributes)))
        await self.before_reading()
        assert self._real is not None
        return await self._real.fetch(dataset, attributes, key, as_of, timeout)

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
