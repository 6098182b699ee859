"""Registers asked in bulk: questions that many exchanges have at the same time become one look-up.

Each exchange goes its own way through the pipeline, and waits here for the others. Those that differ in
anything but the subject are asked apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from exchange.model.request import AsOf, Lookup, Mandate, Record
from exchange.ports import Registers

_Alike = tuple[str, tuple[str, ...], str, AsOf, bool]
_TURNS = 3  # of the event loop, in which others of the same batch come


class GatheringRegisters:
    """Implements `exchange.ports.Registers` over others."""

    def __init__(self, registers: Registers, mandate: Mandate) -> None:
        """Takes the registers, and the mandate under which all subjects are asked about."""
        self._registers = registers
        self._mandate = mandate
        self._waiting: dict[_Alike, _Gathered] = {}

    async def fetch(self, lookup: Lookup, timeout: float) -> Mapping[str, Sequence[Record]]:
        """See `exchange.ports.Registers`."""
        alike = (lookup.dataset.name, lookup.attributes, lookup.kind, lookup.as_of, lookup.current)
        gathered = self._waiting.get(alike)
        if gathered is None:
            answer = asyncio.ensure_future(self._ask(alike, lookup, timeout))
            gathered = self._waiting[alike] = _Gathered(answer)
        gathered.values.update(dict.fromkeys(lookup.values))
        answers = await asyncio.shield(gathered.answer)
        return {value: answers.get(value, ()) for value in lookup.values}

    async def _ask(self, alike: _Alike, lookup: Lookup, timeout: float) -> Mapping[str, Sequence[Record]]:
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        values = tuple(self._waiting.pop(alike).values)
        return await self._registers.fetch(replace(lookup, values=values, mandate=self._mandate), timeout)


class _Gathered:
    def __init__(self, answer: asyncio.Future[Mapping[str, Sequence[Record]]]) -> None:
        self.answer = answer
        self.values: dict[str, None] = {}
