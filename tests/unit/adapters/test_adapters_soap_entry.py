"""Entries of kind `soap` are held against the WSDL at the start: what cannot be is told with the place."""

from __future__ import annotations

import copy
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from adapters.kinds.soap import open_soap
from adapters.kinds.soap.adapter import message
from adapters.kinds.soap.entry import Plan, plan_of
from adapters.port import AnswerInvalid, Connection, Dataset, Mandate, NotCovered
from adapters.simulators import entries
from tests.support.adapters import lookup_of
from tests.support.services import catalogue_of

[INCOME] = catalogue_of("soap", "eindkomst").datasets.values()
OPTIONS = {"user_system": "a", "user": "b", "service": "c", "service_agreement.udk-eindkomst": "d"}
CONNECTION = Connection("https://r.example", OPTIONS)
MANDATE = Mandate("91000008", None, "p", "bsl.8", "udk-eindkomst", "01890000-0000-7000-8000-000000000000")


def changed(path: str, value: Any, folder: Path | None = None) -> Dataset:
    """The entry with another value at a path; None takes it away."""
    options: dict[str, Any] = copy.deepcopy(dict(INCOME.source.options))
    at: Any = options
    *before, last = path.split("/")
    for step in before:
        at = at.setdefault(step, {})
    if value is None:
        at.pop(last)
    else:
        at[last] = value
    return replace(
        INCOME, source=replace(INCOME.source, options=options, folder=folder or INCOME.source.folder)
    )


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("operation", "Hent", "operation Hent is not in eindkomst.wsdl; there are: HentIndkomst"),
        ("service", "Andet", "eindkomst.wsdl has no such SOAP service and port"),
        ("wsdl", "nowhere.wsdl", "cannot be read as a WSDL"),
        ("records", "Person.Maned", "records: Maned is not in Person; there are:"),
        ("records", None, "records is missing"),
        ("total", "Svar.Antal", "total: Antal is not in Svar; there are: Kode, AntalIndberetninger"),
        ("total", "Person.PersonCivilRegistrationIdentifier", "Person may come many times"),
        ("attributes/maaned", "Person.Maaned", "Maaned holds elements and no text"),
        ("attributes/maaned", "Person.Maaned.Aar", "attributes: maaned: Aar is not in Maaned"),
        ("attributes/loenindkomst", "Person.Maaned.Indberetning.Felt.Beloeb", "pick one by Felt[Name=…]"),
        ("attributes/loenindkomst", "Person.Maaned.Indberetning.Felt[Nr=1].Beloeb", "Nr is not in Felt"),
        ("attributes/loenindkomst", "Person.Maaned.Indberetning.Felt[Nr].Beloeb", "is no name of an element"),
        ("attributes/loen", "x", "loen is not known"),
        ("identity", ["loen"], "identity: loen is no attribute"),
        ("outcome/unknown", ["0"], "outcome: a code means one thing"),
        ("outcome/fin", ["0"], "fin is not known"),
        ("codes/purpose_code/of", "subject", "of is 'subject', but must be one of consumer"),
        ("codes/key", {"of": "purpose", "values": {"a": "b"}}, "'key' cannot be a place"),
        ("settings", ["user_system", "user", "service", "purpose_code"], "purpose_code is missing"),
        ("settings", ["user_system", "user"], "{service} is no place of a template"),
        ("request/Adgang/Andet", "1", "unexpected keyword argument 'Andet'"),
        ("request/Adgang/AbonnentTypeKode", None, "Missing element AbonnentTypeKode"),
        ("by/personnummer/request", {}, "must hold {key}"),
        ("by/cpr", {}, "cpr is not known"),
        ("recrods", "Person", "recrods is not known"),
    ],
)
def test_what_an_entry_cannot_say_is_told(path: str, value: object, said: str) -> None:
    """The message names the place, and what there is instead."""
    with pytest.raises(ValueError, match=r"eindkomst\.toml") as caught:
        plan_of(changed(path, value), CONNECTION, {})
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<xsd:import namespace="urn:hjemmel:simulator:kontekst:1"/>', '<xsd:include schemaLocation="{}"/>'),
        ("<wsdl:types>", '<wsdl:import namespace="urn:x" location="{}"/><wsdl:types>'),
    ],
)
@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x.xsd", "https://127.0.0.1:9/x", "file:///etc/hostname"])
def test_a_wsdl_is_never_fetched_in_part(tmp_path: Path, before: str, after: str, url: str) -> None:
    """An import that leads to another machine, or to a URL at all, is refused; nothing is asked there."""
    text = (entries("soap") / "eindkomst.wsdl").read_text("utf-8")
    assert before in text
    (tmp_path / "eindkomst.wsdl").write_text(text.replace(before, after.format(url)), "utf-8")
    with pytest.raises(ValueError, match="cannot be read as a WSDL"):
        plan_of(changed("wsdl", "eindkomst.wsdl", tmp_path), CONNECTION, {})


