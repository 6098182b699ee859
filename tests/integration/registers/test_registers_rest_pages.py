"""Pages, absent subjects and times of REST services: whole answers, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiohttp import web

from adapters.host.bounds import Bounds
from adapters.port import Attribute, Catalogue, Connection, Dataset, Key, Lookup, Source, Text
from tests.support.adapters import lookup_of
from tests.support.services import Script, answer, failure, in_a_thread, saying

TEXT = Text("", "")
CALL = {"path": "/things", "query": {"id": "{key}"}, "records": "data"}
PAGE = {"paging": {"by": "page", "size": 2}, "query": {"id": "{key}", "p": "{page}", "s": "{size}"}}
OFFSET = {"paging": {"by": "offset", "size": 2}, "query": {"id": "{key}", "o": "{offset}"}}
CURSOR = {"paging": {"by": "cursor", "next": "next"}, "query": {"id": "{key}", "c": "{cursor}"}}
LINK = {"paging": {"by": "link", "next": "next"}}
TOTAL = {"total": "total"}
Say = Callable[..., tuple[Script, Connection]]


def thing(**options: Any) -> Dataset:
    return Dataset(
        name="x.thing",
        register="x",
        provider="95000088",
        title=TEXT,
        subject="property",
        source=Source("rest", {**CALL, **options}, "a test"),
        attributes=(
            Attribute("number", "integer", "ordinary", TEXT),
            Attribute("name", "string", "ordinary", TEXT),
        ),
        keys=(Key("bfe_nummer", "number", "many"),),
    )


def asking(dataset: Dataset, *values: str, current: bool = True) -> Lookup:
    return lookup_of(dataset, ("name",), "bfe_nummer", *(values or ("7",)), current=current)


@pytest.fixture
def say() -> Iterator[Say]:
    """Runs a server that gives answers one after the other."""
    running = []

    def begin(*answers: Any) -> tuple[Script, Connection]:
        script = Script([a if callable(a) else saying(a) for a in answers])
        running.append(in_a_thread(script.app))
        return script, Connection(running[-1].__enter__(), max_records=10)

    yield begin
    for one in running:
        one.__exit__(None, None, None)


def rows(*names: str) -> list[dict[str, Any]]:
    return [{"number": 7, "name": name} for name in names]


async def names(dataset: Dataset, connection: Connection) -> list[object]:
    found = await answer(Catalogue.of((dataset,)), connection, asking(dataset))
    return [record["name"] for record in found["7"]]


async def problem(dataset: Dataset, connection: Connection, lookup: Lookup | None = None) -> tuple[str, str]:
    return await failure(Catalogue.of((dataset,)), connection, lookup or asking(dataset))


@pytest.mark.parametrize(
    ("paging", "asked"),
    [
        (PAGE, ["/things?id=7&p=1&s=2", "/things?id=7&p=2&s=2", "/things?id=7&p=3&s=2"]),
        (OFFSET, ["/things?id=7&o=0", "/things?id=7&o=2", "/things?id=7&o=3"]),
    ],
)
async def test_numbered_pages_end_at_an_empty_one(say: Say, paging: dict[str, Any], asked: list[str]) -> None:
    """A short page is no end by itself: only nothing is, where no total is told."""
    script, connection = say({"data": rows("a", "b")}, {"data": rows("c")}, {"data": []})
    assert ["a", "b", "c"] == await names(thing(**paging), connection)
    assert asked == [path for path, _, _ in script.asked]


@pytest.mark.parametrize("paging", [PAGE, OFFSET])
async def test_numbered_pages_end_at_the_total(say: Say, paging: dict[str, Any]) -> None:
    """Where the answer tells how many there are, nothing is asked in vain."""
    script, connection = say(
        {"data": rows("a", "b"), "total": 3}, {"data": rows("c"), "total": 3}, {"data": []}
    )
    assert ["a", "b", "c"] == await names(thing(**paging, **TOTAL), connection)
    assert 2 == len(script.asked)


async def test_cursors_and_links_are_followed_to_the_last(say: Say) -> None:
    """The first call has no cursor; a link may be relative; null, absence and nothing end them."""
    script, connection = say(
        {"data": rows("a"), "next": "x&y"}, {"data": [], "next": "z"}, {"data": rows("b")}
    )
    assert ["a", "b"] == await names(thing(**CURSOR), connection)
    assert ["/things?id=7", "/things?id=7&c=x%26y", "/things?id=7&c=z"] == [p for p, _, _ in script.asked]
    script, connection = say(
        {"data": rows("a"), "next": "things?page=2"},
        lambda request: saying({"data": rows("b"), "next": f"{request.url.origin()}/things?page=3"})(request),
        {"data": rows("c"), "next": None},
    )
    assert ["a", "b", "c"] == await names(thing(**LINK), connection)
    assert ["/things?id=7", "/things?page=2", "/things?page=3"] == [p for p, _, _ in script.asked]


@pytest.mark.parametrize(
    ("options", "answers", "cause"),
    [
        (PAGE | TOTAL, [{"data": rows("a", "b"), "total": 3}, {"data": [], "total": 3}], "is not whole"),
        (PAGE | TOTAL, [{"data": rows("a", "b", "c"), "total": 2}], "is not whole"),
        (TOTAL, [{"data": rows("a"), "total": 2}], "is not whole"),
        (CURSOR | TOTAL, [{"data": rows("a"), "total": 2}], "is not whole"),
        (CURSOR, [{"data": rows("a"), "next": "x"}], "is not whole"),
        (TOTAL, [{"data": rows("a"), "total": "1"}], "a field is missing"),
        (CURSOR, [{"data": rows("a"), "next": 7}], "another type"),
        (LINK, [{"data": rows("a"), "next": "https://elsewhere.example/things"}], "not known"),
        (LINK, [{"data": rows("a"), "next": "//elsewhere.example/things"}], "not known"),
        (LINK, [{"data": rows("a"), "next": "/things\r\nX: y"}], "not known"),
        (OFFSET, [{"data": rows("a", "b")}], "more records"),
        ({}, [{"data": rows(*"abcdefghijk")}], "more records"),
        ({}, [{"data": None}], "another type"),
        ({}, [{"data": {"number": 7, "name": "a"}}], "another type"),
        ({}, [{"date": []}], "a field is missing"),
        ({}, [[]], "a field is missing"),
        ({}, [{"data": ["a"]}], "cannot be decoded"),
        ({}, [{"data": [{"number": 7}]}], "x.thing, name: a field is missing"),
        ({}, [{"data": [{"number": 7, "name": "K�ge"}]}], "is not UTF-8"),
        ({}, [{"data": [{"number": None, "name": "a"}]}], "x.thing, number: a field that must have a value"),
        ({"attributes": {"name": {"required": True}}}, [{"data": [{"number": 7, "name": None}]}], "none"),
        ({}, [{"data": [{"number": 8, "name": "a"}]}], "about another subject"),
        ({}, [saying(body=b'{"data": [{"number": 7, "name": "K\xf8ge"}]}')], "is not UTF-8"),
        ({}, [saying(body=b"\xff\xfe{\x00}\x00")], "is not UTF-8"),
        ({}, [saying(body=b'{"data": [')], "cannot be decoded"),
        ({}, [saying(body=b'{"data": NaN}')], "cannot be decoded"),
        ({}, [saying(body=b"[" * 100_000)], "cannot be decoded"),
        ({}, [saying(status=204, body=b"")], "error of its own"),
        ({}, [saying({"data": rows("a")}, 206)], "is not whole"),
        ({}, [saying({}, 404)], "error of its own"),
        ({"unknown": [404]}, [saying(body=b"<p>no such page", status=404)], "cannot be decoded"),
    ],
)
async def test_answers_that_are_not_whole_or_make_no_sense_are_errors(
    say: Say, options: dict[str, Any], answers: list[Any], cause: str
) -> None:
    """Nothing is answered in part, and the cause is told without a word of the register's."""
    _, connection = say(*answers)
    code, about = await problem(thing(**options), connection)
    assert code in {"REGISTER_ANSWER_INVALID", "REGISTER_SCHEMA_CHANGED"}
    assert cause in about


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_status_means_an_unknown_subject_only_where_the_entry_says_so(say: Say, status: int) -> None:
    """Then it is an answer without records, with or without a document."""
    for body in (b"", b'{"error": "ukendt"}'):
        _, connection = say(saying(status=status, body=body))
        assert [] == await names(thing(unknown=[status]), connection)
        assert "REGISTER" in (await problem(thing(), connection))[0]


