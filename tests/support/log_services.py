"""Logs in other processes, or as good as: an owner served on this event loop, and desks to write at."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from audit.log import AuditLog
from audit.writing.waiting import Bounds
from exchange.config import Settings
from exchange.log_service.addresses import Identity
from exchange.log_service.client import RemoteLog, Way
from exchange.wiring.log_owner import Listening, LogOwner
from exchange.wiring.logs import log_settings, read_verifier
from tests.support.broker import Site

BOUNDS = Bounds(10_000, 64 << 20, 2.0)


def fingerprint(certificate: Path) -> str:
    """What `log_service.brokers` lists a certificate as."""
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    return f"sha256:{found.fingerprint(hashes.SHA256()).hex()}"


def socket_in(site: Site, name: str = "a") -> Path:
    """A place for a socket that nobody else gets at."""
    folder = site.folder / "run"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{name}.sock"


@asynccontextmanager
async def served(settings: Settings) -> AsyncIterator[Listening]:
    """Runs an owner, or one that stands by."""
    stop, listening = asyncio.Event(), asyncio.get_running_loop().create_future()
    task = asyncio.create_task(LogOwner(settings).run(stop, listening.set_result))
    try:
        await asyncio.wait([task, listening], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
        yield await listening
    finally:
        stop.set()
        await asyncio.wait([task])


def way(settings: Settings, *addresses: str, identity: str = "broker") -> Way:
    """How a broker of this configuration reaches the log."""
    keys = settings.log.signing_key.parent
    stem = keys / identity
    made = Identity(stem.with_suffix(".pem"), stem.with_suffix(".key"), keys / "ca.pem")
    return Way(addresses, made, read_verifier(settings).vkey, BOUNDS, 10, os.urandom(16))


@asynccontextmanager
async def attached(settings: Settings, how: Way, patience: float = 10) -> AsyncIterator[AuditLog]:
    """A log that is written at another process's desk."""
    desk = RemoteLog(how)
    await desk.start(patience)
    log = AuditLog.attach(log_settings(settings), desk, read_verifier(settings))
    try:
        yield log
    finally:
        log.close()
        await desk.stop()


def with_bounds(how: Way, bounds: Bounds) -> Way:
    """The same way, with other bounds."""
    return replace(how, bounds=bounds)
