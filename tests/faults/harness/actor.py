"""Does what the scenes tell, through the real pipeline, and writes down what it is told.

Whatever the log cannot take is tried again under a new request id, as clients do, until patience ends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256

import sqlalchemy as sa

from audit.errors import LogError
from audit.log import AuditLog
from audit.storage.policies import PolicyState
from exchange.errors import ExchangeError
from exchange.model.request import Envelope
from exchange.model.trace import Receipt
from exchange.pipeline import Pipeline
from exchange.policy.keeper import PolicyKeeper
from exchange.ports import Trail
from exchange.recorder import Recorder
from exchange.sealed import subject_bytes
from tests.faults.harness.parts import KEY, envelope, home, parts, under_way
from tests.faults.harness.told import Side
from tests.support.logs import GROUND, LogSite, request_id

_AGAIN = 0.02  # seconds between two attempts
_LOST = 20.0  # seconds after which somebody hangs
_UNTAKEN = {"LOG_UNAVAILABLE", "LOG_BUSY"}
Wrap = Callable[[Trail, Side], Trail]


class Actor:
    """Everything that happens to one log between its opening and its end.

    Attributes:
        failed: how many steps the log could not take, however often they were tried.
    """

    def __init__(
        self, site: LogSite, log: AuditLog, side: Side, first: int, patience: float, wrap: Wrap | None = None
    ) -> None:
        """Takes the log, where to write down what is told, and the number of the first request."""
        self._site = site
        self._log = log
        self._side = side
        self._number = first
        self._patience = patience
        trail: Trail = Recorder(log)
        self._pipeline = Pipeline(parts(wrap(trail, side) if wrap else trail, side))
        self._last = envelope(request_id(0), home(1))
        self.failed = 0

    async def ask(self, about: int, agreement: str = "udk-cpr") -> None:
        """Asks about a home, and is answered, refused or told of a failure of the register."""
        await self._persist(lambda: self._exchange(self._new(about, agreement)))

    async def together(self, *homes: int) -> None:
        """Asks about several at once, so that they share commits."""
        await asyncio.gather(*(self.ask(number) for number in homes))

    async def ask_again(self) -> None:
        """Asks under the request id that was used last."""
        await self._persist(lambda: self._exchange(self._last))

    async def rehearse(self, about: int) -> None:
        """Asks what would be decided."""

        async def once() -> bool:
            return self._acknowledged((await self._pipeline.dry_run(b"", self._new(about))).receipt)

        await self._persist(once)

    async def change_policy(self) -> None:
        """Puts a policy set in force and has the log tell of it, as a broker does."""
        self._number += 1
        bundle = b"policy set %d" % self._number
        revision = sha256(bundle).hexdigest()
        keeper = PolicyKeeper(self._log, None, None, None, PolicyState(), None)  # type: ignore[arg-type]

        async def once() -> bool:
            self._log.policies.put_in_force(revision, bundle, "2026-11-21T20:00:00Z", "a test")
            await keeper.record()
            for event in self._log.policies.events():
                if event.entry is not None:
                    self._side.fact(event=event.number)
            return True

        await self._persist(once)

    async def erase(self, about: int) -> None:
        """Has everything about a home erased, and waits until that is done."""

        async def once() -> bool:
            with self._site.erasing() as erasing:
                wanted = erasing.subject(subject_bytes(KEY, home(about)))
                number = erasing.ask(wanted, GROUND)
                while number is not None and not erasing.done(number):
                    if self._log.problem:
                        return False
                    await asyncio.sleep(_AGAIN)
            if number is not None:
                self._side.fact(erased=number)
            return True

        await self._persist(once)

    def _new(self, about: int, agreement: str = "udk-cpr") -> Envelope:
        self._number += 1
        self._last = envelope(request_id(self._number), home(about), agreement)
        return self._last

    async def _exchange(self, asked: Envelope) -> bool:
        under_way.set(asked.signature)
        answer = await self._pipeline.exchange(b"", asked, None)
        self._side.answered(asked.signature, answer.data, answer.receipt)
        return True

    def _acknowledged(self, receipt: Receipt | None) -> bool:
        if receipt:
            self._side.acknowledged(receipt)
        return receipt is not None

    async def _persist(self, once: Callable[[], Awaitable[bool]]) -> None:
        end = time.monotonic() + self._patience
        while True:
            try:
                async with asyncio.timeout(_LOST):
                    if await once():
                        return
            except ExchangeError as error:
                if self._acknowledged(error.receipt):
                    return
                if error.reasons[0].code not in _UNTAKEN:
                    raise
            except (LogError, sa.exc.SQLAlchemyError):
                pass  # the log, or what is kept beside it, takes nothing at present
            if time.monotonic() >= end:
                self.failed += 1
                self._patience = 0  # one attempt for each of the steps that are left
                return
            await asyncio.sleep(_AGAIN)
