"""A SOAP register that misbehaves: an error names dataset and cause; no wrong data, and no word of it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.host.bounds import Bounds
from adapters.port import AsOf, Catalogue, Connection, Lookup
from adapters.registers import Registers
from adapters.simulators.faults import FAULTS, Faults
from exchange.errors import Failed
from tests.support.adapters import lookup_of
from tests.support.services import answer, catalogue_of, failure, hosted, simulating

CATALOGUE = catalogue_of("soap", "eindkomst")
[INCOME] = CATALOGUE.datasets.values()
NAME = "eindkomst.indkomst"
UNAVAILABLE, INVALID, CHANGED = "REGISTER_UNAVAILABLE", "REGISTER_ANSWER_INVALID", "REGISTER_SCHEMA_CHANGED"
REFUSED, BUSY, TIMEOUT = "REGISTER_ACCESS_REFUSED", "REGISTER_BUSY", "REGISTER_TIMEOUT"
FAULTY = [
    ("down", UNAVAILABLE, f"{NAME}: it cannot be reached"),
    ("error", UNAVAILABLE, f"{NAME}: it answered with an error of its own"),
    ("throttle=3600", BUSY, f"{NAME}: it answered with an error of its own"),
    ("expired", REFUSED, f"{NAME}: its credentials have expired"),
    ("stranger", REFUSED, f"{NAME}: it refused the credentials"),
    ("refused", REFUSED, f"{NAME}: the credentials are not for this dataset"),
    ("moved", INVALID, f"{NAME}: it answered with an error of its own"),
    ("page", INVALID, f"{NAME}: its answer cannot be decoded"),
    ("half-answer", UNAVAILABLE, f"{NAME}: its answer is not whole"),
    ("cut", INVALID, f"{NAME}: its answer cannot be decoded"),
    ("not-utf8", INVALID, f"{NAME}: its answer is not UTF-8"),
    ("huge", INVALID, f"{NAME}: its answer is larger than may be"),
    ("drift=maaned", CHANGED, f"{NAME}: it has a field that is not known"),
    ("drift=loenindkomst", CHANGED, f"{NAME}, loenindkomst: it has a field that is not known"),
    ("missing=maaned", CHANGED, f"{NAME}, maaned: a field is missing"),
    ("missing=seNummer", CHANGED, f"{NAME}, seNummer: a field is missing"),
    ("unknown-code=loenindkomst", CHANGED, f"{NAME}, loenindkomst: a field is of another type"),
    ("wrong-type", CHANGED, f"{NAME}, personnummer: a field is of another type"),
    ("null", CHANGED, f"{NAME}, personnummer: a field that must have a value has none"),
    ("short", INVALID, f"{NAME}: its answer is not whole"),
    ("duplicate", INVALID, f"{NAME}: it holds conflicting current records"),
    ("million", INVALID, f"{NAME}: it gave more records than may be"),
    ("other-subject", INVALID, f"{NAME}: it answered about another subject"),
    ("times", INVALID, f"{NAME}: the times of a record make no sense"),
    ("skew", INVALID, f"{NAME}: the times of a record make no sense"),
    ("fault=busy", BUSY, f"{NAME}: it answered with an error of its own"),
    ("fault=refused", REFUSED, f"{NAME}: it refused the credentials"),
    ("fault=expired", REFUSED, f"{NAME}: its credentials have expired"),
    ("fault=not_authorised", REFUSED, f"{NAME}: the credentials are not for this dataset"),
    ("fault=something", INVALID, f"{NAME}: it answered with an error of its own"),
]


@pytest.fixture(scope="module")
def faults() -> Faults:
    """What goes wrong."""
    return Faults(kind="soap")


@pytest.fixture(scope="module")
def register(register_folder: Path, faults: Faults) -> Iterator[Connection]:
    """A simulated income register."""
    with simulating("soap", "eindkomst", register_folder, faults) as connection:
        options = {**connection.options, "service_agreement.test-agreement": "an-id"}
        yield replace(connection, options=options)


@pytest.fixture(scope="module")
def people(generated: Registers) -> list[str]:
    """People who had an income."""
    rows = generated.tables[NAME].records()
    return sorted({str(row["personnummer"]) for row in rows})


def asked(*values: str, basis: str = "bsl.8") -> Lookup:
    """A question under a legal basis that the register has a code for."""
    now = datetime.now(UTC)
    names = (
        "maaned",
        "loenindkomst",
        "pensionsindkomst",
        "overfoerselsindkomst",
        "oevrigIndkomst",
        "seNummer",
    )
    lookup = lookup_of(INCOME, names, "personnummer", *values, as_of=AsOf(now, now))
    return replace(lookup, mandate=replace(lookup.mandate, legal_basis=basis))


def test_every_fault_is_tried() -> None:
    """No fault that SOAP can be ordered to have is left out, but for the slow one, which is tried below."""
    known = {name for name, fault in FAULTS.items() if "soap" in fault.kinds}
    assert known - {"slow"} == {fault.partition("=")[0] for fault, _, _ in FAULTY}


@pytest.mark.parametrize(("fault", "code", "about"), FAULTY, ids=[fault for fault, _, _ in FAULTY])
async def test_a_fault_is_an_error_that_names_it(
    register: Connection, faults: Faults, people: list[str], fault: str, code: str, about: str
) -> None:
    """No record is given, for one subject or for many side by side; once it is well again, it answers."""
    for values in (people[:1], people[:5]):
        faults.order([fault])
        assert (code, about) == await failure(CATALOGUE, register, asked(*values))
        faults.order([])
        assert all((await answer(CATALOGUE, register, asked(*values))).values())


async def test_one_failure_among_many_fails_all(register_folder: Path, people: list[str]) -> None:
    """Where every third question goes wrong, nothing is released of the others."""
    every_third = Faults(["error"], "soap", every=3)
    with simulating("soap", "eindkomst", register_folder, every_third) as connection:
        options = {**connection.options, "service_agreement.test-agreement": "an-id"}
        code, _ = await failure(CATALOGUE, replace(connection, options=options), asked(*people[:5]))
    assert UNAVAILABLE == code


async def test_no_more_calls_run_side_by_side_than_the_host_lets(
    register: Connection, faults: Faults, people: list[str]
) -> None:
    """One subject a call; of many, all are answered."""
    faults.order([])
    before = faults.asked
    found = await answer(CATALOGUE, register, asked(*people), bounds=Bounds(max_concurrent=3))
    assert (set(people), len(people)) == (set(found), faults.asked - before)


async def test_a_slow_register_times_out(register: Connection, faults: Faults, people: list[str]) -> None:
    """The time of the exchange is over before the register answers; the call is let go."""
    faults.order(["slow=3s"])
    assert (TIMEOUT, NAME) == await failure(CATALOGUE, register, asked(people[0]), timeout=0.3)
    faults.order([])


async def test_a_subject_that_the_register_does_not_know_has_no_record(
    register: Connection, faults: Faults, people: list[str]
) -> None:
    """Whether it gives no record, or says so by a fault of its own."""
    faults.order([])
    assert {"6101010000": []} == await answer(CATALOGUE, register, asked("6101010000"))
    faults.order(["fault=unknown"])
    assert {people[0]: []} == await answer(CATALOGUE, register, asked(people[0]))
    faults.order([])


async def test_a_legal_basis_without_a_code_is_refused_before_anything_is_sent(
    register: Connection, faults: Faults, people: list[str]
) -> None:
    """Nothing is asked, the cause is named, and other requests go on, however often it happens."""
    faults.order([])
    before = faults.asked
    registers = hosted(CATALOGUE, register, Bounds(attempts=3, failures=2, pause=60))
    try:
        for _ in range(5):
            with pytest.raises(Failed) as caught:
                await registers.fetch(asked(people[0], basis="udl.12"), 10)
            [reason] = caught.value.reasons
            assert REFUSED == reason.code
            assert f"{NAME}: it has no code for what the request cites" in reason.text_en
        assert before == faults.asked
        assert (await registers.fetch(asked(people[0]), 10))[people[0]]
    finally:
        await registers.close()


@pytest.mark.parametrize("fault", [fault for fault, _, _ in FAULTY])
async def test_no_word_of_the_register_gets_into_errors_or_logs(
    register: Connection, faults: Faults, people: list[str], caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    """Not the text of a fault, not a value, not a personnummer, wherever a library might write one."""
    caplog.set_level(logging.DEBUG)
    faults.order([fault])
    registers = hosted(CATALOGUE, register)
    try:
        with pytest.raises(Failed) as caught:
            await registers.fetch(asked(people[0]), 10)
    finally:
        await registers.close()
        faults.order([])
    said = "".join(traceback.format_exception(caught.value)) + caplog.text
    for word in (people[0], "words of its own", "syv", "ukendt", "6101010000", "come back later"):
        assert word not in said


async def test_a_catalogue_of_its_own_is_all_that_it_takes(register: Connection) -> None:
    """The options that the entry wants are told at the start, and so are those that it does not know."""
    for options, said in (
        ({}, "service_agreement: give values here, or options"),
        ({"service_agreement.x": "y"}, "options.user_system is missing"),
        ({**register.options, "user_sytem": "x"}, "options.user_sytem is not known"),
    ):
        with pytest.raises(ValueError, match=said):
            hosted(Catalogue.of((INCOME,)), replace(register, options=options))
