"""The kind `soap` over real HTTP: what the SQL adapter says, under the mandate."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.catalogue import load_catalogue
from adapters.port import AsOf, Catalogue, Connection
from adapters.registers import Registers
from adapters.simulators import entries
from adapters.simulators.faults import Faults
from adapters.simulators.soap.service import simulator
from exchange.client import Failed
from exchange.demo.questions import SLUGS
from tests.support.adapters import lookup_of
from tests.support.broker import Site, running
from tests.support.certificates import issue
from tests.support.questions import case as planted
from tests.support.questions import question_of
from tests.support.services import (
    answer,
    catalogue_of,
    failure,
    hosted,
    in_a_thread,
    in_any_order,
    simulating,
    simulator_of,
)

CATALOGUE = catalogue_of("soap", "eindkomst")
[INCOME] = CATALOGUE.datasets.values()
SQL = load_catalogue().datasets["eindkomst.indkomst"]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TIMES = [AsOf(NOW, NOW), AsOf(datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC))]


@pytest.fixture(scope="module")
def faults() -> Faults:
    """Counts the questions."""
    return Faults(kind="soap")


@pytest.fixture(scope="module")
def register(register_folder: Path, faults: Faults) -> Iterator[Connection]:
    """A simulated income register, and what the configuration says of it."""
    with simulating("soap", "eindkomst", register_folder, faults) as connection:
        yield replace(connection, options=covering(connection, "test-agreement"))


def covering(connection: Connection, agreement: str) -> dict[str, str]:
    return {**connection.options, f"service_agreement.{agreement}": "an-id"}


def test_the_entry_describes_what_the_catalogue_describes() -> None:
    """It has the attributes and keys of the catalogue; only its source differs."""
    assert replace(SQL, source=INCOME.source) == INCOME


@pytest.mark.parametrize("kind", ["personnummer", "se_nummer"])
async def test_answers_are_those_of_the_sql_adapter(
    generated: Registers, register_folder: Path, register: Connection, kind: str
) -> None:
    """By person and by payer, one by one and many at once, now and in the past, the same records."""
    key = INCOME.key(kind)
    assert key is not None
    values = sorted({str(row[key.attribute]) for row in generated.tables[INCOME.name].records()})[:12]
    database = Connection(f"sqlite:///{register_folder / 'eindkomst.db'}", max_records=100_000)
    for as_of in TIMES:
        asked = lookup_of(INCOME, sorted(INCOME.attribute_names), kind, *values, as_of=as_of)
        asked = replace(asked, mandate=replace(asked.mandate, legal_basis="bsl.8"))
        same = replace(asked, dataset=SQL)
        expected = in_any_order(await answer(Catalogue.of((SQL,)), database, same))
        assert expected == in_any_order(
            await answer(CATALOGUE, replace(register, max_records=100_000), asked)
        )


async def test_soap_1_2_is_spoken_where_the_wsdl_has_it(
    generated: Registers, register_folder: Path, tmp_path: Path
) -> None:
    """The same entry, another binding: other headers, another envelope, other faults, the same answers."""
    for file in entries("soap").iterdir():
        text = file.read_text("utf-8").replace(
            "schemas.xmlsoap.org/wsdl/soap/", "schemas.xmlsoap.org/wsdl/soap12/"
        )
        (tmp_path / file.name).write_text(text, "utf-8")
    catalogue = Catalogue.of((load_catalogue(own=tmp_path).datasets[INCOME.name],))
    [dataset] = catalogue.datasets.values()
    faults = Faults(kind="soap")
    made = simulator("eindkomst", [dataset], register_folder, faults)
    person = str(next(iter(generated.tables[INCOME.name].records()))["personnummer"])
    asked = lookup_of(dataset, ("maaned",), "personnummer", person, as_of=TIMES[0])
    asked = replace(asked, mandate=replace(asked.mandate, legal_basis="bsl.8"))
    with in_a_thread(made.application) as url:
        connection = Connection(url + made.path, covering(Connection("", made.options), "test-agreement"))
        assert (await answer(catalogue, connection, asked))[person]
        for order, code in (
            ("fault=busy", "REGISTER_BUSY"),
            ("fault=else", "REGISTER_ANSWER_INVALID"),
        ):
            faults.order([order])
            assert code == (await failure(catalogue, connection, asked))[0]


def test_an_exchange_reads_a_register_over_soap(
    keys: Path,
    register_folder: Path,
    tmp_path: Path,
    generated: Registers,
    register: Connection,
    faults: Faults,
) -> None:
    """By configuration alone a broker asks a SOAP service; the law cited becomes the purpose code."""
    case = planted(generated, "family-income-applicant")
    question = question_of(case)
    options = covering(register, question.agreement)
    reached = {
        "catalogue": str(entries("soap")),
        "connections": {"eindkomst": {"url": register.url, "options": options}},
    }
    released = []
    for name, registers in (("sql", {}), ("soap", reached)):
        (tmp_path / name).mkdir()
        before = faults.asked
        with (
            running(Site(keys, register_folder, tmp_path / name)) as start,
            start(registers=registers).client(SLUGS[case.request.consumer]) as client,
        ):
            released.append(sorted(map(repr, client.exchange(question).records)))
        assert (faults.asked > before) == (name == "soap")
    assert released[0]
    assert released[0] == released[1]


def test_an_exchange_whose_agreement_the_register_does_not_know_is_recorded(
    keys: Path,
    register_folder: Path,
    tmp_path: Path,
    generated: Registers,
    register: Connection,
    faults: Faults,
) -> None:
    """Nothing is sent; the caller learns why, with a receipt."""
    question = question_of(planted(generated, "family-income-applicant"))
    options = covering(register, "another")
    reached = {
        "catalogue": str(entries("soap")),
        "connections": {"eindkomst": {"url": register.url, "options": options}},
    }
    before = faults.asked
    with (
        running(Site(keys, register_folder, tmp_path)) as start,
        start(registers=reached).client("udbetaling-danmark") as client,
        pytest.raises(Failed, match="no code for what the request cites"),
    ):
        client.exchange(question)
    assert before == faults.asked


async def test_large_answers_are_parsed_beside_the_event_loop(
    generated: Registers, register: Connection
) -> None:
    """A small answer needs no other thread, a large one is read on a thread of the adapter's own."""
    payers = [str(row["seNummer"]) for row in generated.tables[INCOME.name].records()]
    largest = max(set(payers), key=payers.count)

    def threads() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name.startswith("soap")]

    before = len(threads())
    registers = hosted(CATALOGUE, replace(register, max_records=100_000))
    try:
        for kind, value, more in (("personnummer", "6101010000", False), ("se_nummer", largest, True)):
            asked = lookup_of(INCOME, ("maaned",), kind, value, as_of=TIMES[0])
            asked = replace(asked, mandate=replace(asked.mandate, legal_basis="bsl.8"))
            await registers.fetch(asked, 60)
            assert more == (len(threads()) > before)
    finally:
        await registers.close()


