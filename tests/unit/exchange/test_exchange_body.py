"""Reading a body: every field is checked for form, all that is wrong is told at once, nothing is repeated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hjemmel.exchange.v1 import envelope_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st

from exchange import body
from exchange.client import Question
from exchange.client.wire import body as write
from exchange.errors import Refused
from exchange.model.request import SUBJECT_ROLES, SubjectKey

SECRET = "7204861234"
QUESTION = Question(
    dataset="eindkomst.indkomst",
    attributes=("maaned", "loenindkomst"),
    subject=SubjectKey("personnummer", SECRET),
    subject_role="applicant",
    purpose="housing-benefit.income",
    legal_basis="bsl.8",
    agreement="udk-eindkomst",
    case_reference="SAG-1",
    caseworker="nobody",
)
Change = Callable[[pb.ExchangeBody], object]


def message(change: Change = lambda _: None) -> pb.ExchangeBody:
    made = write(QUESTION, "91000008")
    change(made)
    return made


def violations(change: Change) -> dict[str, str]:
    with pytest.raises(Refused) as caught:
        body.read(message(change).SerializeToString())
    assert ["FIELD_INVALID"] == [r.code for r in caught.value.reasons]
    return {v.field: v.description for v in caught.value.violations}


def refusal(data: bytes, *, descriptions: bool = False) -> str | None:
    """The code, or the descriptions, under which bytes are refused; nothing where they are read."""
    try:
        body.read(data)
    except Refused as refused:
        said = [v.description for v in refused.violations]
        return "\n".join(said) if descriptions else refused.reasons[0].code
    return None


def test_whole_body_is_read() -> None:
    """Every field arrives as it was written, attributes in order."""
    asked = Question(
        **{
            **{f: getattr(QUESTION, f) for f in QUESTION.__dataclass_fields__},
            "consent_reference": "S-1",
            "law_date": date(2023, 6, 1),
            "effect_time": datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
            "registration_time": datetime(2024, 5, 6, tzinfo=UTC),
            "partial_acceptable": True,
        }
    )
    read = body.read(write(asked, "91000008").SerializeToString())
    assert ("91000008", ("loenindkomst", "maaned")) == (read.consumer, read.attributes)
    same: tuple[str, ...] = (
        "dataset",
        "subject",
        "subject_role",
        "purpose",
        "legal_basis",
        "agreement",
        "case_reference",
    )
    same += ("consent_reference", "law_date", "effect_time", "registration_time", "partial_acceptable")
    assert [getattr(asked, f) for f in same] == [getattr(read, f) for f in same]


def test_what_is_not_stated_is_absent() -> None:
    """Optional fields that were left out are nothing, not a default."""
    read = body.read(message().SerializeToString())
    assert (None, None, None, None, False) == (
        read.consent_reference,
        read.law_date,
        read.effect_time,
        read.registration_time,
        read.partial_acceptable,
    )


@pytest.mark.parametrize("role", SUBJECT_ROLES)
def test_every_role_is_read(role: str) -> None:
    """The roles of the model are the roles of the API."""
    value = pb.SubjectRole.Value(f"SUBJECT_ROLE_{role.upper()}")
    assert (
        role
        == body.read(message(lambda m: setattr(m, "subject_role", value)).SerializeToString()).subject_role
    )
    assert len(SUBJECT_ROLES) + 1 == len(pb.SubjectRole.values())


def put(field: str, value: object) -> Change:
    return lambda m: setattr(m, field, value)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        *(
            (f, put(f, ""))
            for f in ("consumer", "dataset", "purpose", "legal_basis", "agreement", "case_reference")
        ),
        ("attributes", lambda m: m.ClearField("attributes")),
        ("subject.kind", lambda m: m.ClearField("subject")),
        ("subject.value", lambda m: setattr(m.subject, "value", "")),
        ("subject_role", put("subject_role", 0)),
        ("subject_role", put("subject_role", 99)),
        ("consumer", put("consumer", "12345678")),
        ("dataset", put("dataset", "cpr person")),
        ("dataset", put("dataset", f"x{SECRET}")),
        ("purpose", put("purpose", "1.purpose")),
        ("purpose", put("purpose", "x" * 65)),
        ("legal_basis", put("legal_basis", "bsl.§8")),
        ("agreement", put("agreement", "udk\n")),
        ("case_reference", put("case_reference", "x" * 201)),
        ("case_reference", put("case_reference", "SAG\n1")),
        ("case_reference", put("case_reference", "SAG\x001")),
        ("consent_reference", put("consent_reference", "x" * 201)),
        ("attributes", lambda m: m.attributes.append("maaned")),
        ("attributes", lambda m: m.attributes.append("*")),
        ("attributes", lambda m: m.attributes.append("")),
        ("attributes", lambda m: m.attributes.extend(f"a{n}" for n in range(99))),
        ("law_date", put("law_date", "2023-02-29")),
        ("law_date", put("law_date", "20230228")),
        ("law_date", put("law_date", "2023-W05-1")),
        ("law_date", put("law_date", "yesterday")),
        ("effect_time", lambda m: m.effect_time.CopyFrom(Timestamp(seconds=2**62))),
        ("registration_time", lambda m: m.registration_time.CopyFrom(Timestamp(seconds=1, nanos=-1))),
    ],
)
def test_malformed_field_is_named_and_not_repeated(field: str, change: Change) -> None:
    """The field alone is named, with the form it must have and without what it held."""
    found = violations(change)
    assert [field] == list(found)
    assert found[field].startswith("must ")
    assert SECRET not in found[field]


def test_everything_wrong_is_told_at_once() -> None:
    """An empty body names every field that is needed, in the order of the API."""
    with pytest.raises(Refused) as caught:
        body.read(b"")
    assert [
        *("consumer", "dataset", "attributes", "subject.kind", "subject_role"),
        *("purpose", "legal_basis", "agreement", "case_reference"),
    ] == [v.field for v in caught.value.violations]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No bytes lead to anything but a request or a refusal that says which of the two reasons holds."""
    assert refusal(data) in {None, "BODY_MALFORMED", "FIELD_INVALID"}


@given(st.integers(0, 400), st.integers(0, 255))
def test_any_changed_byte_is_read_or_refused(place: int, value: int) -> None:
    """A body with one byte changed is another request or none, never a crash; no value is repeated."""
    data = bytearray(message().SerializeToString())
    data[place % len(data)] = value
    assert SECRET not in (refusal(bytes(data), descriptions=True) or "")