@pytest.mark.parametrize(
    "pause",
    [{"status": 429, "Retry_After": "0"}, {"status": 503, "Retry_After": "Sun, 22 Nov 2026 00:00:00 GMT"}],
)
async def test_a_pause_that_is_asked_for_is_kept_and_then_asked_again(
    say: Say, pause: dict[str, Any]
) -> None:
    """Seconds or a date; afterwards there is an answer."""
    _, connection = say(saying({}, **pause), {"data": rows("a")})
    dataset = thing()
    found = await answer(Catalogue.of((dataset,)), connection, asking(dataset), bounds=Bounds(attempts=2))
    assert {"7": [{"name": "a"}]} == found


async def test_one_object_is_one_record_and_null_is_none(say: Say) -> None:
    """With `answer = "object"` the place holds a record or nothing."""
    one = thing(answer="object")
    _, connection = say({"data": rows("a")[0]})
    assert ["a"] == await names(one, connection)
    _, connection = say({"data": None})
    assert [] == await names(one, connection)


async def test_a_key_that_the_answer_does_not_tell_is_the_one_asked_for(say: Say) -> None:
    """With `echo = false`, for services below a subject's own path."""
    _, connection = say({"data": [{"name": "a"}]})
    assert ["a"] == await names(thing(echo=False), connection)


