"""Answers of kind `soap` are read strictly: attacks are refused, drift is an error, words stay out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.kinds.http.client import Answer
from adapters.kinds.soap.entry import Plan, plan_of
from adapters.kinds.soap.reading import read
from adapters.port import (
    AccessRefused,
    AnswerInvalid,
    AsOf,
    Cause,
    Connection,
    Found,
    Record,
    RegisterError,
    SchemaChanged,
    Throttled,
    Unavailable,
)
from tests.support.adapters import lookup_of
from tests.support.services import catalogue_of

[INCOME] = catalogue_of("soap", "eindkomst").datasets.values()
OPTIONS = {"user_system": "a", "user": "b", "service": "c", "service_agreement.test-agreement": "d"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = ("maaned", "loenindkomst", "seNummer")
LOOKUP = lookup_of(INCOME, NAMES, "personnummer", "6101010000", as_of=AsOf(NOW, NOW))
FIELDS = "<Felt><FeltNummer>0013</FeltNummer><Beloeb>30000</Beloeb></Felt>"
RECORD = (
    "<Indberetning><VirksomhedSENummer>90000012</VirksomhedSENummer><Gyldighed>"
    "<RegistreretFra>2025-01-10T00:00:00Z</RegistreretFra><VirkningFra>2024-12-01T00:00:00Z</VirkningFra>"
    f"</Gyldighed>{FIELDS}</Indberetning>"
)
PERSON = (
    "<Person><PersonCivilRegistrationIdentifier>6101010000</PersonCivilRegistrationIdentifier>"
    f"<Maaned><AarMaanedKode>202412</AarMaanedKode>{RECORD}</Maaned></Person>"
)
BODY = (
    '<HentIndkomstSvar xmlns="urn:hjemmel:simulator:eindkomst:1"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    f"<Svar><Kode>0</Kode><AntalIndberetninger>1</AntalIndberetninger></Svar>{PERSON}</HentIndkomstSvar>"
)
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WHOLE = f'<s:Envelope xmlns:s="{SOAP}"><s:Body>{BODY}</s:Body></s:Envelope>'


@pytest.fixture(scope="module")
def plan() -> Plan:
    """How the income register is read."""
    return plan_of(INCOME, Connection("https://r.example", OPTIONS), {})


def found(plan: Plan, body: str | bytes, status: int = 200, **headers: str) -> list[Found]:
    content = body.encode() if isinstance(body, str) else body
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = Answer(status, {"Content-Type": "text/xml; charset=utf-8", **told}, content)
    return list(read(answer, plan, plan.asks["personnummer"], LOOKUP, 1000))


def failed(plan: Plan, body: str | bytes, status: int = 200, **headers: str) -> RegisterError:
    with pytest.raises(RegisterError) as caught:
        found(plan, body, status, **headers)
    assert caught.value.__cause__ is None
    return caught.value


def test_an_answer_is_read(plan: Plan) -> None:
    """Outer elements, conditions and forms lead to values of the catalogue's types."""
    expected: Record = {"maaned": "2024-12", "loenindkomst": 30000, "seNummer": "90000012"}
    assert [Found("6101010000", expected)] == found(plan, WHOLE)


DTD = "<!DOCTYPE a [<!ENTITY {}>]>"
LAUGHS = "".join(
    [
        '<!DOCTYPE a [<!ENTITY l0 "ha">',
        *(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10)),
        "]>",
    ]
)


@pytest.mark.parametrize(
    "attack",
    [
        lambda: DTD.format('x "y"') + WHOLE,
        lambda: DTD.format('x SYSTEM "file:///etc/hostname"') + WHOLE.replace("202412", "&x;"),
        lambda: DTD.format('x SYSTEM "http://127.0.0.1:9/"') + WHOLE.replace("202412", "&x;"),
        lambda: '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">' + WHOLE,
        lambda: '<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/hostname"> %p;]>' + WHOLE,
        lambda: LAUGHS + WHOLE.replace("202412", "&l9;"),
        lambda: WHOLE.replace("202412", "&x;"),
        lambda: WHOLE.replace(PERSON, "<a>" * 100_000 + "</a>" * 100_000),
        lambda: WHOLE.replace("202412", "9" * 11_000_000),
        lambda: WHOLE.replace("<Svar>", f"<Svar {'a' * 11_000_000}=''>"),
        lambda: ('<?xml version="1.0" encoding="UTF-16"?>' + WHOLE).encode("utf-16"),
        lambda: WHOLE.encode()[:-20],
        lambda: b"\x00" + WHOLE.encode(),
        lambda: b"",
    ],
    ids=[
        *("dtd", "file", "http", "external-dtd", "parameter", "laughs", "undeclared", "deep", "long-text"),
        *("long-name", "utf-16", "cut", "nul", "empty"),
    ],
)
def test_xml_that_attacks_is_refused(plan: Plan, attack: Callable[[], str | bytes]) -> None:
    """Nothing is expanded, loaded or followed; the error holds no word of what came."""
    error = failed(plan, attack())
    assert AnswerInvalid is type(error)
    assert error.cause in {Cause.NOT_DECODED, Cause.NOT_UTF8}
    assert str(error) == error.cause.value


