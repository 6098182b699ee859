"""What the catalogue says of a dataset of Datafordeler's is checked for form, and values for sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from adapters.catalogue import load_catalogue
from adapters.kinds.datafordeler.answer import read_page
from adapters.kinds.datafordeler.entry import Asks, read_entry
from adapters.kinds.datafordeler.joins import question_of
from adapters.kinds.datafordeler.times import holds
from adapters.kinds.datafordeler.values import Values
from adapters.kinds.http.statuses import pause_in
from adapters.port import (
    AccessRefused,
    AnswerInvalid,
    AsOf,
    Attribute,
    Cause,
    Dataset,
    RegisterError,
    SchemaChanged,
    Source,
    Text,
    Unavailable,
)
from tests.support.datafordeler import turned

UNIT = load_catalogue().datasets["bbr.enhed"]
JOIN = {"name": "b", "type": "BBR_Bygning", "from": "bygning", "to": "id_lokalId"}

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"type": ""}, "type is missing or no text"),
    ({"type": "BBR Enhed"}, "'BBR Enhed' is no name of GraphQL's"),
    ({"type": "x){y"}, "is no name of GraphQL's"),
    ({"colour": "red"}, "colour is not known to the kind datafordeler"),
    ({"identity": "id_lokalId"}, "identity must hold texts"),
    ({"identity": ["a b"]}, "is no name of GraphQL's"),
    ({"effect": "maybe"}, "effect is 'maybe', but must be one of argument, fields, none"),
    ({"weight": -1}, "weight must be a whole number"),
    ({"weight": True}, "weight must be a whole number"),
    ({"required": ["colour"]}, "required names 'colour', which is no attribute"),
    ({"scalars": {"status": "Float"}}, "scalars is 'Float', but must be one of Boolean"),
    ({"scalars": ["status"]}, "scalars must be a table"),
    ({"codes": {"status": "6"}}, "codes: status must hold texts"),
    ({"codes": {"colour": ["6"]}}, "codes names 'colour'"),
    ({"fields": {"status": "b.status"}}, "names the join b, which is not there"),
    ({"fields": {"status": "sta tus"}}, "is no name of GraphQL's"),
    (
        {"fields": {"id_lokalId": "b.x"}, "joins": [JOIN]},
        "id_lokalId is a key, and cannot come through a join",
    ),
    ({"joins": JOIN}, "joins must be tables"),
    ({"joins": [JOIN, JOIN]}, "there is a join b already"),
    ({"joins": [JOIN | {"from": "c.grund"}]}, "names the join c, which is not there"),
    ({"joins": [JOIN | {"colour": "red"}]}, "joins 1: colour is not known"),
    ({"joins": [JOIN | {"scalar": "Float"}]}, "scalar is 'Float'"),
]


@pytest.mark.parametrize(("options", "said"), WRONG, ids=[w[1] for w in WRONG])
def test_a_wrong_entry_says_what_to_write(options: dict[str, Any], said: str) -> None:
    """It is found when the broker starts, with its place."""
    with pytest.raises(ValueError, match=said):
        read_entry(turned(UNIT, **options))


def dataset_of(kind: str, scalar: str | None, **options: Any) -> Dataset:
    """A dataset with one attribute that is tried."""
    tried = Attribute("tried", kind, "ordinary", Text("t", "t"))
    said = {"type": "X_Y", **({"scalars": {"tried": scalar}} if scalar else {}), **options}
    return replace(UNIT, attributes=(*UNIT.attributes, tried), source=Source("datafordeler", said, "test"))


def read(kind: str, scalar: str | None, node: Mapping[str, Any], **options: Any) -> object:
    dataset = dataset_of(kind, scalar, **options)
    return Values(dataset, read_entry(dataset)).read("tried", node)


@pytest.mark.parametrize(
    ("kind", "scalar", "given", "expected"),
    [
        ("integer", None, 7, 7),
        ("integer", None, -(2**63), -(2**63)),
        ("boolean", None, False, False),
        ("string", None, "æøå", "æøå"),
        ("string", "Long", 9000000001, "9000000001"),
        ("string", "DafDateTime", "2025-01-01T00:30:00.5+01:00", "2024-12-31T23:30:00.500000Z"),
        ("string", "LocalDate", "2025-01-01", "2025-01-01"),
        ("date", None, "2024-02-29", "2024-02-29"),
        ("date", "DafDateTime", "2024-12-31T23:00:00.000000Z", "2025-01-01"),  # midnight in Denmark
        ("date", "DafDateTime", "2025-06-30T22:00:00.000000Z", "2025-07-01"),  # in summer too
        ("month", None, "2025-01", "2025-01"),
        ("cvr", "Long", 91000008, "91000008"),
        ("uuid", None, "0B6F5F0C-8F6F-5C57-9A6E-3F1F7CBE1C55", "0b6f5f0c-8f6f-5c57-9a6e-3f1f7cbe1c55"),
        ("code", None, None, None),
    ],
)
def test_a_scalar_becomes_a_value(kind: str, scalar: str | None, given: object, expected: object) -> None:
    """Each scalar of Datafordeler's arrives in the catalogue's form."""
    assert expected == read(kind, scalar, {"tried": given})


@pytest.mark.parametrize(
    ("kind", "scalar", "given", "cause"),
    [
        ("integer", None, "7", Cause.FIELD_TYPE),
        ("integer", None, 7.0, Cause.FIELD_TYPE),
        ("integer", None, True, Cause.FIELD_TYPE),
        ("integer", None, 2**63, Cause.FIELD_VALUE),
        ("boolean", None, 1, Cause.FIELD_TYPE),
        ("string", None, 7, Cause.FIELD_TYPE),
        ("string", None, ["x"], Cause.FIELD_TYPE),
        ("string", "DafDateTime", "2025-01-01T00:00:00", Cause.FIELD_VALUE),
        ("string", "DafDateTime", "yesterday", Cause.FIELD_VALUE),
        ("date", None, "2025-02-29", Cause.FIELD_VALUE),
        ("date", None, "20250101", Cause.FIELD_VALUE),
        ("date", None, "01-01-2025", Cause.FIELD_VALUE),
        ("month", None, "2025-13", Cause.FIELD_VALUE),
        ("uuid", None, "x", Cause.FIELD_VALUE),
        ("personnummer", None, "123", Cause.FIELD_VALUE),
        ("cvr", "Long", 12345678, Cause.FIELD_VALUE),
    ],
)
def test_a_value_of_another_form_is_an_error(
    kind: str, scalar: str | None, given: object, cause: Cause
) -> None:
    """Nothing is bent into shape: the error names the attribute and says what is wrong, not the value."""
    with pytest.raises(SchemaChanged) as caught:
        read(kind, scalar, {"tried": given})
    assert (cause, "tried") == (caught.value.cause, caught.value.attribute)


def test_what_must_be_there_is() -> None:
    """A field that is gone, one without a value that must have one, and a code that nobody knows."""
    for node, options, cause in (
        ({}, {}, Cause.FIELD_MISSING),
        ({"tried": None}, {"required": ["tried"]}, Cause.FIELD_NULL),
        ({"tried": "8"}, {"codes": {"tried": ["6", "7"]}}, Cause.FIELD_VALUE),
    ):
        with pytest.raises(SchemaChanged) as caught:
            read("code", None, node, **options)
        assert cause == caught.value.cause


# Times

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)
DAY = {"registreringFra": None, "registreringTil": None}


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        ("2025-01-01T12:00:00.000000Z", None, True),
        ("2025-01-01T13:00:00.000000+01:00", None, True),
        ("2025-01-01T12:00:00.000001Z", None, False),
        (None, "2025-01-01T12:00:00.000000Z", False),
        (None, "2025-01-01T12:00:00.000001Z", True),
        (None, None, True),
        ("2025-01-01", "2025-01-01", True),
        ("2025-01-02", None, False),
        ("2024-01-01", "2024-12-31", False),
    ],
)
def test_a_record_holds_from_its_beginning_until_before_its_end(
    begin: str | None,
    end: str | None,
    expected: bool,  # noqa: FBT001  # pytest passes it by name
) -> None:
    """In time the end is not included; in days it is, and days are Denmark's."""
    question = question_of(turned(UNIT, effect="fields", registration="none"), ["status"], "bbr_enhed_id")
    node = DAY | {"virkningFra": begin, "virkningTil": end}
    assert expected == holds(node, question, AsOf(NOON, NOON))


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("2025-01-02T00:00:00Z", "2025-01-01T00:00:00Z"),
        ("2025-01-02", "2025-01-01"),
        ("2025-01-01T00:00:00", None),
        ("soon", None),
        (7, None),
    ],
)
def test_times_without_sense_are_an_error(begin: object, end: object) -> None:
    """A record that ends before it begins, or whose times cannot be read, is nothing to answer with."""
    question = question_of(turned(UNIT, effect=Asks.FIELDS), ["status"], "bbr_enhed_id")
    with pytest.raises(AnswerInvalid) as caught:
        holds(DAY | {"virkningFra": begin, "virkningTil": end}, question, AsOf(NOON, NOON))
    assert Cause.TIMES == caught.value.cause


