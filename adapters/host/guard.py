"""One register behind its bounds: a turn, a time, repetitions, and a pause where it fails and fails.

An adapter may hang, raise, answer too much or about somebody else. Whatever it does becomes one failure of
`exchange.errors`, which names the dataset and the cause; none of the adapter's own words reach the caller.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace

from adapters.host.bounds import Bounds
from adapters.host.breaker import Breaker
from adapters.host.checks import by_subject
from adapters.host.counts import Counts
from adapters.port import (
    DEADLINE,
    AccessRefused,
    AnswerInvalid,
    Cause,
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

_CODES: Sequence[tuple[type[RegisterError], str]] = (  # the narrowest first
    (Throttled, "REGISTER_BUSY"),
    (Unavailable, "REGISTER_UNAVAILABLE"),
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
        self.counts.calls += 1
        self.counts.subjects += len(lookup.values)
        told = DEADLINE.set(until)
        try:
            return await self._asked(lookup, until)
        except Failed as failed:
            self.counts.failures[failed.reasons[0].code] += 1
            raise
        finally:
            DEADLINE.reset(told)

    async def _asked(self, lookup: Lookup, until: float) -> Mapping[str, Sequence[Record]]:
        for attempt in range(1, self._bounds.attempts + 1):
            if not self._breaker.lets_through():
                raise _failed(lookup, Unavailable(Cause.CONNECTION))
            begun = asyncio.get_running_loop().time()
            try:
                async with asyncio.timeout_at(until), self._slots:
                    return await self._attempt(lookup, until)
            except Unavailable as error:
                pause = self._pause(attempt, error)
                if attempt == self._bounds.attempts or asyncio.get_running_loop().time() + pause >= until:
                    raise _failed(lookup, error) from error
                await asyncio.sleep(pause)
            except RegisterError as error:
                raise _failed(lookup, error) from error
            except TimeoutError as error:
                if self._is_fair(begun, until):
                    self._breaker.failed()
                raise Failed.because("REGISTER_TIMEOUT", about=lookup.dataset.name) from error
        raise AssertionError("the last attempt answers or raises")

    async def _attempt(self, lookup: Lookup, until: float) -> Mapping[str, Sequence[Record]]:
        self.counts.attempts += 1
        begun = asyncio.get_running_loop().time()
        try:
            found = await self._adapter.fetch(self._copied(lookup))
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
            raise _failed(lookup, Unavailable(Cause.CONNECTION)) from error
        except Exception as error:  # whatever a third party's adapter raises
            self._unanswered(begun, until)
            raise _failed(lookup, Unavailable(Cause.SERVER_ERROR)) from error
        finally:
            self.counts.seconds += asyncio.get_running_loop().time() - begun
        self._breaker.succeeded()
        try:
            return by_subject(found, lookup, self._bounds.max_records)
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
        """What an adapter sees is nobody else's. Of a dataset it has one copy: copying costs."""
        name = lookup.dataset.name
        if name not in self._datasets:
            self._datasets[name] = deepcopy(lookup.dataset)
        return replace(lookup, dataset=self._datasets[name], mandate=replace(lookup.mandate))

    def _pause(self, attempt: int, error: Unavailable) -> float:
        """How long to wait before the next attempt: what the register asked for, or a random while."""
        if isinstance(error, Throttled):
            return error.pause
        return random.uniform(0, self._bounds.backoff * 2 ** (attempt - 1))  # noqa: S311  # no secret

    async def close(self) -> None:
        """Closes the adapter."""
        await self._adapter.close()


def _failed(lookup: Lookup, error: RegisterError) -> Failed:
    """Translates; believes of the error only what cannot be somebody's words."""
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "REGISTER_UNAVAILABLE")
    place = lookup.dataset.name
    if error.attribute in lookup.dataset.attribute_names:
        place += f", {error.attribute}"
    cause = error.cause if isinstance(error.cause, Cause) else ""
    return Failed.because(code, about=f"{place}: {cause}" if cause else place)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
