"""The host repeats what may be repeated, leaves a failing register alone, and says what failed and why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from adapters.catalogue import load_catalogue
from adapters.host.bounds import Bounds
from adapters.host.breaker import Breaker
from adapters.host.cache import Cache
from adapters.host.registers import GuardedRegisters
from adapters.port import (
    DEADLINE,
    AccessRefused,
    AnswerInvalid,
    Catalogue,
    Cause,
    Found,
    Lookup,
    RegisterError,
    SchemaChanged,
    Throttled,
    Unavailable,
)
from exchange.errors import Failed
from tests.support.adapters import lookup_of

NAME = "dar.adresse"
QUICK = Bounds(max_records=3, backoff=0.001, failures=1000)


class Scripted:
    """An adapter that does, call by call, what a test says."""

    def __init__(self, *answers: Exception | Callable[[Lookup], Sequence[Found]], most: int = 2) -> None:
        """Takes what it does; the last is repeated."""
        self.answers = list(answers)
        self.most_subjects = most
        self.asked: list[tuple[str, ...]] = []

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        self.asked.append(lookup.values)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(lookup)

    async def close(self) -> None:
        """Nothing is open."""


def known(lookup: Lookup) -> list[Found]:
    return [Found(value, {"id_lokalId": value}) for value in lookup.values]


def hosted(adapter: Scripted, bounds: Bounds = QUICK, valid_for: float = 0) -> GuardedRegisters:
    dataset = replace(load_catalogue().datasets[NAME], valid_for=valid_for)
    return GuardedRegisters(Catalogue.of((dataset,)), {NAME: adapter}, usual=bounds)


def asking(*values: str, valid_for: float = 0, current: bool = True) -> Lookup:
    lookup = lookup_of(NAME, ("id_lokalId",), "dar_adresse_id", *values, current=current)
    return replace(lookup, dataset=replace(lookup.dataset, valid_for=valid_for))


async def failure(host: GuardedRegisters) -> tuple[str, str]:
    with pytest.raises(Failed) as caught:
        await host.fetch(asking("a"), 5)
    [reason] = caught.value.reasons
    return reason.code, reason.text_en.rpartition("(")[2].rstrip(")")


async def test_what_is_not_there_for_a_moment_is_asked_again() -> None:
    """Two failures and an answer are an answer."""
    adapter = Scripted(Unavailable(Cause.CONNECTION), Throttled(0.001), known)
    assert {"a": [{"id_lokalId": "a"}]} == await hosted(adapter).fetch(asking("a"), 5)
    assert 3 == len(adapter.asked)


@pytest.mark.parametrize(
    ("error", "code", "about"),
    [
        (Unavailable(Cause.CONNECTION), "REGISTER_UNAVAILABLE", "it cannot be reached"),
        (Throttled(0.001), "REGISTER_BUSY", "it answered with an error of its own"),
    ],
)
async def test_attempts_are_bounded(error: RegisterError, code: str, about: str) -> None:
    """After the third the caller learns which dataset it is and what was wrong."""
    adapter = Scripted(error)
    assert (code, f"{NAME}: {about}") == await failure(hosted(adapter))
    assert 3 == len(adapter.asked)


@pytest.mark.parametrize(
    ("error", "code", "about"),
    [
        (
            AccessRefused(Cause.CREDENTIALS_EXPIRED),
            "REGISTER_ACCESS_REFUSED",
            ": its credentials have expired",
        ),
        (AnswerInvalid(Cause.PARTIAL), "REGISTER_ANSWER_INVALID", ": its answer is not whole"),
        (
            SchemaChanged(Cause.FIELD_MISSING, "id_lokalId"),
            "REGISTER_SCHEMA_CHANGED",
            ", id_lokalId: a field is missing",
        ),
        (
            SchemaChanged(Cause.FIELD_TYPE, "7204861234"),
            "REGISTER_SCHEMA_CHANGED",
            ": a field is of another type",
        ),
        (RuntimeError("Oda Hemmelig"), "REGISTER_UNAVAILABLE", ": it answered with an error of its own"),
    ],
)
async def test_what_asking_again_does_not_mend_is_asked_once(error: Exception, code: str, about: str) -> None:
    """No word of the adapter's own is told; an attribute is named only where the dataset has it."""
    adapter = Scripted(error)
    assert (code, f"{NAME}{about}") == await failure(hosted(adapter))
    assert 1 == len(adapter.asked)


async def test_a_pause_longer_than_the_time_left_is_not_waited_for() -> None:
    """Who has a second is not kept for an hour."""
    adapter = Scripted(Throttled(3600))
    assert "REGISTER_BUSY" == (await failure(hosted(adapter)))[0]
    assert 1 == len(adapter.asked)


async def test_many_subjects_are_divided_into_calls() -> None:
    """No call is about more than the adapter takes; every subject has its own answer."""
    adapter = Scripted(known, most=2)
    answers = await hosted(adapter).fetch(asking(*"abcde"), 5)
    assert {v: [{"id_lokalId": v}] for v in "abcde"} == answers
    assert [("a", "b"), ("c", "d"), ("e",)] == sorted(adapter.asked)


