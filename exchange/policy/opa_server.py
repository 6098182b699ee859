"""Asking an OPA server, through opa-python-client. What goes wrong there is translated here, once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
from opa_client.opa_async import AsyncOpaClient

_DECISIONS = "batch/decisions"
_DEFAULT_PORT = 8181


class Fault(Enum):
    """Why there is no decision: the reason code, and what an operator is told."""

    TIMEOUT = ("POLICY_TIMEOUT", "the OPA server does not answer in time")
    UNREACHABLE = ("POLICY_FAILED", "the OPA server cannot be reached")
    EMPTY = ("POLICY_FAILED", "the OPA server holds no policies yet")
    ERROR = ("POLICY_FAILED", "the OPA server answers with an error")
    MALFORMED = ("POLICY_ANSWER_INVALID", "the OPA server answers what is no decision")
    REVISION = ("POLICY_ANSWER_INVALID", "the OPA server decides by a revision that may not decide here")

    @property
    def code(self) -> str:
        """The reason code of a decision that failed for it."""
        return self.value[0]

    @property
    def text(self) -> str:
        """What an operator is told."""
        return self.value[1]


class Unanswered(Exception):
    """The server gave no decisions."""

    def __init__(self, fault: Fault) -> None:
        """Takes what went wrong."""
        super().__init__(fault.text)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Answered:
    """What the server decided, unchecked but for its outer shape, and by which revision."""

    revision: str
    decisions: Sequence[Any]


class OpaServer:
    """One OPA server. Use as a context manager."""

    def __init__(self, url: str, timeout: float) -> None:
        """Takes the server's URL and how long an answer may take (seconds)."""
        parts = urlsplit(url)
        # Its pool keeps up to 100 connections for 15 s each, more than there are ever calls under way.
        # It repeats nothing: it would wait before, longer than most decisions may take.
        self._client = AsyncOpaClient(
            host=parts.hostname or "localhost",
            port=parts.port or _DEFAULT_PORT,
            ssl=parts.scheme == "https",
            retries=0,
            timeout=timeout,
        )
        self._timeout = timeout

    async def __aenter__(self) -> Self:
        """Opens the pool of connections."""
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes them."""
        await self._client.close_connection()

    async def decide(self, inputs: Sequence[Mapping[str, Any]]) -> Answered:
        """Has a decision made on each input.

        Raises:
            Unanswered: whatever went wrong.
        """
        try:
            async with asyncio.timeout(self._timeout):
                try:
                    document = await self._query(inputs)
                except aiohttp.ClientConnectorError:
                    raise
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                    # A kept connection that the server closed, as one that restarts does. Deciding
                    # changes nothing, so that asking again does no harm.
                    document = await self._query(inputs)
        except TimeoutError as error:
            raise Unanswered(Fault.TIMEOUT) from error
        except aiohttp.ClientResponseError as error:
            raise Unanswered(Fault.ERROR) from error
        except aiohttp.ClientError as error:
            raise Unanswered(Fault.UNREACHABLE) from error
        except (ValueError, RecursionError) as error:  # no JSON, or too deep a one
            raise Unanswered(Fault.ERROR) from error
        return _read(document)

    async def _query(self, inputs: Sequence[Mapping[str, Any]]) -> Any:
        return await self._client.query_rule(
            {"items": list(inputs)}, _DECISIONS, query_params={"provenance": "true"}
        )


def _read(document: Any) -> Answered:
    provenance = document.get("provenance") if isinstance(document, dict) else None
    if not isinstance(provenance, dict):
        raise Unanswered(Fault.MALFORMED)
    decisions, bundles = document.get("result"), provenance.get("bundles")
    if not bundles and decisions is None:
        raise Unanswered(Fault.EMPTY)
    if not isinstance(bundles, dict) or not isinstance(decisions, list):
        raise Unanswered(Fault.MALFORMED)
    revisions = [str(b.get("revision")) for b in bundles.values() if isinstance(b, dict)]
    if len(revisions) != 1:  # none, or several of which any may have decided
        raise Unanswered(Fault.REVISION)
    return Answered(revisions[0], decisions)
