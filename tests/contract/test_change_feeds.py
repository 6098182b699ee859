"""Feeds of changes are third parties' work too: what one tells, and how, is held to the port's guarantees."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.catalogue import load_catalogue
from adapters.host.bounds import Bounds
from adapters.host.registers import GuardedRegisters
from adapters.port import (
    Catalogue,
    Cause,
    Change,
    Changes,
    ChangesGone,
    ChangesNotTold,
    Found,
    Lookup,
    Unavailable,
)
from exchange.errors import Failed
from exchange.watch.feed import Feed
from exchange.wiring import SystemClock
from tests.support.adapters import Answering

PERSON = load_catalogue().datasets["cpr.person"]
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "6101701234"


class Telling(Answering):
    """An adapter whose feed answers as a test says."""

    def __init__(self, tell: Callable[[int | None], Any]) -> None:
        """Takes what it tells after a position."""
        self.tell = tell
        self.asked: list[int | None] = []

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        return [Found(value, {}) for value in lookup.values]

    async def changes(self, dataset: Any, kind: str, after: int | None, limit: int) -> Any:
        self.asked.append(after)
        told = self.tell(after)
        return await told if asyncio.iscoroutine(told) else told


class Silent(Answering):
    """An adapter without a feed."""

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        return []


def change(position: int, value: str = SECRET) -> Change:
    return Change(value, WHEN, position)


def raising(error: BaseException) -> Any:
    raise error


async def hanging() -> Changes:
    await asyncio.Event().wait()
    raise AssertionError("nobody lets it go on")


LIES: dict[str, tuple[str, Callable[[int | None], Any]]] = {
    "backwards": ("REGISTER_ANSWER_INVALID", lambda _: Changes((change(12), change(11)), 12, 12, more=False)),
    "before-the-cursor": ("REGISTER_ANSWER_INVALID", lambda _: Changes((change(3),), 12, 12, more=False)),
    "end-before-the-cursor": ("REGISTER_ANSWER_INVALID", lambda _: Changes((), 3, 3, more=False)),
    "goes-round": ("REGISTER_ANSWER_INVALID", lambda after: Changes((), after or 0, 0, more=True)),
    "settled-ahead": ("REGISTER_ANSWER_INVALID", lambda _: Changes((), 12, 99, more=False)),
    "more-than-asked": ("REGISTER_ANSWER_INVALID", lambda _: Changes((change(12),) * 6, 12, 12, more=False)),
    "no-text": ("REGISTER_ANSWER_INVALID", lambda _: Changes((change(12, 7),), 12, 12, more=False)),  # type: ignore[arg-type]
    "no-number": ("REGISTER_ANSWER_INVALID", lambda _: Changes((), "12", "12", more=False)),  # type: ignore[arg-type]
    "no-answer": ("REGISTER_ANSWER_INVALID", lambda _: None),
    "hangs": ("REGISTER_TIMEOUT", lambda _: hanging()),
    "raises": ("REGISTER_UNAVAILABLE", lambda _: raising(RuntimeError(SECRET))),
    "is-away": ("REGISTER_UNAVAILABLE", lambda _: raising(Unavailable(Cause.CONNECTION))),
    "knows-no-more": ("CURSOR_TOO_OLD", lambda _: raising(ChangesGone())),
    "tells-nothing": ("CHANGES_NOT_OFFERED", lambda _: raising(ChangesNotTold())),
}


def hosted(adapter: Any) -> GuardedRegisters:
    return GuardedRegisters(Catalogue.of((PERSON,)), {PERSON.name: adapter}, usual=Bounds(attempts=1))


@pytest.mark.parametrize("lie", LIES)
async def test_what_a_feed_may_not_do_is_one_failure(lie: str) -> None:
    """It names the dataset and the cause, and nobody's identifier."""
    reason, tell = LIES[lie]
    with pytest.raises(Failed) as caught:
        await hosted(Telling(tell)).changes(PERSON, "personnummer", 10, 5, 0.2)
    assert reason == caught.value.reasons[0].code
    assert "cpr.person" in caught.value.reasons[0].text_en
    assert SECRET not in caught.value.reasons[0].text_en


async def test_adapter_without_a_feed_says_so() -> None:
    """A register that tells of no changes is no failure of its own: the caller is told what to do."""
    with pytest.raises(Failed) as caught:
        await hosted(Silent()).changes(PERSON, "personnummer", None, 5, 1)
    assert "CHANGES_NOT_OFFERED" == caught.value.reasons[0].code


