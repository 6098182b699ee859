"""Puts together what has the log's checkpoints stamped: one stamper an authority, each by itself."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from urllib.parse import urlsplit

from audit.log import AuditLog
from audit.timestamps import timestamp
from exchange.config import Settings


def follow(settings: Settings, log: AuditLog, stack: AsyncExitStack) -> None:
    """Begins to have checkpoints stamped, where authorities are configured.

    Raises:
        FormatError: the root certificates cannot be read.
    """
    configured = settings.timestamps
    if not configured.url:
        return
    from audit.timestamps.timestamping import HttpAuthority, Rhythm, Stamper  # noqa: PLC0415  # start-up time: aiohttp

    roots = timestamp.read_roots(configured.root_certificates)
    rhythm = Rhythm(configured.interval, configured.timeout)
    for url in dict.fromkeys(configured.url.split()):
        parts = urlsplit(url)
        authority = HttpAuthority(f"{parts.netloc}{parts.path}", url)
        stamper = Stamper(log.reader, log.timestamps, authority, roots, rhythm)
        stack.push_async_callback(_ended, asyncio.create_task(stamper.run()))


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