async def test_a_function_certificate_opens(
    keys: Path, register_folder: Path, tmp_path: Path, generated: Registers
) -> None:
    """By mutual TLS, with the authority that the connection names; without it nothing is said."""
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(keys / "ca.pem"))
    theirs.load_cert_chain(keys / "broker.pem", keys / "broker.key")
    theirs.verify_mode = ssl.CERT_REQUIRED
    identity = issue(keys, ["NTRDK-91000008"])
    (tmp_path / "own.pem").write_bytes(identity.certificate)
    (tmp_path / "own.key").write_bytes(identity.key)
    (tmp_path / "own.key").chmod(0o600)
    made = simulator_of("soap", "eindkomst", register_folder, Faults())
    person = str(next(iter(generated.tables[INCOME.name].records()))["personnummer"])
    asked = lookup_of(INCOME, ("maaned",), "personnummer", person, as_of=TIMES[0])
    asked = replace(asked, mandate=replace(asked.mandate, legal_basis="bsl.8"))
    with in_a_thread(made.application, theirs) as url:
        options = {
            **covering(Connection("", made.options), "test-agreement"),
            "ca": str(keys / "ca.pem"),
            "certificate": str(tmp_path / "own.pem"),
        }
        connection = Connection(url + made.path, options, {"certificate_key": tmp_path / "own.key"})
        assert (await answer(CATALOGUE, connection, asked))[person]
        bare = Connection(connection.url, {n: v for n, v in options.items() if n != "certificate"})
        code, _ = await failure(CATALOGUE, bare, asked)
    assert "REGISTER_UNAVAILABLE" == code