@pytest.mark.parametrize(
    ("before", "after", "error", "cause", "attribute"),
    [
        (BODY, BODY.replace(':1"', ':2"'), SchemaChanged, Cause.FIELD_MISSING, ""),
        ("<Maaned>", "<Maaned><Ny/>", SchemaChanged, Cause.FIELD_NEW, ""),
        ("<Felt>", '<Felt xmlns="urn:andet">', SchemaChanged, Cause.FIELD_NEW, ""),
        ("<AarMaanedKode>202412</AarMaanedKode>", "", SchemaChanged, Cause.FIELD_MISSING, "maaned"),
        ("202412", "2024-12", SchemaChanged, Cause.FIELD_TYPE, "maaned"),
        ("202412", "202413", SchemaChanged, Cause.FIELD_TYPE, "maaned"),
        ("202412", "", SchemaChanged, Cause.FIELD_NULL, "maaned"),
        ("202412", "<a/>", SchemaChanged, Cause.FIELD_NEW, "maaned"),
        (">30000<", ">30.000<", SchemaChanged, Cause.FIELD_TYPE, "loenindkomst"),
        (">30000<", ">\N{REPLACEMENT CHARACTER}<", AnswerInvalid, Cause.NOT_UTF8, "loenindkomst"),
        (FIELDS, FIELDS * 2, AnswerInvalid, Cause.CONFLICT, "loenindkomst"),
        ("<Kode>0</Kode>", "<Kode>0</Kode><Kode>0</Kode>", AnswerInvalid, Cause.CONFLICT, ""),
        ("<Kode>0</Kode>", "<Kode>99</Kode>", AnswerInvalid, Cause.SERVER_ERROR, ""),
        ("<Kode>0</Kode>", "", SchemaChanged, Cause.FIELD_MISSING, ""),
        ("<Kode>0</Kode>", "<Kode>30</Kode>", Throttled, Cause.SERVER_ERROR, ""),
        ("<Kode>0</Kode>", "<Kode>22</Kode>", AccessRefused, Cause.NOT_AUTHORISED, ""),
        (">1<", ">2<", AnswerInvalid, Cause.PARTIAL, ""),
        (">1<", "><", AnswerInvalid, Cause.PARTIAL, ""),
        ("2024-12-01T00:00:00Z", "2024-12-01", AnswerInvalid, Cause.TIMES, ""),
        ("2024-12-01T00:00:00Z", "2999-12-01T00:00:00Z", AnswerInvalid, Cause.TIMES, ""),
        ("s:Body>", "s:Bodi>", AnswerInvalid, Cause.NOT_DECODED, ""),
        ("<s:Body>", "<s:Body><a/>", AnswerInvalid, Cause.NOT_DECODED, ""),
        (SOAP, "urn:andet", AnswerInvalid, Cause.NOT_DECODED, ""),
    ],
)
def test_drift_is_an_error_that_names_it(
    plan: Plan, before: str, after: str, error: type[RegisterError], cause: Cause, attribute: str
) -> None:
    """Another namespace, a new element, a missing one, another form: nothing is guessed, nothing left out."""
    assert before in WHOLE
    caught = failed(plan, WHOLE.replace(before, after))
    assert (error, cause, attribute) == (type(caught), caught.cause, caught.attribute)


def test_two_current_records_of_the_same_thing_conflict(plan: Plan) -> None:
    """Of one payer and month there is one report at a time."""
    twice = WHOLE.replace(RECORD, RECORD * 2).replace(">1<", ">2<")
    assert Cause.CONFLICT is failed(plan, twice).cause


