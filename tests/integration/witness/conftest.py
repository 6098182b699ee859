"""A witness that lies, and a log with our client for witnesses."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.formats import note
from audit.formats.cosignature import CosignatureSigner, CosignatureVerifier
from audit.formats.tlog_policy import Policy
from audit.log import AuditLog
from audit.witness.witness_protocol import AddCheckpoint, parse_request
from audit.witness.witnessing import Witness, Witnessing, WitnessingSettings
from tests.integration.audit.conftest import (  # noqa: F401  # fixtures
    log_site,
    postgres_pair,
    postgres_site,
    sqlite_site,
)


@dataclass
class Scripted:
    """A witness that answers what a test wants, and remembers what it was asked."""

    answer: Callable[[AddCheckpoint], web.Response] | None = None
    signer: CosignatureSigner = field(
        default_factory=lambda: CosignatureSigner("scripted.example/w", Ed25519PrivateKey.generate())
    )
    asked: list[AddCheckpoint] = field(default_factory=list)
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)
    hang: asyncio.Event | None = None

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Witness]:
        """Runs it; gives it as the log's configuration names it."""
        app = web.Application(client_max_size=1 << 20)
        app.router.add_post("/add-checkpoint", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield Witness(f"http://127.0.0.1:{runner.addresses[0][1]}", self.signer.verifier)
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        asked = parse_request(await request.read())
        self.asked.append(asked)
        self.was_asked.set()
        if self.hang is not None:
            await self.hang.wait()
        return self.answer(asked) if self.answer else self.cosign(asked)

    def cosign(self, asked: AddCheckpoint, text: str | None = None, ahead: int = 0) -> web.Response:
        """Answers as a witness does; over another text or in the future where told so."""
        line = self.signer.sign(text or note.parse(asked.signed).text, int(time.time()) + ahead)
        return web.Response(text=line.line)


def watching(
    log: AuditLog, *witnesses: Witness, policy: Policy | None = None, interval: float = 0.001
) -> Witnessing:
    """Our client for witnesses on a log, its rounds called by the test."""
    return Witnessing(log.engine, log.reader, WitnessingSettings(witnesses, policy, interval, timeout=2))


def witness_at(url: str, vkey_file: Path) -> Witness:
    """A witness of ours as the log's configuration names it."""
    return Witness(url, CosignatureVerifier.parse(vkey_file.read_text("utf-8")))