async def test_names_may_be_absent_where_the_entry_says_so(say: Say) -> None:
    """With `absent = "null"` a name that is not there is an attribute without a value."""
    _, connection = say({"data": [{"number": 7}]})
    dataset = thing(absent="null")
    assert {"7": [{}]} == await answer(Catalogue.of((dataset,)), connection, asking(dataset))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"query": {"id": "{key}", "v": "{effect}"}},
        {"query": {"id": "{key}"}, "times": {"registreringFra": "a", "registreringTil": "b"}},
    ],
)
async def test_a_service_of_the_present_is_not_asked_about_the_past(
    say: Say, options: dict[str, Any]
) -> None:
    """Today's answer to a question about another time would be wrong without saying so."""
    script, connection = say({"data": []})
    dataset = thing(**options)
    assert ("REGISTER_ANSWER_INVALID", "x.thing: it tells about the present only") == await problem(
        dataset, connection, asking(dataset, current=False)
    )
    assert [] == script.asked


async def test_many_subjects_are_asked_about_in_one_call_or_in_one_each(say: Say) -> None:
    """As the entry says; each has its own records."""

    def echo(request: web.Request) -> web.StreamResponse:
        ids = [int(i) for text in request.query.getall("id") for i in text.split(",")]
        return saying({"data": [{"number": i, "name": f"n{i}"} for i in ids]})(request)

    expected = {v: [{"name": f"n{v}"}] for v in ("1", "2", "3")}
    for options, calls in (
        ({}, 3),
        ({"query": {"id": "{keys}"}, "many": {"most": 2}}, 2),
        ({"query": {"id": "{keys}"}, "many": {"most": 9, "separator": ","}}, 1),
    ):
        script, connection = say(echo)
        dataset = thing(**options)
        assert expected == await answer(Catalogue.of((dataset,)), connection, asking(dataset, "1", "2", "3"))
        assert calls == len(script.asked)