# Answers

OF = {"status": "status", "enh026": "areal"}


def unknown(**error: Any) -> bytes:
    return orjson.dumps({"errors": [error]})


@pytest.mark.parametrize(
    ("body", "kind", "cause", "attribute"),
    [
        (b"", AnswerInvalid, Cause.NOT_DECODED, ""),
        (b"[]", AnswerInvalid, Cause.NOT_DECODED, ""),
        (b"\xff{}", AnswerInvalid, Cause.NOT_UTF8, ""),
        (b"{}", AnswerInvalid, Cause.NOT_DECODED, ""),
        (b'{"data":{"found":null}}', AnswerInvalid, Cause.NOT_DECODED, ""),
        (b'{"data":{"found":{"nodes":[7],"pageInfo":{}}}}', AnswerInvalid, Cause.NOT_DECODED, ""),
        (b'{"data":{"found":{"nodes":[]}}}', AnswerInvalid, Cause.NOT_DECODED, ""),
        (
            b'{"data":{"found":{"nodes":[],"pageInfo":{"hasNextPage":"no"}}}}',
            AnswerInvalid,
            Cause.NOT_DECODED,
            "",
        ),
        (b'{"errors":[{"message":"x"}],"data":{}}', AnswerInvalid, Cause.PARTIAL, ""),
        (b'{"errors":[{"message":"x","path":["found"]}],"data":null}', Unavailable, Cause.SERVER_ERROR, ""),
        (b'{"errors":["x"]}', AnswerInvalid, Cause.SERVER_ERROR, ""),
        (b'{"errors":"x"}', AnswerInvalid, Cause.SERVER_ERROR, ""),
        (
            unknown(message="Cannot query field 'enh026' on type 'BBR_Enhed'."),
            SchemaChanged,
            Cause.FIELD_UNKNOWN,
            "areal",
        ),
        (unknown(message="x", extensions={"field": "enh026"}), SchemaChanged, Cause.FIELD_UNKNOWN, "areal"),
        (
            unknown(message="x", extensions={"field": ["enh026"], "code": {}}),
            AnswerInvalid,
            Cause.SERVER_ERROR,
            "",
        ),
        (unknown(message="no such field: colour"), AnswerInvalid, Cause.SERVER_ERROR, ""),
        (
            unknown(message="x", extensions={"code": "AUTH_NOT_AUTHORIZED"}),
            AccessRefused,
            Cause.NOT_AUTHORISED,
            "",
        ),
        (
            unknown(message="x", extensions={"code": "AUTH_NOT_AUTHENTICATED"}),
            AccessRefused,
            Cause.CREDENTIALS_REFUSED,
            "",
        ),
    ],
)
def test_an_answer_that_is_none_says_why(
    body: bytes, kind: type[RegisterError], cause: Cause, attribute: str
) -> None:
    """Of the register's own words, only the name of a field that was asked for is believed."""
    with pytest.raises(RegisterError) as caught:
        read_page(body, refused=False, attributes=OF)
    assert (kind, cause, attribute) == (type(caught.value), caught.value.cause, caught.value.attribute)


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("7", 7, 7),
        ("999999999", 3600, 3600),
        ("-1", 1, 1),
        ("soon", 1, 1),
        ("", 1, 1),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Wed, 21 Oct 2315 07:28:00 GMT", 3600, 3600),
    ],
)
def test_a_pause_is_read_within_bounds(header: str, least: float, most: float) -> None:
    """Seconds or a date; nonsense is a second, and nobody is made to wait for ever."""
    assert least <= pause_in({"Retry-After": header}) <= most
