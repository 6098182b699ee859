"""Questions travel together while others are under way, and each asker gets its own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from exchange.policy.batches import Batches, Closed, Mismatched


class Server:
    """Answers ten times the question, when it is let."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.at_once = 0
        self.most_at_once = 0
        self.failing: Exception | None = None
        self.lost = 0

    async def send(self, questions: Sequence[int]) -> list[int]:
        self.batches.append(list(questions))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.open.wait()
            if self.failing:
                raise self.failing
            return [q * 10 for q in questions][self.lost :]
        finally:
            self.at_once -= 1


@pytest.fixture
async def server() -> Server:
    return Server()


async def settle() -> None:
    """Lets everything that can go on do so."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_lone_question_goes_at_once(server: Server) -> None:
    """Nothing waits for company that may not come."""
    batches = Batches(server.send, most=8, calls=2)
    assert 10 == await batches.ask(1)
    assert 20 == await batches.ask(2)
    assert [[1], [2]] == server.batches


async def test_questions_gather_while_calls_are_under_way(server: Server) -> None:
    """As many calls as allowed, then batches as large as allowed; every answer finds who asked."""
    server.open.clear()
    batches = Batches(server.send, most=4, calls=2)
    first = [asyncio.create_task(batches.ask(1))]
    await settle()
    first.append(asyncio.create_task(batches.ask(2)))
    await settle()
    rest = [asyncio.create_task(batches.ask(n)) for n in range(3, 13)]
    await settle()
    assert [[1], [2]] == server.batches
    server.open.set()
    assert [n * 10 for n in range(1, 13)] == await asyncio.gather(*first, *rest)
    assert [[1], [2], [3, 4, 5, 6], [7, 8, 9, 10], [11, 12]] == server.batches
    assert 2 == server.most_at_once


async def test_what_is_asked_in_one_turn_of_the_loop_travels_together(server: Server) -> None:
    """A burst is not sent one by one."""
    batches = Batches(server.send, most=8, calls=4)
    assert [10, 20, 30] == await asyncio.gather(*(batches.ask(n) for n in (1, 2, 3)))
    assert [[1, 2, 3]] == server.batches


async def test_who_leaves_disturbs_nobody(server: Server) -> None:
    """Cancelled before it was sent, a question is not sent; cancelled after, the others are answered."""
    server.open.clear()
    batches = Batches(server.send, most=8, calls=1)
    sent = [asyncio.create_task(batches.ask(n)) for n in (1, 2, 3)]
    await settle()
    waiting = [asyncio.create_task(batches.ask(n)) for n in (4, 5, 6)]
    await settle()
    sent[1].cancel()
    waiting[0].cancel()
    await settle()
    server.open.set()
    ended = await asyncio.gather(*sent, *waiting, return_exceptions=True)
    assert [10, 30, 50, 60] == [e for e in ended if not isinstance(e, BaseException)]
    assert [[1, 2, 3], [5, 6]] == server.batches


async def test_batch_that_everybody_left_is_not_sent(server: Server) -> None:
    """And does not stand in the way of who comes later."""
    server.open.clear()
    batches = Batches(server.send, most=8, calls=1)
    first = asyncio.create_task(batches.ask(1))
    await settle()
    left = asyncio.create_task(batches.ask(2))
    await settle()
    left.cancel()
    server.open.set()
    assert 10 == await first
    await settle()
    assert 30 == await batches.ask(3)
    assert [[1], [3]] == server.batches


async def test_failure_is_everybodys_in_the_batch_and_nobodys_after(server: Server) -> None:
    """All who travelled together learn of it; the next question is answered."""
    server.failing = OSError("cut")
    batches = Batches(server.send, most=8, calls=1)
    ended = await asyncio.gather(*(batches.ask(n) for n in (1, 2)), return_exceptions=True)
    assert [OSError, OSError] == [type(e) for e in ended]
    server.failing = None
    assert 30 == await batches.ask(3)


async def test_answers_that_do_not_match_the_questions_are_nobodys(server: Server) -> None:
    """One answer too few: none is handed out, because nobody knows whose is missing."""
    server.lost = 1
    batches = Batches(server.send, most=8, calls=1)
    ended = await asyncio.gather(*(batches.ask(n) for n in (1, 2, 3)), return_exceptions=True)
    assert [Mismatched] * 3 == [type(e) for e in ended]


async def test_closing_ends_what_is_under_way_and_what_waits(server: Server) -> None:
    """Nobody waits for ever, and nothing is sent any more."""
    server.open.clear()
    batches = Batches(server.send, most=8, calls=1)
    sent = asyncio.create_task(batches.ask(1))
    await settle()
    waiting = asyncio.create_task(batches.ask(2))
    await settle()
    await batches.close()
    ended = await asyncio.gather(sent, waiting, return_exceptions=True)
    assert [Closed, Closed] == [type(e) for e in ended]
    with pytest.raises(Closed):
        await batches.ask(3)
    assert [[1]] == server.batches
