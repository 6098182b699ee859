"""The OPA server as the engine, through opa-python-client.

OPA holds the policies as a bundle whose revision is the set's own. Every answer states the revision
that made it; an answer of any other revision than the one archived here grants nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from opa_client.opa_async import AsyncOpaClient

from exchange.errors import Failed
from exchange.model.decision import Decision
from exchange.policy import answer
from exchange.policy.policy_set import DECISION, PolicySet

_PATH = DECISION.removeprefix("data.").replace(".", "/")


class OpaEngine:
    """Implements `exchange.ports.PolicyEngine` with an OPA server. Use as a context manager."""

    def __init__(self, url: str, policies: PolicySet, timeout: float) -> None:
        """Takes the server's URL, the set that it must hold, and how long an answer may take (seconds)."""
        parts = urlsplit(url)
        self._client = AsyncOpaClient(
            host=parts.hostname or "localhost",
            port=parts.port or 8181,
            ssl=parts.scheme == "https",
            retries=0,
            timeout=timeout,
        )
        self._policies = policies
        self._texts = policies.texts
        self._citations = answer.citations_of(policies.data)
        self._timeout = timeout

    async def __aenter__(self) -> Self:
        """Opens the connections."""
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes them."""
        await self._client.close_connection()

    @property
    def revision(self) -> str:
        """See `exchange.ports.PolicyEngine`."""
        return self._policies.revision

    async def decide(self, policy_input: Mapping[str, Any]) -> Decision:
        """See `exchange.ports.PolicyEngine`."""
        try:
            async with asyncio.timeout(self._timeout):
                document = await self._client.query_rule(
                    dict(policy_input), _PATH, query_params={"provenance": "true"}
                )
        except TimeoutError as error:
            raise Failed.because("POLICY_TIMEOUT") from error
        except (aiohttp.ClientError, ValueError, RecursionError) as error:
            raise Failed.because("POLICY_FAILED") from error
        if not isinstance(document, dict) or self.revision not in _revisions(document):
            raise Failed.because("POLICY_ANSWER_INVALID")
        asked = tuple(policy_input.get("attributes") or ())
        return answer.read(document.get("result"), asked, self.revision, self._texts, self._citations)


def _revisions(document: Mapping[str, Any]) -> set[str]:
    provenance = document.get("provenance")
    bundles = provenance.get("bundles") if isinstance(provenance, dict) else None
    if not isinstance(bundles, dict):
        return set()
    return {str(b.get("revision")) for b in bundles.values() if isinstance(b, dict)}
