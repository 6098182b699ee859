"""Entries of kind `rest` are read strictly, and templates never let a value become syntax."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.kinds.http.client import encoded
from adapters.kinds.rest.entry import plan_of
from adapters.kinds.rest.template import PLACES, filled_path, path_template
from adapters.kinds.template import Template, Tree
from adapters.port import AnswerInvalid, Attribute, Dataset, Key, Source, Text

TEXT = Text("", "")
GOOD: dict[str, Any] = {"path": "/things/{key}"}
ANY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def thing(options: dict[str, Any]) -> Dataset:
    return Dataset(
        name="x.thing",
        register="x",
        provider="95000088",
        title=TEXT,
        subject="property",
        source=Source("rest", options, "x.toml: x.thing"),
        attributes=(
            Attribute("number", "integer", "ordinary", TEXT),
            Attribute("name", "string", "ordinary", TEXT),
            Attribute("kind", "code", "ordinary", TEXT),
        ),
        keys=(Key("bfe_nummer", "number", "many"),),
    )


def test_the_shortest_entry_is_a_path() -> None:
    """Everything else has a usual value: attributes under their own names, one subject a call."""
    plan = plan_of(thing(GOOD))
    assert {"number", "name", "kind"} == {f.path for f in plan.fields.by_name.values()}
    assert (1, True) == (plan.asks["bfe_nummer"].most, plan.asks["bfe_nummer"].echo)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"path": "things/{key}"}, "path: must begin with /"),
        ({"path": "/things?x={key}"}, "path: must begin with /"),
        ({"path": "/../{key}"}, "path: must begin with /"),
        ({"path": "/things"}, "must hold {key}"),
        ({"path": "/things/{kye}"}, "{kye} is no place of a template"),
        ({"path": "/things/{key"}, "a brace begins or ends no place"),
        ({"path": ""}, "path is missing"),
        ({"pth": "/x"}, "pth is not known"),
        ({"query": {"a": 1}}, "query: a is missing or no text"),
        ({"query": {"a": "{page}"}}, "no paging is told"),
        ({"paging": {"by": "page", "size": 10}}, "must hold {page}"),
        ({"paging": {"by": "page"}, "query": {"p": "{page}"}}, "size must be a whole number"),
        ({"paging": {"by": "cursor"}}, "next is missing"),
        ({"paging": {"by": "cursor", "next": "a"}, "path": "/{key}/{cursor}"}, "must stand in the query"),
        ({"paging": {"by": "luck"}}, "by is 'luck'"),
        ({"many": {"most": 10}}, "go together"),
        ({"path": "/things/{keys}", "many": {"most": 10}}, "needs a separator"),
        ({"path": "/t/{keys}", "many": {"most": 9, "separator": ","}, "echo": False}, "echo must be true"),
        ({"unknown": [500]}, "unknown must be a list of"),
        ({"unknown": 404}, "unknown must be a list of"),
        ({"records": "a..b"}, "single dots"),
        ({"attributes": {"nmae": "x"}}, "nmae is not known"),
        ({"attributes": {"name": {"path": "x", "frm": "text"}}}, "frm is not known"),
        ({"attributes": {"number": {"form": "roman"}}}, "attributes: number: form is 'roman'"),
        ({"attributes": {"name": {"codes": ["a"]}}}, "codes are for attributes of type code"),
        ({"times": {"virkningFra": "a"}}, "virkningFra and virkningTil go together"),
        ({"times": {"virkning": "a"}}, "virkning is not known"),
        ({"by": {"cvr_nummer": {"path": "/x/{key}"}}}, "cvr_nummer is not known"),
        ({"spelling": "german"}, "spelling is 'german'"),
    ],
)
def test_mistakes_in_an_entry_are_told_with_their_place(change: dict[str, Any], said: str) -> None:
    """The message names the file, the dataset, the field, and what it may be."""
    with pytest.raises(ValueError, match=r"^x\.toml: x\.thing") as caught:
        plan_of(thing({**GOOD, **change}))
    assert said in str(caught.value)


@given(ANY)
def test_any_value_stays_one_segment_of_a_path(value: str) -> None:
    """Whatever it holds, the server reads the value that was put in, or nothing is sent."""
    template = path_template("/a/{key}/b", "here")
    try:
        path = filled_path(template, {"key": value})
    except AnswerInvalid:
        assert value in {".", ".."}
        return
    parts = urlsplit(f"http://127.0.0.1{path}")
    assert ("", "") == (parts.query, parts.fragment)
    assert ["", "a", value, "b"] == [unquote(s) for s in parts.path.split("/")]


@given(ANY, ANY)
def test_any_value_stays_one_parameter_of_a_query(value: str, other: str) -> None:
    """Ampersands and equal signs begin no other parameter."""
    made = encoded([("id", Template.of("eq.{key}", PLACES, "here").filled({"key": value})), ("x", other)])
    assert [("id", f"eq.{value}"), ("x", other)] == parse_qsl(made, keep_blank_values=True)


@given(ANY)
def test_any_value_stays_one_text_of_a_body(value: str) -> None:
    """Quotes and braces end nothing; a place within a value is not filled."""
    body = Tree.of({"a": {"b": "x{key}"}, "many": "{keys}", "n": 1, "l": ["{key}"]}, PLACES, "here")
    made = body.filled({"key": value, "keys": "-"}, {"keys": (value, "{key}")})
    assert {"a": {"b": f"x{value}"}, "many": [value, "{key}"], "n": 1, "l": [value]} == made