async def test_feed_that_fails_leaves_the_register_answering() -> None:
    """Its failures are counted apart: no exchange is refused for them."""
    registers = hosted(Telling(lambda _: raising(Unavailable(Cause.CONNECTION))))
    for _ in range(30):
        with pytest.raises(Failed):
            await registers.changes(PERSON, "personnummer", 10, 5, 1)
    assert () == registers.left_alone()


class Heard:
    """A listener that writes down what it is told."""

    def __init__(self) -> None:
        """Has heard nothing."""
        self.changes: list[tuple[str, int]] = []
        self.passes = 0
        self.error: Any = None
        self.woken = asyncio.Event()

    def changed(self, change: Change, since: Any) -> None:
        self.changes.append((change.value, change.position))
        assert since.position < change.position

    def read(self) -> None:
        self.passes += 1
        self.woken.set()

    def lost(self, error: Any) -> None:
        self.error = error
        self.woken.set()

    async def after(self, passes: int) -> None:
        while self.passes < passes and self.error is None:
            self.woken.clear()
            await asyncio.wait_for(self.woken.wait(), 20)


def feed_of(tell: Callable[[int | None], Any]) -> tuple[Feed, Telling]:
    adapter = Telling(tell)
    return Feed(hosted(adapter), SystemClock(), PERSON, "personnummer", 0.01, 1.0), adapter


async def test_change_that_is_not_settled_is_read_again_and_told_once() -> None:
    """A late one at the same moment is one more than before, and told."""
    passes = 0

    def tell(after: int | None) -> Changes:
        nonlocal passes
        if after is None:
            return Changes((), 10, 10, more=False)
        passes += 1
        late = () if passes < 3 else (Change(SECRET, WHEN, 21),)
        return Changes((change(20), *late, change(30, "other")), 40, 10, more=False)

    feed, _ = feed_of(tell)
    heard = Heard()
    await feed.start()
    feed.follow(heard, SECRET)
    feed.join(heard)
    await heard.after(6)
    await feed.close()
    assert [(SECRET, 20), (SECRET, 21)] == heard.changes


async def test_million_changes_of_others_cost_no_memory_and_the_one_is_told() -> None:
    """What nobody follows is passed over, part by part."""

    def tell(after: int | None) -> Changes:
        begin = after or 0
        if after is None or begin >= 1_000_000:
            return Changes((), begin, begin, more=False)
        value = SECRET if begin == 500_000 else "other"
        end = begin + 1000
        told = (*(change(n, "other") for n in range(begin + 1, end)), change(end, value))
        return Changes(told, end, end, more=True)

    feed, adapter = feed_of(tell)
    heard = Heard()
    await feed.start()
    feed.follow(heard, SECRET)
    feed.join(heard)
    await heard.after(1)
    assert 1_000_000 == feed.mark.position
    await feed.close()
    assert [(SECRET, 501_000)] == heard.changes
    assert ({}, 0) == (feed._last, len(feed._counted))
    assert 1002 <= len(adapter.asked)


async def test_feed_is_read_once_for_all() -> None:
    """Two listeners, one reading; who leaves is told nothing more."""
    told = asyncio.Event()

    def tell(after: int | None) -> Changes:
        position = 11 if told.is_set() else 10
        changes = (change(11),) if told.is_set() and after == 10 else ()
        return Changes(changes, position, position, more=False)

    feed, adapter = feed_of(tell)
    first, second, gone = Heard(), Heard(), Heard()
    await feed.start()
    for one in (first, second, gone):
        feed.follow(one, SECRET)
        feed.join(one)
    feed.unfollow(gone, SECRET)
    feed.leave(gone)
    await first.after(1)
    told.set()
    await first.after(first.passes + 2)
    await feed.close()
    assert [[(SECRET, 11)], [(SECRET, 11)], []] == [first.changes, second.changes, gone.changes]
    assert 1 == adapter.asked.count(None)


async def test_feed_that_forgot_where_it_was_ends_all_who_listen() -> None:
    """Rather an end that says so than a change that nobody hears of."""
    feed, _ = feed_of(
        lambda after: Changes((), 10, 10, more=False) if after is None else raising(ChangesGone())
    )
    heard = Heard()
    await feed.start()
    feed.join(heard)
    await heard.after(1)
    assert "CURSOR_TOO_OLD" == heard.error.reasons[0].code
