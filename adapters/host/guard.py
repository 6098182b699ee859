"""One register behind its bounds: a turn, a time, repetitions, and a pause where it fails and fails.

An adapter may hang, raise, answer too much or about somebody else. Whatever it does becomes one failure of
`exchange.errors`, which names the dataset and the cause; none of the adapter's own words reach the caller.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import TypeVar

from adapters.host.bounds import Bounds
from adapters.host.breaker import Breaker
from adapters.host.checks import by_subject, in_order
from adapters.host.counts import Counts
from adapters.port import (
    DEADLINE,
    AccessRefused,
    AnswerInvalid,
    Cause,
    ChangeFeed,
    Changes,
    ChangesGone,
    ChangesNotTold,
    Dataset,
    Lookup,
    NotCovered,
    Record,
    RegisterAdapter,
    RegisterError,
    SchemaChanged,
    Throttled,
    Unavailable,
)
from exchange.errors import Failed

Told = TypeVar("Told")
Checked = TypeVar("Checked")
_CODES: Sequence[tuple[type[RegisterError], str]] = (  # the narrowest first
    (Throttled, "REGISTER_BUSY"),
    (Unavailable, "REGISTER_UNAVAILABLE"),
    (ChangesNotTold, "CHANGES_NOT_OFFERED"),
    (ChangesGone, "CURSOR_TOO_OLD"),
    (AccessRefused, "REGISTER_ACCESS_REFUSED"),
    (SchemaChanged, "REGISTER_SCHEMA_CHANGED"),
    (AnswerInvalid, "REGISTER_ANSWER_INVALID"),
)

_FAIR = 0.5  # of the usual time
_MOMENT = 0.01  # seconds: a timer may fire this early


class Guard:
    """Asks one adapter."""

    def __init__(self, adapter: RegisterAdapter, bounds: Bounds) -> None:
        """Takes the adapter and its bounds."""
        self.counts = Counts()
        self._adapter = adapter
        self._datasets: dict[str, Dataset] = {}
        self._bounds = bounds
        self._slots = asyncio.Semaphore(bounds.max_concurrent)
        self._breaker = Breaker(bounds.failures, bounds.pause)

    @property
    def most_subjects(self) -> int:
        """How many subjects one call may be about."""
        return max(1, self._adapter.most_subjects)

    @property
    def is_left_alone(self) -> bool:
        """Whether the register failed too often to be asked at present."""
        return self._breaker.is_open

    async def ask(self, lookup: Lookup, until: float) -> Mapping[str, Sequence[Record]]:
        """Asks until there is an answer, or the loop's clock says that it is over.

        Raises:
            Failed: there is none.
        """
        self.counts.subjects += len(lookup.values)
        return await self._counted(
            lookup.dataset,
            lambda: self._adapter.fetch(self._copied(lookup)),
            lambda found: by_subject(found, lookup, self._bounds.max_records),
            until,
        )

    async def changes(
        self, dataset: Dataset, kind: str, after: int | None, limit: int, until: float
    ) -> Changes:
        """Reads on in the feed of a dataset, as `ask` asks.

        Raises:
            Failed: there is no answer; CHANGES_NOT_OFFERED where the register tells of no changes.
        """
        feed = self._adapter
        if not isinstance(feed, ChangeFeed):
            raise failed(dataset, ChangesNotTold())
        return await self._counted(
            dataset,
            lambda: feed.changes(self._own(dataset), kind, after, limit),
            lambda told: in_order(told, after, limit),
            until,
        )

    async def _counted(
        self,
        dataset: Dataset,
        call: Callable[[], Awaitable[Told]],
        check: Callable[[Told], Checked],
        until: float,
    ) -> Checked:
        self.counts.calls += 1
        told = DEADLINE.set(until)
        try:
            return await self._asked(dataset, call, check, until)
        except Failed as failed:
            self.counts.failures[failed.reasons[0].code] += 1
            raise
        finally:
            DEADLINE.reset(told)

    async def _asked(
        self,
        dataset: Dataset,
        call: Callable[[], Awaitable[Told]],
        check: Callable[[Told], Checked],
        until: float,
    ) -> Checked:
        for attempt in range(1, self._bounds.attempts + 1):
            if not self._breaker.lets_through():
                raise failed(dataset, Unavailable(Cause.CONNECTION))
            begun = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout_at(until), self._slots:
                    return await self._attempt(dataset, call, check, until)
            except Unavailable as error:
                pause = self._pause(attempt, error)
                if attempt == self._bounds.attempts or asyncio.get_running_loop().time() + pause >= until:
                    raise failed(dataset, error) from error
                await asyncio.sleep(pause)
            except RegisterError as error:
                raise failed(dataset, error) from error
            except TimeoutError as error:
                if self._is_fair(begun, until):
                    self._breaker.failed()
                raise Failed.because("REGISTER_TIMEOUT", about=dataset.name) from error
        raise AssertionError("the last attempt answers or raises")

    async def _attempt(
        self,
        dataset: Dataset,
        call: Callable[[], Awaitable[Told]],
        check: Callable[[Told], Checked],
        until: float,
    ) -> Checked:
        self.counts.attempts += 1
        begun = asyncio.get_running_loop().time()
        try:
            told = await call()
        except NotCovered:
            raise
        except (Unavailable, AccessRefused):
            self._unanswered(begun, until)
            raise
        except (RegisterError, TimeoutError):
            raise
        except asyncio.CancelledError as error:
            if _is_cancelled():  # the exchange itself or its time, and not only something inside the adapter
                raise
            self._unanswered(begun, until)
            raise failed(dataset, Unavailable(Cause.CONNECTION)) from error
        except Exception as error:  # whatever a third party's adapter raises
            self._unanswered(begun, until)
            raise failed(dataset, Unavailable(Cause.SERVER_ERROR)) from error
        finally:
            self.counts.seconds += asyncio.get_running_loop().time() - begun
        self._breaker.succeeded()
        try:
            return check(told)
        except AnswerInvalid:
            raise
        except Exception as error:  # its records are its own objects and may raise too
            raise AnswerInvalid(Cause.NOT_DECODED) from error

    def _unanswered(self, begun: float, until: float) -> None:
        """Holds it against the register, unless the time of a caller in a hurry was over."""
        is_over = asyncio.get_running_loop().time() >= until - _MOMENT
        if not is_over or self._is_fair(begun, until):
            self._breaker.failed()

    def _is_fair(self, begun: float, until: float) -> bool:
        """Whether there was time for an answer: nobody makes a register look dead by asking in a hurry."""
        return until - begun >= self._bounds.timeout * _FAIR

    def _copied(self, lookup: Lookup) -> Lookup:
        """What an adapter sees is nobody else's."""
        return replace(lookup, dataset=self._own(lookup.dataset), mandate=replace(lookup.mandate))

    def _own(self, dataset: Dataset) -> Dataset:
        """The adapter's own copy of a dataset, made once: copying costs."""
        if dataset.name not in self._datasets:
            self._datasets[dataset.name] = deepcopy(dataset)
        return self._datasets[dataset.name]

    def _pause(self, attempt: int, error: Unavailable) -> float:
        """How long to wait before the next attempt: what the register asked for, or a random while."""
        if isinstance(error, Throttled):
            return error.pause
        return random.uniform(0, self._bounds.backoff * 2 ** (attempt - 1))  # noqa: S311  # no secret

    async def close(self) -> None:
        """Closes the adapter."""
        await self._adapter.close()


def failed(dataset: Dataset, error: RegisterError) -> Failed:
    """Translates; believes of the error only what cannot be somebody's words."""
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "REGISTER_UNAVAILABLE")
    place = dataset.name
    if error.attribute in dataset.attribute_names:
        place += f", {error.attribute}"
    cause = error.cause if isinstance(error.cause, Cause) else ""
    return Failed.because(code, about=f"{place}: {cause}" if cause else place)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
