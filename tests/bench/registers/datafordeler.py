"""Datafordeler: against the same query, posted by aiohttp and decoded, to the same simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import orjson

from adapters.kinds.datafordeler.adapter import Datafordeler
from adapters.kinds.datafordeler.joins import question_of
from adapters.port import AsOf, Connection
from adapters.registers import Registers
from tests.bench.registers.kind import ATTRIBUTES, DATASET, KEY, Kind
from tests.support.adapters import NOW
from tests.support.datafordeler import all_turned, simulator_process


@asynccontextmanager
async def opened(folder: Path, _registers: Registers) -> AsyncIterator[Kind]:
    """Serves BBR from a process of its own."""
    datasets = all_turned("bbr")
    dataset = next(d for d in datasets if d.name == DATASET)
    question = question_of(dataset, ATTRIBUTES, KEY)
    with simulator_process(["bbr", "--folder", str(folder)]) as ready:
        adapter = Datafordeler("bbr", datasets, Connection(ready["url"]))
        async with aiohttp.ClientSession() as session:

            async def raw(values: Sequence[str]) -> int:
                variables = question.variables(values, AsOf(NOW, NOW)) | {"first": len(values) + 1}
                body = orjson.dumps({"query": question.text, "variables": variables})
                headers = {"Content-Type": "application/json"}
                async with session.post(ready["url"], data=body, headers=headers) as answer:
                    return len(orjson.loads(await answer.read())["data"]["found"]["nodes"])

            try:
                yield Kind(dataset, adapter, raw, "the same HTTP call, bare")
            finally:
                await adapter.close()
