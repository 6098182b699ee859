"""Where OPA servers fetch the policies in force: one signed bundle, over HTTP.

What travels is public and signed, so that it needs no secrecy, and a client that asks for nothing else
needs no certificate. OPA asks again as soon as it was answered, and is answered when there is something
new (OPA documentation, "HTTP Long Polling"): a revision is at every OPA a moment after it was published.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress

from aiohttp import web

from audit.http_server import HttpServer
from exchange.policy.bundle import BundleSigner, pack
from exchange.policy.revisions import Published

PATH = "/bundles/hjemmel.tar.gz"
#: By this type OPA knows that it may ask with `Prefer: wait=N`.
_CONTENT_TYPE = "application/vnd.openpolicyagent.bundles"
_WAIT = re.compile(r"(?:^|[;,\s])wait=(\d{1,4})(?:$|[;,\s])")
_LONGEST_WAIT = 60  # seconds
_LAST_WORDS = 0.5  # seconds that answers under way get when the server stops


class BundleServer(HttpServer):
    """Serves the bundle of the policies in force. Use as a context manager."""

    def __init__(self, published: Published, signer: BundleSigner, address: str) -> None:
        """Takes what is in force, who signs it, and the host and port to listen on."""
        self._published = published
        self._signer = signer
        self._packed = ("", b"")
        app = web.Application()
        app.router.add_get(PATH, self._bundle)
        super().__init__(app, address, last_words=_LAST_WORDS, cancels=True)

    async def _bundle(self, request: web.Request) -> web.Response:
        known = {tag.value for tag in request.if_none_match or () if not tag.is_weak}
        if self._published.active.revision in known:
            await self._news(self._published.active.revision, _wait(request))
        revision, bundle = self._signed()
        headers = {"ETag": f'"{revision}"'}
        if revision in known:
            return web.Response(status=304, headers=headers)
        return web.Response(body=bundle, content_type=_CONTENT_TYPE, headers=headers)

    async def _news(self, known: str, wait: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._published.changed(known)

    def _signed(self) -> tuple[str, bytes]:
        policies = self._published.active
        if self._packed[0] != policies.revision:
            self._packed = (policies.revision, pack(policies, self._signer))
        return self._packed


def _wait(request: web.Request) -> float:
    wanted = _WAIT.search(request.headers.get("Prefer", ""))
    return min(int(wanted[1]), _LONGEST_WAIT) if wanted else 0