def test_a_wsdl_with_a_document_type_is_refused(tmp_path: Path) -> None:
    """Entities have no place there."""
    text = (entries("soap") / "eindkomst.wsdl").read_text("utf-8")
    head, _, rest = text.partition("?>")
    (tmp_path / "w.wsdl").write_text(f'{head}?><!DOCTYPE a [<!ENTITY x "y">]>{rest}', "utf-8")
    with pytest.raises(ValueError, match="cannot be read as a WSDL"):
        plan_of(changed("wsdl", "w.wsdl", tmp_path), CONNECTION, {})


def test_a_wsdl_in_several_files_is_read(tmp_path: Path) -> None:
    """What it imports may lie beside it, as real ones come."""
    text = (entries("soap") / "eindkomst.wsdl").read_text("utf-8")
    begin, end = (
        text.index('    <xsd:schema targetNamespace="urn:hjemmel:simulator:kontekst:1"'),
        text.index("</xsd:schema>"),
    )
    schema = text[begin : end + len("</xsd:schema>")]
    declared = 'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
    (tmp_path / "kontekst.xsd").write_text(
        schema.replace("<xsd:schema ", f"<xsd:schema {declared}").strip(), "utf-8"
    )
    placed = 'namespace="urn:hjemmel:simulator:kontekst:1" schemaLocation="kontekst.xsd"/>'
    apart = text.replace(schema, "").replace('namespace="urn:hjemmel:simulator:kontekst:1"/>', placed)
    (tmp_path / "w.wsdl").write_text(apart, "utf-8")
    assert set(plan_of(changed("wsdl", "w.wsdl", tmp_path), CONNECTION, {}).asks) == {
        "personnummer",
        "se_nummer",
    }


@pytest.fixture(scope="module")
def plan() -> Plan:
    """How the income register is read."""
    return plan_of(INCOME, CONNECTION, {})


def sent(plan: Plan, mandate: Mandate, value: str = "6101010000") -> Mapping[str, str]:
    lookup = replace(lookup_of(INCOME, ("maaned",), "personnummer", value), mandate=mandate)
    document = etree.fromstring(message(plan, plan.asks["personnummer"], lookup))
    return {etree.QName(e).localname: e.text for e in document.iter() if not len(e)}


def test_the_mandate_fills_the_context(plan: Plan) -> None:
    """Who asks, for what and under which agreement, in the register's codes; what is empty is left out."""
    told = sent(plan, MANDATE)
    assert {
        "TransactionUUID": MANDATE.request_id,
        "ServiceAgreementUUID": "d",
        "UserSystemUUID": "a",
        "UserUUID": "b",
        "ServiceUUID": "c",
        "CallersServiceCallIdentifier": MANDATE.request_id,
        "AccountingInfo": "udk-eindkomst",
        "AbonnentTypeKode": "1",
        "AbonnementTypeKode": "7",
        "AdgangFormaalTypeKode": "501",
        "PersonCivilRegistrationIdentifier": "6101010000",
        "Virkningstid": "2026-01-01T00:00:00.000000Z",
        "Registreringstid": "2026-01-01T00:00:00.000000Z",
    } == told
    assert "91000008" == sent(plan, replace(MANDATE, processor="91000008"))["OnBehalfOfUser"]


@pytest.mark.parametrize(
    "mandate", [replace(MANDATE, legal_basis="udl.12"), replace(MANDATE, agreement="another")]
)
def test_what_has_no_code_is_not_written(plan: Plan, mandate: Mandate) -> None:
    """A legal basis that the register has no purpose code for, an agreement that it does not know."""
    with pytest.raises(NotCovered):
        sent(plan, mandate)


@pytest.mark.parametrize("value", ["<a/>", "&x;", "]]>", "{request_id}", '"', "æøå", "\N{SNOWMAN}"])
def test_a_key_never_becomes_syntax(plan: Plan, value: str) -> None:
    """Whatever it holds, the register reads it as it is."""
    assert value == sent(plan, MANDATE, value)["PersonCivilRegistrationIdentifier"]


def test_a_key_that_xml_cannot_hold_is_an_error_without_it(plan: Plan) -> None:
    """Nothing is sent, and the key is in no error."""
    with pytest.raises(AnswerInvalid) as caught:
        sent(plan, MANDATE, "61\x0001")
    assert ("61\x0001" in str(caught.value), caught.value.__cause__) == (False, None)


def test_without_the_library_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kind is known all the same; the extra is named."""
    monkeypatch.setitem(sys.modules, "adapters.kinds.soap.adapter", None)
    with pytest.raises(ValueError, match=r"pip install 'hjemmel\[soap\]'"):
        open_soap("eindkomst", [INCOME], CONNECTION)


def test_an_entry_may_lie_anywhere(tmp_path: Path) -> None:
    """The WSDL is looked for beside the entry, wherever that is."""
    shutil.copy(entries("soap") / "eindkomst.wsdl", tmp_path)
    assert plan_of(changed("wsdl", "eindkomst.wsdl", tmp_path), CONNECTION, {}).asks
