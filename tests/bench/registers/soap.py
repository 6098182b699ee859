"""SOAP: against the same bytes posted by aiohttp, and the answer's bytes read, to the same simulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp

from adapters.kinds.soap.adapter import SoapAdapter, message
from adapters.kinds.soap.entry import plan_of
from adapters.port import Connection
from adapters.registers import Registers
from tests.bench.registers.kind import Kind
from tests.support.adapters import MANDATE
from tests.support.datafordeler import simulator_process
from tests.support.services import catalogue_of

_KEY = "personnummer"
_ATTRIBUTES = ("maaned", "loenindkomst", "seNummer")
_NOBODY = "6101010000"  # in whose place others are put
_AT_ONCE = 16  # as many as the host lets


@asynccontextmanager
async def opened(folder: Path, _registers: Registers) -> AsyncIterator[Kind]:
    """Serves the income register from a process of its own; a person has up to 24 records."""
    [dataset] = catalogue_of("soap", "eindkomst").datasets.values()
    mandate = replace(MANDATE, legal_basis="bsl.8")
    with simulator_process(["eindkomst", "--folder", str(folder)]) as ready:
        options = {**ready["options"], f"service_agreement.{mandate.agreement}": "an-id"}
        connection = Connection(ready["url"], options)
        adapter = SoapAdapter([dataset], connection)
        plan = plan_of(dataset, connection, {})
        ask = plan.asks[_KEY]
        turns = asyncio.Semaphore(_AT_ONCE)
        async with aiohttp.ClientSession() as session:

            async def one(value: str) -> int:
                body = written.replace(_NOBODY.encode(), value.encode())
                async with turns, session.post(ready["url"], data=body, headers=ask.operation.http) as answer:
                    return int(b"Felt>" in await answer.read())

            async def raw(values: Sequence[str]) -> int:
                return sum(await asyncio.gather(*(one(value) for value in values)))

            kind = Kind(dataset, adapter, raw, "the same bytes, sent and read", _KEY, _ATTRIBUTES, mandate)
            written = message(plan, ask, kind.lookup([_NOBODY]))
            try:
                yield kind
            finally:
                await adapter.close()
