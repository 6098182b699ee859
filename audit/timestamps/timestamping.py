"""Has a log's checkpoints stamped by an outsider, while the log is written and without its waiting.

Every interval, if the log grew: the newest signed checkpoint is hashed, the hash is sent, the answer is
verified and kept. Older checkpoints need no stamp of their own: the newest one extends them, so that
every entry they commit to existed by the same time. That is why nothing is made up for after an outage
but the newest checkpoint.

Nothing here is on the way of an entry. Whatever the authority does, the log neither knows nor waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import aiohttp

from audit.errors import LogError, VerificationError
from audit.formats import checkpoint
from audit.reading.reader import LogReader
from audit.timestamps import timestamp
from audit.timestamps.timestamp import Roots
from audit.timestamps.timestamps import StoredTimestamp, TimestampArchive

_log = logging.getLogger(__name__)
_MOST = 64 * 1024  # bytes of an answer; a token with its chain has some thousands
_OK = 200


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often an authority is asked (seconds).

    Attributes:
        interval: between two timestamps, and most between two attempts.
        timeout: after which an answer is not waited for.
        retry: after a first failure; it doubles with each further one.
    """

    interval: float = 3600.0
    timeout: float = 10.0
    retry: float = 5.0

    def pause(self, failures: int) -> float:
        """How long to wait after so many failures in a row."""
        return self.interval if not failures else min(self.interval, self.retry * 2.0 ** (failures - 1))


class Authority(Protocol):
    """Somebody who stamps."""

    @property
    def name(self) -> str:
        """What its timestamps are kept under."""

    async def stamp(self, question: bytes) -> bytes:
        """Sends a TimeStampReq and gives what came back, unchecked; may raise whatever it likes."""


class HttpAuthority:
    """An authority asked over HTTP (RFC 3161 section 3.4). Its answers are signed: TLS adds nothing."""

    def __init__(self, name: str, url: str) -> None:
        """Takes its name and its URL."""
        self.name = name
        self._url = url

    async def stamp(self, question: bytes) -> bytes:
        """See `Authority`.

        Raises:
            VerificationError: it answers with an error, or with more than a timestamp.
        """
        headers = {"Content-Type": "application/timestamp-query"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self._url, data=question, headers=headers, allow_redirects=False) as response,
        ):
            if response.status != _OK:
                raise VerificationError(f"the timestamp authority answers with HTTP status {response.status}")
            answer = bytearray()
            async for chunk in response.content.iter_any():
                answer += chunk
                if len(answer) > _MOST:
                    raise VerificationError(f"the answer is longer than {_MOST} bytes")
            return bytes(answer)


class Stamper:
    """Has the checkpoints of one log stamped by one authority."""

    def __init__(
        self,
        reader: LogReader,
        archive: TimestampArchive,
        authority: Authority,
        roots: Roots,
        rhythm: Rhythm,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Takes the log, where timestamps are kept, who stamps, and the roots that tokens must be under."""
        self._reader = reader
        self._archive = archive
        self._authority = authority
        self._roots = roots
        self._rhythm = rhythm
        self._now = now
        self._problem: str | None = None

    @property
    def problem(self) -> str | None:
        """Why the last attempt failed, or nothing."""
        return self._problem

    async def run(self) -> None:
        """Stamps until cancelled."""
        failures = 0
        while True:
            await self.look()
            failures = failures + 1 if self._problem else 0
            await asyncio.sleep(self._rhythm.pause(failures))

    async def look(self) -> None:
        """Stamps once, if the log grew. Whatever goes wrong is told once, and tried again later."""
        try:
            await self._stamp()
        except Exception as error:  # noqa: BLE001  # whatever it is, the log goes on
            problem = str(error) if isinstance(error, LogError) else type(error).__name__
            if problem != self._problem:
                _log.warning("timestamp_failed", extra={"tsa": self._authority.name, "problem": problem})
            self._problem = problem
        else:
            if self._problem:
                _log.info("timestamps_resumed", extra={"tsa": self._authority.name})
            self._problem = None

    async def _stamp(self) -> None:
        signed = await asyncio.to_thread(self._reader.signed_checkpoint)
        size = checkpoint.verify(signed, self._reader.verifier).size
        if size <= await asyncio.to_thread(self._archive.newest_size, self._authority.name):
            return
        question = timestamp.ask(signed)
        try:
            async with asyncio.timeout(self._rhythm.timeout):
                response = await self._authority.stamp(question.der)
        except TimeoutError as error:
            raise VerificationError("the timestamp authority does not answer in time") from error
        token = await asyncio.to_thread(timestamp.accept, response, question, self._roots, self._now())
        kept = StoredTimestamp(size, self._authority.name, timestamp.rfc3339(token.time), signed, token.der)
        await asyncio.to_thread(self._archive.keep, kept)
