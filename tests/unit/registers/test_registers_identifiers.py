"""Identifiers that cannot belong to anybody real."""

import uuid
from datetime import date
from itertools import islice

import pytest

from adapters.registers import Registers
from adapters.registers.identifiers import (
    AUTHORITIES,
    BFE_FIRST,
    BFE_LAST,
    bfe_number,
    birth_date,
    cvr_numbers,
    identifier,
    is_cvr,
    p_number,
    personnummer,
)
from adapters.registers.model import Value

PUBLIC_PAYERS = {"91000008", "92000028"}


def _column(registers: Registers, dataset: str, column: str) -> set[Value]:
    return {row[column] for row in registers.tables[dataset].records()}


@pytest.mark.parametrize("birth", [date(1900, 1, 1), date(1999, 12, 31), date(2000, 2, 29)])
@pytest.mark.parametrize("male", [True, False])
@pytest.mark.parametrize("planted", [True, False])
def test_personnummer_tells_birth_date_and_sex(birth: date, *, male: bool, planted: bool) -> None:
    """A number gives back its birth date, and its last digit is odd for men."""
    numbers = {personnummer(birth, male=male, ordinal=i, planted=planted) for i in range(50)}

    assert {birth} == {birth_date(number) for number in numbers}
    assert {male} == {int(number[-1]) % 2 == 1 for number in numbers}
    assert 50 == len(numbers)


def test_planted_and_drawn_numbers_are_apart() -> None:
    """No drawn number is ever a planted one."""
    day = date(2001, 5, 6)
    drawn = {personnummer(day, male=True, ordinal=i) for i in range(2450)}
    planted = {personnummer(day, male=True, ordinal=i, planted=True) for i in range(50)}

    assert set() == drawn & planted
    with pytest.raises(ValueError, match="no more personnummer"):
        personnummer(day, male=True, ordinal=2450)


def test_real_personnummer_is_not_ours() -> None:
    """A day of birth from 1 to 31 is never taken for a generated number."""
    with pytest.raises(ValueError, match="not a generated"):
        birth_date("0101701234")


@pytest.mark.parametrize("planted", [True, False])
def test_company_numbers_are_valid_and_nobodys(*, planted: bool) -> None:
    """CVR numbers begin with 9, have the check digit, and are no authority's."""
    numbers = list(islice(cvr_numbers(planted=planted), 2000))

    assert all(is_cvr(n) and n.startswith("9") for n in numbers)
    assert 2000 == len(set(numbers) - AUTHORITIES)


def test_the_authorities_have_valid_numbers() -> None:
    """The numbers set aside for the participants are CVR numbers."""
    assert {True} == {is_cvr(number) for number in AUTHORITIES}


def test_uuids_follow_from_the_natural_key() -> None:
    """The same thing has the same UUID, of version 5, and another register another one."""
    assert identifier("bbr", "1") == identifier("bbr", "1")
    assert identifier("bbr", "1") != identifier("dar", "1")
    assert 5 == uuid.UUID(identifier("bbr", "1")).version


def test_ranges_do_not_meet() -> None:
    """Planted P-numbers and BFE numbers are above any that a big country would draw."""
    assert int(p_number(5_000_000)) < int(p_number(0, planted=True))
    assert bfe_number(5_000_000) < bfe_number(0, planted=True) <= BFE_LAST


def test_every_person_in_every_table_is_generated(large: Registers) -> None:
    """All columns with a personnummer hold generated numbers with the right birth date."""
    births = {row["personnummer"]: row["foedselsdato"] for row in large.tables["cpr.person"].records()}
    columns = [
        (name, column)
        for name, table in large.tables.items()
        for column in table.columns
        if column.lower().endswith("personnummer") or column == "ejendePerson"
    ]
    found = {n for name, column in columns for n in _column(large, name, column)} - {None}

    assert 10 <= len(columns)
    # The owners that EJF has and CPR does not are planted.
    assert len(large.flaws["owner-unknown"]) == len(found - set(births))
    assert all(birth_date(str(n)).isoformat() == births[n] for n in found & set(births))


def test_every_company_in_every_table_is_generated(large: Registers) -> None:
    """Owners and payers are generated companies, or the two authorities that pay benefits."""
    companies = _column(large, "cvr.virksomhed", "CVRNummer")
    others = (
        _column(large, "eindkomst.indkomst", "seNummer")
        | _column(large, "ejf.ejerskab", "ejendeVirksomhed")
        | _column(large, "cvr.produktionsenhed", "tilknyttetVirksomhedsCVRNummer")
    ) - {None}

    assert all(is_cvr(str(n)) and str(n).startswith("9") for n in companies)
    assert set() == companies & AUTHORITIES
    assert others <= companies | PUBLIC_PAYERS


def test_properties_and_units_are_in_reserved_ranges(large: Registers) -> None:
    """BFE numbers, P-numbers and UUIDs of every row are ours."""
    numbers = (
        _column(large, "bbr.bygning", "bfeNummer")
        | _column(large, "ejf.ejerskab", "bestemtFastEjendomBFENr")
        | _column(large, "vur.vurdering", "bfeNummer")
    )
    ids = (
        _column(large, "bbr.enhed", "id_lokalId")
        | _column(large, "bbr.bygning", "id_lokalId")
        | _column(large, "dar.adresse", "id_lokalId")
        | _column(large, "cpr.person", "personId")
    )

    assert all(isinstance(n, int) and BFE_FIRST <= n <= BFE_LAST for n in numbers)
    assert {"9"} == {str(n)[0] for n in _column(large, "cvr.produktionsenhed", "pNummer")}
    assert {5} == {uuid.UUID(str(i)).version for i in ids}