async def test_a_part_that_fails_fails_the_whole() -> None:
    """Half an answer is never taken for one."""
    adapter = Scripted(known, AnswerInvalid(Cause.PARTIAL), known, most=1)
    with pytest.raises(Failed):
        await hosted(adapter).fetch(asking(*"abc"), 5)


async def test_subject_that_the_register_does_not_know_has_no_records() -> None:
    """It is in the answer all the same."""
    adapter = Scripted(lambda _lookup: [])
    assert {"a": []} == await hosted(adapter).fetch(asking("a"), 5)


@pytest.mark.parametrize("times", [2, 4])
async def test_conflicting_current_records_are_an_error(times: int) -> None:
    """Where a key leads to one record, two are none."""
    adapter = Scripted(lambda lookup: known(lookup) * times)
    assert "REGISTER_ANSWER_INVALID" == (await failure(hosted(adapter)))[0]


async def test_a_register_that_fails_and_fails_is_left_alone() -> None:
    """It is not asked until the pause is over, and callers learn at once."""
    adapter = Scripted(Unavailable(Cause.CONNECTION))
    host = hosted(adapter, Bounds(attempts=1, failures=3, pause=3600))
    for _ in range(10):
        assert "REGISTER_UNAVAILABLE" == (await failure(host))[0]
    assert 3 == len(adapter.asked)
    assert (NAME,) == host.left_alone()


@pytest.mark.parametrize(
    ("time", "asked"),
    [pytest.param(0.02, 10, id="in a hurry"), pytest.param(0.2, 3, id="with the usual time")],
)
@pytest.mark.parametrize("tells", [False, True], ids=["hangs", "gives up in time"])
async def test_callers_in_a_hurry_cannot_have_a_register_left_alone(
    *, time: float, asked: int, tells: bool
) -> None:
    """A deadline far shorter than the usual time says nothing of the register; one as long does."""

    class Hanging(Scripted):
        async def fetch(self, lookup: Lookup) -> Sequence[Found]:
            self.asked.append(lookup.values)
            until = DEADLINE.get() or 0.0
            loop = asyncio.get_running_loop()
            await asyncio.sleep(until - loop.time() - 0.001 if tells else 3600)
            raise Unavailable(Cause.CONNECTION)

    adapter = Hanging(known)
    host = hosted(adapter, Bounds(attempts=1, failures=3, pause=3600, timeout=0.2))
    for _ in range(10):
        with pytest.raises(Failed):
            await host.fetch(asking("a"), time)
    assert asked == len(adapter.asked)


def test_breaker_lets_one_trial_through_and_closes_on_success() -> None:
    """After the pause one call tries; its success lets all through, its failure begins another pause."""
    now = [0.0]
    breaker = Breaker(2, 10, lambda: now[0])
    breaker.failed()
    assert breaker.lets_through()
    breaker.failed()
    assert not breaker.lets_through()
    now[0] = 10
    assert [True, False] == [breaker.lets_through(), breaker.lets_through()]
    breaker.failed()
    assert not breaker.lets_through()
    now[0] = 20
    assert breaker.lets_through()
    breaker.succeeded()
    assert [True, True] == [breaker.lets_through(), breaker.lets_through()]


async def test_answers_are_kept_only_where_the_dataset_allows() -> None:
    """Kept for its time, for the same attributes, and never for a question about another time."""
    adapter = Scripted(known)
    host = hosted(adapter, valid_for=60)
    for _ in range(2):
        assert {"a": [{"id_lokalId": "a"}]} == await host.fetch(asking("a", valid_for=60), 5)
    assert [("a",)] == adapter.asked
    await host.fetch(asking("a", "b", valid_for=60), 5)
    await host.fetch(asking("a", valid_for=60, current=False), 5)
    await host.fetch(asking("a"), 5)
    assert [("a",), ("b",), ("a",), ("a",)] == adapter.asked
    assert 2 == host.counts()[NAME].kept


def test_kept_answers_end_and_are_bounded() -> None:
    """After its time an answer is gone; beyond the bound the oldest goes first."""
    now = [0.0]
    cache = Cache(2, lambda: now[0])
    lookup = asking(*"abc", valid_for=10)
    cache.keep(lookup, {v: [{"id_lokalId": v}] for v in "abc"})
    assert {"b", "c"} == cache.find(lookup).keys()
    now[0] = 10
    assert {} == cache.find(lookup)


async def test_counts_tell_what_became_of_calls() -> None:
    """Calls, subjects, attempts and failures by reason; nothing about whom."""
    adapter = Scripted(Unavailable(Cause.CONNECTION), known, AnswerInvalid(Cause.PARTIAL))
    host = hosted(adapter)
    await host.fetch(asking("a", "b"), 5)
    await failure(host)
    counts = host.counts()[NAME]
    assert (2, 3, 3) == (counts.calls, counts.subjects, counts.attempts)
    assert {"REGISTER_ANSWER_INVALID": 1} == counts.failures
