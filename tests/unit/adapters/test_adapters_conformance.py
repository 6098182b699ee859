"""The conformance kit finds what is wrong with an adapter, by the claim that says so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from adapters.conformance import CLAIMS, Expected, Outcome, Trial, run
from adapters.port import (
    AsOf,
    Attribute,
    Cause,
    Dataset,
    Found,
    Key,
    Lookup,
    Record,
    RegisterError,
    Source,
    Text,
    Unavailable,
)

TEXT = Text("", "")
ROWS: dict[str, list[Record]] = {
    "7000001": [{"number": 7000001, "name": "a", "day": "2024-02-29"}],
    "7000002": [{"number": 7000002, "name": "b"}, {"number": 7000002, "open": True}],
}
THING = Dataset(
    name="x.thing",
    register="x",
    provider="95000088",
    title=TEXT,
    subject="property",
    source=Source("x", {}, "a test"),
    attributes=(
        Attribute("number", "integer", "ordinary", TEXT),
        Attribute("name", "string", "ordinary", TEXT),
        Attribute("day", "date", "ordinary", TEXT),
        Attribute("open", "boolean", "ordinary", TEXT),
    ),
    keys=(Key("bfe_nummer", "number", "many"),),
)


class Good:
    """An adapter that does everything right."""

    most_subjects = 5

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        await asyncio.sleep(0)
        return self.found(lookup)

    def found(self, lookup: Lookup) -> list[Found]:
        return [
            Found(v, {n: r[n] for n in lookup.attributes if n in r})
            for v in lookup.values
            for r in ROWS.get(v, [])
        ]

    async def close(self) -> None:
        """Nothing is open."""


class Dead(Good):
    """The same, towards nothing."""

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        raise Unavailable(Cause.CONNECTION)


def trial(make: Callable[[], Any] = Good, dead: Callable[[], Any] | None = Dead) -> Trial:
    now = AsOf(*[Trial(Good, THING, "bfe_nummer", ("1", "2"), "3").now] * 2)
    expected = [Expected("7000002", now, [{"number": 7000002, "open": True}, ROWS["7000002"][0]])]
    return Trial(make, THING, "bfe_nummer", ("7000001", "7000002"), "7000009", expected, dead)


async def not_held(make: Callable[[], Any] = Good, dead: Callable[[], Any] | None = Dead) -> set[str]:
    findings = await run(trial(make, dead))
    told = " ".join(f.detail for f in findings)
    assert not any(value in told for value in (*ROWS, "7000009"))
    return {f.claim for f in findings if f.outcome is Outcome.NOT_HELD}


async def test_a_good_adapter_holds_every_claim() -> None:
    """Each claim is tried once, in its order, and says what it claims."""
    findings = await run(trial())
    assert [(c.__name__, Outcome.HELD) for c in CLAIMS] == [(f.claim, f.outcome) for f in findings]
    assert all(f.guarantee.endswith(".") for f in findings)


async def test_what_cannot_be_tried_is_told() -> None:
    """A claim that was not tried is not held to be held."""
    findings = await run(trial(dead=None))
    assert {
        "opens_without_the_register",
        "raises_a_register_error",
        "tells_errors_without_words_of_others",
    } == {f.claim for f in findings if f.outcome is Outcome.NOT_TRIED}


class Nobody(Good):
    most_subjects = 0


class Textual(Good):
    def found(self, lookup: Lookup) -> Any:
        return "nothing"


class Bare(Good):
    def found(self, lookup: Lookup) -> Any:
        return [dict(f.record) for f in super().found(lookup)]


class Eager(Good):
    def found(self, lookup: Lookup) -> list[Found]:
        return super().found(lookup) or [Found(lookup.values[0], {})]


class Mistaken(Good):
    def found(self, lookup: Lookup) -> list[Found]:
        return [Found("1", f.record) for f in super().found(lookup)]


class Generous(Good):
    def found(self, lookup: Lookup) -> list[Found]:
        return [Found(v, r) for v in lookup.values for r in ROWS.get(v, [])]


class Nulling(Good):
    def found(self, lookup: Lookup) -> list[Any]:
        return [Found(f.key, {n: f.record.get(n) for n in lookup.attributes}) for f in super().found(lookup)]  # type: ignore[misc]


class Numbering(Good):
    def found(self, lookup: Lookup) -> list[Found]:
        return [Found(f.key, {n: str(v) for n, v in f.record.items()}) for f in super().found(lookup)]


class Dating(Good):
    def found(self, lookup: Lookup) -> list[Found]:
        return [
            Found(f.key, {n: "29-02-2024" if n == "day" else v for n, v in f.record.items()})
            for f in super().found(lookup)
        ]


class FirstOnly(Good):
    def found(self, lookup: Lookup) -> list[Found]:
        return [f for f in super().found(lookup) if f.key == lookup.values[0]]


class Forgetful(Good):
    def __init__(self) -> None:
        """Begins at the beginning."""
        self.calls = 0

    def found(self, lookup: Lookup) -> list[Found]:
        self.calls += 1
        return super().found(lookup) if self.calls % 5 else []


class Confused(Good):
    current: Lookup

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        self.current = lookup
        await asyncio.sleep(0)
        return self.found(self.current)


class Stubborn(Good):
    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        try:
            await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            raise ValueError("not now") from None
        return self.found(lookup)


class Leaving(Good):
    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        self.task = asyncio.ensure_future(asyncio.sleep(60))
        return self.found(lookup)


class Historical(Good):
    def found(self, lookup: Lookup) -> list[Found]:
        return super().found(lookup) if lookup.current else []


class Hoarding(Good):
    def __init__(self) -> None:
        """Keeps what it was asked."""
        self.kept: list[Any] = []

    def found(self, lookup: Lookup) -> list[Found]:
        self.kept.append({"asked": [f"key={v}" for v in lookup.values]})
        return super().found(lookup)


class Talkative(Good):
    def found(self, lookup: Lookup) -> list[Found]:
        logging.getLogger("x").debug("asked about %s", lookup.values)
        return super().found(lookup)


class Raising(Good):
    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        raise KeyError(lookup.values[0])


class Wordy(Good):
    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        error = RegisterError(Cause.CONNECTION)
        error.args = ("the server says no",)
        raise error


class Chained(Good):
    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        raise Unavailable(Cause.CONNECTION) from OSError(f"GET /things/{lookup.values[0]}")


@pytest.mark.parametrize(
    ("make", "claim"),
    [
        (Nobody, "takes_a_number_of_subjects"),
        (Textual, "gives_records_of_known_subjects"),
        (Bare, "gives_records_of_known_subjects"),
        (Eager, "gives_no_record_of_an_unknown_subject"),
        (Mistaken, "tells_the_key_of_each_record"),
        (Generous, "gives_what_was_asked_for"),
        (Nulling, "gives_values_of_the_catalogue"),
        (Numbering, "gives_values_of_the_catalogue"),
        (Dating, "gives_values_of_the_catalogue"),
        (FirstOnly, "answers_many_subjects_like_one"),
        (Forgetful, "reads_and_changes_nothing"),
        (Confused, "answers_many_calls_at_once"),
        (Stubborn, "lets_itself_be_cancelled"),
        (Leaving, "closes"),
        (Historical, "tells_the_past"),
        (Historical, "tells_the_present_like_any_time"),
        (Hoarding, "keeps_nothing_about_subjects"),
        (Talkative, "logs_nothing_about_subjects"),
    ],
)
async def test_an_adapter_that_breaks_a_guarantee_is_found(make: Callable[[], Any], claim: str) -> None:
    """By the claim that is about it."""
    assert claim in await not_held(make)


@pytest.mark.parametrize(
    ("dead", "claim"),
    [
        (Raising, "raises_a_register_error"),
        (Good, "raises_a_register_error"),
        (Wordy, "tells_errors_without_words_of_others"),
        (Chained, "tells_errors_without_words_of_others"),
    ],
)
async def test_an_adapter_that_fails_wrongly_is_found(dead: Callable[[], Any], claim: str) -> None:
    """Errors are the port's, and hold nothing of the subject, nor does what led to them."""
    assert claim in await not_held(dead=dead)


def test_a_trial_needs_subjects_to_tell_apart() -> None:
    """One subject, or an unknown one that is known, tries nothing."""
    for known, unknown in ((("1",), "2"), (("1", "1"), "2"), (("1", "2"), "2")):
        with pytest.raises(ValueError, match="at least two"):
            Trial(Good, THING, "bfe_nummer", known, unknown)
    with pytest.raises(ValueError, match="is not looked up by"):
        Trial(Good, THING, "cvr_nummer", ("1", "2"), "3")
