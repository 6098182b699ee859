"""Registers reached as services: simulators in a thread of their own, and adapters behind the real host."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web

from adapters.catalogue import load_catalogue
from adapters.host.bounds import Bounds
from adapters.host.registers import GuardedRegisters
from adapters.kinds import open_adapters
from adapters.port import Catalogue, Connection, Dataset, Lookup, Record, Source
from adapters.simulators import SIMULATORS, Simulated, entries
from adapters.simulators.faults import Faults
from adapters.simulators.serving import LOOPBACK, serving
from exchange.errors import Failed

QUICK = Bounds(attempts=1, failures=1_000_000)


@contextmanager
def kept_open(make: Callable[[], AbstractAsyncContextManager[str]]) -> Iterator[str]:
    """Keeps a server open on a loop and a thread of its own; gives its address."""
    ready: list[str] = []
    started, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        async with make() as address:
            ready.append(address)
            started.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    try:
        assert started.wait(10)
        yield ready[0]
    finally:
        stop.set()
        thread.join(10)


@contextmanager
def in_a_thread(app: Callable[[], web.Application], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serves an application; gives its URL."""

    @asynccontextmanager
    async def served() -> AsyncIterator[str]:
        async with serving(app(), Faults(), LOOPBACK, tls=tls) as made:
            yield made.url

    with kept_open(served) as url:
        yield url


def simulator_of(kind: str, register: str, folder: Path, faults: Faults) -> Simulated:
    """A register as the entry that comes with its simulator describes it."""
    module, _, name = SIMULATORS[kind].partition(":")
    datasets = list(catalogue_of(kind, register).datasets.values())
    made: Simulated = getattr(import_module(module), name)(register, datasets, folder, faults)
    return made


@contextmanager
def simulating(kind: str, register: str, folder: Path, faults: Faults) -> Iterator[Connection]:
    """Serves such a register in a thread of its own; gives a connection to it."""
    made = simulator_of(kind, register, folder, faults)
    with in_a_thread(made.application) as url:
        yield Connection(url + made.path, made.options)


@dataclass(slots=True)
class Script:
    """A server that answers as a test says, call by call; the last answer is repeated.

    Attributes:
        answers: what it does with each call.
        asked: the calls: path with query, headers, body.
    """

    answers: list[Callable[[web.Request], web.StreamResponse]]
    asked: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)

    def app(self) -> web.Application:
        """The application."""
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.raw_path, dict(request.headers), await request.read()))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(request)


def saying(
    document: Any = None, status: int = 200, body: bytes | None = None, **headers: str
) -> Callable[[web.Request], web.StreamResponse]:
    """An answer: a document as JSON, or bytes."""
    content = orjson.dumps(document) if body is None else body
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: web.Response(
        status=status, body=content, headers={"Content-Type": "application/json", **told}
    )


def catalogue_of(kind: str, register: str) -> Catalogue:
    """The catalogue entry of a register as its simulator serves it."""
    datasets = load_catalogue(own=entries(kind)).datasets.values()
    return Catalogue.of(tuple(d for d in datasets if d.register == register))


def with_source(dataset: Dataset, kind: str, **options: Any) -> Dataset:
    """A dataset that is read in another way."""
    return replace(dataset, source=Source(kind, options, "a test"))


def hosted(catalogue: Catalogue, connection: Connection, bounds: Bounds = QUICK) -> GuardedRegisters:
    """The adapters of a catalogue behind the real host."""
    return GuardedRegisters(catalogue, open_adapters(catalogue, lambda _: connection), usual=bounds)


async def answer(
    catalogue: Catalogue, connection: Connection, lookup: Lookup, timeout: float = 10, bounds: Bounds = QUICK
) -> Mapping[str, Sequence[Record]]:
    """Asks one question of a register, through the host."""
    registers = hosted(catalogue, connection, bounds)
    try:
        return await registers.fetch(lookup, timeout)
    finally:
        await registers.close()


async def failure(
    catalogue: Catalogue, connection: Connection, lookup: Lookup, timeout: float = 10, bounds: Bounds = QUICK
) -> tuple[str, str]:
    """Asks what must fail; gives the reason code and what it is about."""
    with pytest.raises(Failed) as caught:
        await answer(catalogue, connection, lookup, timeout, bounds)
    [reason] = caught.value.reasons
    return reason.code, reason.text_en.rpartition("(")[2].rstrip(")")


def in_any_order(answers: Mapping[str, Sequence[Record]]) -> Mapping[str, Sequence[str]]:
    """Answers whose records may come in any order, to be compared."""
    return {value: sorted(repr(sorted(r.items())) for r in records) for value, records in answers.items()}
