"""The two clients behind one face, so that each test of the client is a test of both."""

from __future__ import annotations

import asyncio
from typing import Protocol

from hjemmel.exchange.v1.catalogue_pb2 import Dataset

from exchange.client import Answer, AsyncClient, Client, Credentials, Question, Rehearsal, VerifiedReceipt


class Caller(Protocol):
    """What both clients can do."""

    def exchange(self, question: Question) -> Answer:
        """Asks for data."""

    def dry_run(self, question: Question) -> Rehearsal:
        """Asks what would be decided."""

    def receipt(self, request_id: str) -> VerifiedReceipt:
        """Fetches a receipt."""

    def datasets(self) -> list[Dataset]:
        """Lists what registers offer."""

    def close(self) -> None:
        """Closes the connection."""


class Connect(Protocol):
    """Makes a client of the kind that is under test; it is closed after the test."""

    def __call__(self, target: str, credentials: Credentials, timeout: float = 10.0) -> Caller:
        """Connects to a broker."""


class AwaitedClient:
    """The asynchronous client on an event loop of its own."""

    def __init__(self, target: str, credentials: Credentials, timeout: float) -> None:
        """Connects."""
        self._runner = asyncio.Runner()

        async def connect() -> AsyncClient:
            return AsyncClient(target, credentials, timeout=timeout)

        self._client = self._runner.run(connect())

    def exchange(self, question: Question) -> Answer:
        """See `Caller`."""
        return self._runner.run(self._client.exchange(question))

    def dry_run(self, question: Question) -> Rehearsal:
        """See `Caller`."""
        return self._runner.run(self._client.dry_run(question))

    def receipt(self, request_id: str) -> VerifiedReceipt:
        """See `Caller`."""
        return self._runner.run(self._client.receipt(request_id))

    def datasets(self) -> list[Dataset]:
        """See `Caller`."""
        return self._runner.run(self._client.datasets())

    def close(self) -> None:
        """See `Caller`."""
        self._runner.run(self._client.close())
        self._runner.close()


def connect(kind: str, target: str, credentials: Credentials, timeout: float) -> Caller:
    """Makes a client: `sync` or `async`."""
    if kind == "sync":
        return Client(target, credentials, timeout=timeout)
    return AwaitedClient(target, credentials, timeout)
