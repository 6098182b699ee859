"""Gathers questions into batches while others are under way. Knows nothing of policies or servers.

    ask ─► waiting ─► one batch ─► send ─► each asker its own answer
                      when fewer than `calls` are under way

No clock is involved: a question that comes alone goes at once, and the more there are at a time, the
larger the batches become by themselves.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Closed(Exception):
    """Nothing is sent any more."""


class Mismatched(Exception):
    """A batch was answered with more or fewer answers than questions."""


class Batches(Generic[Q, A]):
    """Sends questions together and hands each asker its own answer. For one event loop."""

    def __init__(self, send: Callable[[Sequence[Q]], Awaitable[Sequence[A]]], most: int, calls: int) -> None:
        """Takes what sends a batch.

        Args:
            send: gives one answer for each question, in their order, or raises for all of them. It must
                end by itself: a batch that hangs keeps one of the calls.
            most: most questions in a batch.
            calls: most batches under way at once.
        """
        self._send = send
        self._most = most
        self._calls = calls
        self._waiting: deque[tuple[Q, asyncio.Future[A]]] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self._woken = False
        self._closed = False

    async def ask(self, question: Q) -> A:
        """Gives the answer to one question. Who is cancelled here disturbs nobody else.

        Raises:
            Closed: before it was answered.
            Mismatched: nobody can tell which answer is whose.
            Exception: whatever `send` raised for the batch.
        """
        if self._closed:
            raise Closed
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[A] = loop.create_future()
        self._waiting.append((question, answer))
        if not self._woken and len(self._under_way) < self._calls:
            self._woken = True  # what else arrives in this turn of the loop travels along
            loop.call_soon(self._dispatch)
        return await answer

    async def close(self) -> None:
        """Ends what is under way; whoever still waits learns that."""
        self._closed = True
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way)
        while self._waiting:
            _fail(self._waiting.popleft()[1], Closed())

    def _dispatch(self) -> None:
        self._woken = False
        while not self._closed and len(self._under_way) < self._calls and (batch := self._next()):
            task = asyncio.create_task(self._carry(batch))
            self._under_way.add(task)
            task.add_done_callback(self._ended)

    def _next(self) -> list[tuple[Q, asyncio.Future[A]]]:
        batch: list[tuple[Q, asyncio.Future[A]]] = []
        while self._waiting and len(batch) < self._most:
            question, answer = self._waiting.popleft()
            if not answer.done():  # nobody waits for it any more
                batch.append((question, answer))
        return batch

    async def _carry(self, batch: list[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            answers = await self._answers([question for question, _ in batch])
            for (_, asked), answer in zip(batch, answers, strict=True):
                if not asked.done():
                    asked.set_result(answer)
        except asyncio.CancelledError:
            for _, asked in batch:
                _fail(asked, Closed())
            raise
        except Exception as error:  # noqa: BLE001  # handed to whoever asked
            for _, asked in batch:
                _fail(asked, error)

    async def _answers(self, questions: Sequence[Q]) -> Sequence[A]:
        answers = await self._send(questions)
        if len(answers) != len(questions):  # then each may be anybody's
            raise Mismatched
        return answers

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._dispatch()


def _fail(asked: asyncio.Future[A], error: Exception) -> None:
    if not asked.done():
        asked.set_exception(error)
        asked.exception()  # whoever leaves in this very moment leaves no warning behind