def test_what_may_be_missing_has_no_value(plan: Plan) -> None:
    """An optional element that is not there, and one that is said to be nil, are left out of the record."""
    bare = WHOLE.replace(FIELDS, "").replace(
        "<VirksomhedSENummer>90000012</VirksomhedSENummer>", '<VirksomhedSENummer xsi:nil="true"/>'
    )
    assert [Found("6101010000", {"maaned": "2024-12"})] == found(plan, bare)


def test_records_are_counted_before_they_are_kept(plan: Plan) -> None:
    """One more than may be is an error."""
    answer = Answer(200, {}, WHOLE.replace(RECORD, RECORD * 3).replace(">1<", ">3<").encode())
    with pytest.raises(AnswerInvalid) as caught:
        read(answer, plan, plan.asks["personnummer"], LOOKUP, 2)
    assert Cause.TOO_MANY is caught.value.cause


FAULT_12 = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code>'
    "<s:Value>s:{0}</s:Value></s:Code><s:Reason><s:Text>6101010000</s:Text></s:Reason></s:Fault></s:Body>"
    "</s:Envelope>"
)
FAULT_11 = (
    f'<s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault><faultcode>{{0}}</faultcode><faultstring>6101010000'
    "</faultstring><detail><Fejl xmlns='urn:x'><Kode>{1}</Kode></Fejl></detail></s:Fault>"
    "</s:Body></s:Envelope>"
)


@pytest.mark.parametrize(
    ("body", "error", "cause"),
    [
        (FAULT_11.format("s:Server", ""), Unavailable, Cause.SERVER_ERROR),
        (FAULT_11.format("s:Client", ""), AnswerInvalid, Cause.SERVER_ERROR),
        (FAULT_11.format("s:Server.Busy", ""), Unavailable, Cause.SERVER_ERROR),
        (FAULT_11.format("wsse:FailedAuthentication", ""), AccessRefused, Cause.CREDENTIALS_REFUSED),
        (FAULT_11.format("wsu:MessageExpired", ""), AccessRefused, Cause.CREDENTIALS_EXPIRED),
        (FAULT_11.format("s:Client", "30"), Throttled, Cause.SERVER_ERROR),
        (FAULT_11.format("s:Client", "21"), AccessRefused, Cause.CREDENTIALS_EXPIRED),
        (FAULT_11.format("s:Server", "0"), Unavailable, Cause.SERVER_ERROR),
        (FAULT_12.format("Receiver"), Unavailable, Cause.SERVER_ERROR),
        (FAULT_12.format("Sender"), AnswerInvalid, Cause.SERVER_ERROR),
        ("<p>", Unavailable, Cause.SERVER_ERROR),
        (WHOLE, Unavailable, Cause.SERVER_ERROR),
    ],
)
def test_a_fault_becomes_an_error_of_the_port(
    plan: Plan, body: str, error: type[RegisterError], cause: Cause
) -> None:
    """By its codes alone: the standard's, and the service's own as the entry has them."""
    caught = failed(plan, body, 500)
    assert (error, cause) == (type(caught), caught.cause)
    assert "6101010000" not in str(caught)


def test_a_fault_may_say_that_the_subject_is_unknown(plan: Plan) -> None:
    """That is an answer without records, by a fault or by the answer's own code."""
    assert [] == found(plan, FAULT_11.format("s:Client", "10"), 500)
    assert [] == found(plan, WHOLE.replace("<Kode>0", "<Kode>10").replace(PERSON, "").replace(">1<", ">0<"))


def test_another_kind_of_content_is_not_parsed(plan: Plan) -> None:
    """Attachments and pages for people are no answer."""
    assert Cause.NOT_DECODED is failed(plan, WHOLE, Content_Type="multipart/related; type=text/xml").cause


def test_a_service_without_times_has_its_records_filtered(plan: Plan) -> None:
    """Where the register is not told the times, records of other times are left out, and no error."""
    ask = plan.asks["personnummer"]
    bare = replace(ask, request=replace(ask.request, places=frozenset({"key"})))
    answer = Answer(200, {}, WHOLE.replace("2024-12-01T", "2999-12-01T").encode())
    assert [] == list(read(answer, plan, bare, LOOKUP, 10))


def test_the_wsdl_lies_beside_the_entry() -> None:
    """It is read from the folder that the entry is in."""
    assert (INCOME.source.folder / "eindkomst.wsdl").exists()
    assert isinstance(INCOME.source.folder, Path)
