"""The host of all adapters bounds each register by itself; the rest is in the contract of adapters."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from adapters.catalogue import load_catalogue
from adapters.host.bounds import Bounds
from adapters.host.registers import GuardedRegisters
from adapters.port import Found, Lookup
from exchange.errors import Failed
from tests.support.adapters import Answering, lookup_of

VALUE = "7204861234"


class Counting(Answering):
    """An adapter that knows how many reads are under way at once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.gate = asyncio.Event()

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.gate.wait()
            return [Found(value, {}) for value in lookup.values]
        finally:
            self.now -= 1


def registers(adapter: Counting, slots: int = 3) -> GuardedRegisters:
    return GuardedRegisters(load_catalogue(), {"cpr.person": adapter}, usual=Bounds(10, slots))


async def ask(host: GuardedRegisters, timeout: float = 5, dataset: str = "cpr.person") -> object:
    answers = await host.fetch(lookup_of(dataset, ("status",), "personnummer", VALUE), timeout)
    return answers[VALUE]


async def test_reads_under_way_are_bounded() -> None:
    """Ten callers, three reads at a time; all are answered."""
    adapter = Counting()
    host = registers(adapter)
    asked = [asyncio.create_task(ask(host)) for _ in range(10)]
    await asyncio.sleep(0.01)
    assert 3 == adapter.now
    adapter.gate.set()
    assert [[{}]] * 10 == await asyncio.gather(*asked)
    assert 3 == adapter.most


async def test_waiting_for_a_turn_counts_as_waiting() -> None:
    """Who does not get a turn in time is told so, and leaves the queue."""
    adapter = Counting()
    host = registers(adapter, slots=1)
    first = asyncio.create_task(ask(host))
    await asyncio.sleep(0.01)
    with pytest.raises(Failed) as caught:
        await ask(host, timeout=0.05)
    assert "REGISTER_TIMEOUT" == caught.value.reasons[0].code
    adapter.gate.set()
    assert [{}] == await first
    assert [{}] == await ask(host)


async def test_read_that_was_given_up_gives_its_turn_back() -> None:
    """Time-outs do not use the register up."""
    adapter = Counting()
    host = registers(adapter, slots=2)
    for _ in range(6):
        with pytest.raises(Failed):
            await ask(host, timeout=0.01)
    adapter.gate.set()
    assert [{}] == await ask(host)
    assert 0 == adapter.now


async def test_dataset_without_an_adapter_is_unavailable() -> None:
    """A register that nobody configured does not answer."""
    with pytest.raises(Failed) as caught:
        await ask(registers(Counting()), dataset="bbr.enhed")
    assert "REGISTER_UNAVAILABLE" == caught.value.reasons[0].code
