"""Whatever the adapter is asked, its query is valid under the schema that the register publishes."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.catalogue import load_catalogue
from adapters.kinds.datafordeler import events
from adapters.kinds.datafordeler.entry import read_entry
from adapters.kinds.datafordeler.importing import WantedKey, import_schema
from adapters.kinds.datafordeler.joins import join_question, joins_for, question_of
from adapters.kinds.datafordeler.published import published as published_type
from adapters.kinds.datafordeler.query import Question, as_scalar, daf_time
from adapters.port import AsOf, Dataset
from adapters.simulators.datafordeler.schema import read_schema, schema_of
from tests.support.datafordeler import SCHEMAS, all_turned, needs_schemas, published, turned

NAIVE = datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)
TIMES = st.datetimes(
    min_value=NAIVE.replace(year=1900), max_value=NAIVE.replace(year=2200), timezones=st.just(UTC)
)
NASTY = '"}) { __schema { types { name } } } #\\'


def problems(schema: GraphQLSchema, text: str, variables: dict[str, Any]) -> list[str]:
    """What a server would say against a query and its variables."""
    document = parse(text)
    found = [error.message for error in validate(schema, document)]
    if found:
        return found
    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    coerced = get_variable_values(schema, list(operation.variable_definitions or ()), variables)
    return [error.message for error in coerced] if isinstance(coerced, list) else []


def variables_of(question: Question, keys: list[str], as_of: AsOf) -> dict[str, Any]:
    scalars = [as_scalar(key, question.scalar) for key in keys]
    found = [s for s in scalars if s is not None]
    return question.variables(found, as_of) | {"first": 10, "after": "MQ=="}


@cache
def own(register: str) -> tuple[GraphQLSchema, list[Dataset]]:
    """A register of the catalogue, with the schema that a simulator makes of it."""
    datasets = all_turned(register)
    return read_schema(schema_of(register, datasets), register), datasets


@cache
def whole(register: str, folder: Path) -> tuple[GraphQLSchema, list[Dataset]]:
    """Every type of a published schema that can be searched, imported and loaded."""
    text = published(register).read_text("utf-8")
    schema = build_schema(text)
    assert schema.query_type is not None
    keys = []
    for name in schema.query_type.fields:
        entity = published_type(schema, name)
        found_by = [f for f in entity.fields if f.found_by]
        keys += [WantedKey("code", f.name, many=True, type=name) for f in found_by[:1]]
    _, entry = import_schema(text, [k.type for k in keys], provider="96000103", subject="property", keys=keys)
    (folder / f"{register.lower()}.toml").write_text(entry, "utf-8")
    datasets = [d for d in load_catalogue(folder).datasets.values() if d.register == register.lower()]
    assert len(datasets) == len(keys) > 8
    return schema, datasets


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the catalogue of all published types is written."""
    return tmp_path_factory.mktemp("catalogue")


@needs_schemas
@pytest.mark.parametrize("register", SCHEMAS)
@settings(deadline=None, max_examples=60)
@given(data=st.data(), effect=TIMES, registration=TIMES)
def test_every_query_is_valid_under_the_published_schema(
    folder: Path, register: str, data: st.DataObject, effect: datetime, registration: datetime
) -> None:
    """For any type, any subset of attributes, any key, any values and any pair of times."""
    schema, datasets = whole(register, folder)
    dataset = data.draw(st.sampled_from(datasets))
    attributes = data.draw(st.lists(st.sampled_from(sorted(dataset.attribute_names)), unique=True))
    key = data.draw(st.sampled_from(dataset.keys))
    values = data.draw(st.lists(st.text(max_size=20) | st.from_regex(r"[0-9]{1,20}"), max_size=5))
    question = question_of(dataset, attributes, key.kind)
    variables = variables_of(question, values, AsOf(effect, registration))
    assert [] == problems(schema, question.text, variables)


@pytest.mark.parametrize("register", ["bbr", "cpr", "cvr", "dar", "ejf", "eindkomst"])
@settings(deadline=None, max_examples=20)
@given(data=st.data(), moment=TIMES)
def test_every_query_is_valid_under_the_schema_of_a_simulator(
    register: str, data: st.DataObject, moment: datetime
) -> None:
    """The same where nothing is published: for every dataset of the catalogue."""
    schema, datasets = own(register)
    dataset = data.draw(st.sampled_from(datasets))
    attributes = data.draw(st.lists(st.sampled_from(sorted(dataset.attribute_names)), unique=True))
    key = data.draw(st.sampled_from(dataset.keys))
    value = data.draw(st.text(max_size=20) | st.from_regex(r"[0-9]{1,20}"))
    question = question_of(dataset, attributes, key.kind)
    assert [] == problems(schema, question.text, variables_of(question, [value], AsOf(moment, moment)))


@needs_schemas
def test_queries_of_joins_are_valid_under_the_published_schema() -> None:
    """A unit's year of construction and property number, through three other types, each a valid query."""
    schema = build_schema(published("BBR").read_text("utf-8"))
    dataset = turned(
        load_catalogue().datasets["bbr.enhed"],
        fields={
            "enh026EnhedensSamledeAreal": "bygning.byg026Opfoerelsesaar",
            "enh027ArealTilBeboelse": "ejendom.bfeNummer",
        },
        joins=[
            {"name": "bygning", "type": "BBR_Bygning", "from": "bygning", "to": "id_lokalId"},
            {"name": "grund", "type": "BBR_Grund", "from": "bygning.grund", "to": "id_lokalId"},
            {
                "name": "ejendom",
                "type": "BBR_Ejendomsrelation",
                "from": "grund.bestemtFastEjendom",
                "to": "id_lokalId",
            },
        ],
    )
    attributes = ("enh026EnhedensSamledeAreal", "enh027ArealTilBeboelse")
    entry, now = read_entry(dataset), datetime(2025, 1, 1, tzinfo=UTC)
    joins = joins_for(entry, attributes)
    assert ["bygning", "grund", "ejendom"] == [j.name for j in joins]
    questions = [question_of(dataset, attributes, "bbr_enhed_id")]
    questions += [join_question(join, entry, attributes) for join in joins]
    for question in questions:
        assert [] == problems(schema, question.text, variables_of(question, ["x"], AsOf(now, now)))
    assert "byg026Opfoerelsesaar" in questions[1].text
    assert "enh026" not in questions[0].text


def test_check_of_queries_finds_what_is_wrong() -> None:
    """The check that the tests above lean on refuses an unknown field, and a variable of another type."""
    schema, _ = own("bbr")
    question = question_of(turned(load_catalogue().datasets["bbr.enhed"]), ["status"], "bbr_enhed_id")
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    variables = variables_of(question, ["x"], AsOf(moment, moment))
    assert [] != problems(schema, question.text.replace("status", "stutas"), variables)
    assert [] != problems(schema, question.text, variables | {"keys": [7]})
    assert [] != problems(schema, question.text, variables | {"first": None})


def test_nothing_is_asked_for_beside_what_is_granted() -> None:
    """The query has the attributes, the key, the record's identity and its times, and no other field."""
    question = question_of(turned(load_catalogue().datasets["bbr.enhed"]), ["status"], "dar_adresse_id")
    times = {"virkningFra", "virkningTil", "registreringFra", "registreringTil"}
    assert {"status", "adresseIdentificerer", "id_lokalId"} | times == set(question.selected)


def test_no_value_stands_in_a_query() -> None:
    """A value that would end the query, were it pasted in, travels as a variable like any other."""
    question = question_of(turned(load_catalogue().datasets["bbr.enhed"]), ["status"], "bbr_enhed_id")
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    variables = question.variables([NASTY], AsOf(moment, moment))
    assert [NASTY] == variables["keys"]
    assert NASTY not in question.text
    assert daf_time(moment) not in question.text


def test_events_are_asked_for_validly() -> None:
    """The query for events fits the root field that simulators add."""
    schema, _ = own("bbr")
    assert [] == problems(schema, events.query_of("bbr"), {"after": 0, "first": 10})


@pytest.mark.parametrize(
    ("value", "scalar", "expected"),
    [
        ("91000008", "Long", 91000008),
        ("007", "Long", None),
        ("9" * 20, "Long", None),
        ("x", "Long", None),
        ("\u0669", "Long", None),
        ("007", "String", "007"),
    ],
)
def test_key_that_no_record_can_have_is_not_asked_for(
    value: str, scalar: str, expected: str | int | None
) -> None:
    """A number with leading zeros, or beyond 64 bits, names nothing in a field of numbers."""
    assert expected == as_scalar(value, scalar)
