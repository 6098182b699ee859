"""The generated registers fit together, but for the errors that are planted in them."""

from __future__ import annotations

import pytest

from adapters.registers import Registers
from adapters.registers.identifiers import BFE_FIRST, BFE_LAST
from adapters.registers.model import Value
from adapters.registers.scene import HOMES, PEOPLE

HERE = "bopael_i_danmark"


def current(registers: Registers, name: str) -> list[dict[str, Value]]:
    """The records of a dataset that hold now."""
    return [
        row
        for row in registers.tables[name].records()
        if row["registreringTil"] is None and row["virkningTil"] is None
    ]


def values(registers: Registers, name: str, column: str) -> set[Value]:
    """What a column holds now."""
    return {row[column] for row in current(registers, name)} - {None}


@pytest.mark.parametrize(
    ("name", "column", "flaw"),
    [
        ("bbr.ejendomsrelation", "bfeNummer", ""),
        ("bbr.bygning", "bfeNummer", "building-unknown-to-cadastre"),
        ("ebr.ejendomsbeliggenhed", "bestemtFastEjendomBFENr", ""),
        ("ejf.ejerskab", "bestemtFastEjendomBFENr", ""),
        ("vur.vurdering", "bfeNummer", "valuation-of-nothing"),
    ],
)
def test_a_property_is_in_every_register(large: Registers, name: str, column: str, flaw: str) -> None:
    """What has a property number has one that the cadastre knows, and every property of it is there."""
    known = values(large, "mat.samletfastejendom", "BFEnummer")
    here = values(large, name, column)

    planted = len(large.flaws[flaw]) if flaw else 0
    assert planted == len(here - known)
    assert len(known - here) <= (planted if name == "bbr.bygning" else 0)


@pytest.mark.parametrize(
    ("name", "column", "other", "key"),
    [
        ("bbr.bygning", "husnummer", "dar.husnummer", "id_lokalId"),
        ("bbr.bygning", "grund", "bbr.grund", "id_lokalId"),
        ("bbr.enhed", "adresseIdentificerer", "dar.adresse", "id_lokalId"),
        ("bbr.enhed", "bygning", "bbr.bygning", "id_lokalId"),
        ("bbr.grund", "bestemtFastEjendom", "bbr.ejendomsrelation", "id_lokalId"),
        ("bbr.grund", "husnummer", "dar.husnummer", "id_lokalId"),
        ("dagi.kommuneinddeling", "regionskode", "dagi.regionsinddeling", "regionskode"),
        ("dar.adresse", "husnummer", "dar.husnummer", "id_lokalId"),
        ("dar.husnummer", "adgangTilBygning", "bbr.bygning", "id_lokalId"),
        ("dar.husnummer", "afstemningsomraade", "dagi.afstemningsomraade", "id_lokalId"),
        ("dar.husnummer", "jordstykke", "mat.jordstykke", "id_lokalId"),
        ("dar.husnummer", "kommuneinddeling", "dagi.kommuneinddeling", "id_lokalId"),
        ("dar.husnummer", "sogneinddeling", "dagi.sogneinddeling", "id_lokalId"),
        ("ebr.ejendomsbeliggenhed", "kommuneinddelingKommunekode", "dagi.kommuneinddeling", "kommunekode"),
        ("mat.jordstykke", "ejerlavLokalId", "mat.ejerlav", "id_lokalId"),
        ("mat.jordstykke", "kommuneLokalId", "dagi.kommuneinddeling", "id_lokalId"),
        ("mat.jordstykke", "samletFastEjendomLokalId", "mat.samletfastejendom", "id_lokalId"),
        ("mat.jordstykke", "sognLokalId", "dagi.sogneinddeling", "id_lokalId"),
    ],
)
def test_what_is_referred_to_exists(large: Registers, name: str, column: str, other: str, key: str) -> None:
    """An identifier of another dataset leads to a record there."""
    assert set() == values(large, name, column) - values(large, other, key)


def test_a_house_lies_in_the_municipality_of_its_road(large: Registers) -> None:
    """A house number's municipality in DAGI, and that of its road, its building and its parcel are one."""
    codes = {r["id_lokalId"]: r["kommunekode"] for r in current(large, "dagi.kommuneinddeling")}
    buildings = {r["id_lokalId"]: r["kommunekode"] for r in current(large, "bbr.bygning")}
    parcels = {r["id_lokalId"]: codes[r["kommuneLokalId"]] for r in current(large, "mat.jordstykke")}
    astray = set()
    for house in current(large, "dar.husnummer"):
        road = str(house["vejmidte"])[:4]
        assert road == buildings[house["adgangTilBygning"]] == parcels[house["jordstykke"]]
        if codes[house["kommuneinddeling"]] != road:
            astray.add(house["id_lokalId"])

    assert set(large.flaws["house-in-another-municipality"]) == astray


def test_a_house_votes_in_its_municipality(large: Registers) -> None:
    """A polling district and a parish lie in the municipality of the houses that lie in them."""
    codes = {r["id_lokalId"]: r["kommunekode"] for r in current(large, "dagi.afstemningsomraade")}
    for house in current(large, "dar.husnummer"):
        assert str(house["vejmidte"])[:4] == codes[house["afstemningsomraade"]]


def test_areas_of_land_agree(large: Registers) -> None:
    """The area valued, that of BBR's title and the registered one are the same, but where planted."""
    land = {r["samletFastEjendomLokalId"]: r["registreretAreal"] for r in current(large, "mat.jordstykke")}
    for relation in current(large, "bbr.ejendomsrelation"):
        assert land[str(relation["bfeNummer"])] == relation["tinglystAreal"]
    other = {
        str(row["bfeNummer"])
        for row in current(large, "vur.vurdering")
        if str(row["bfeNummer"]) in land and row["vurderetAreal"] != land[str(row["bfeNummer"])]
    }

    assert set(large.flaws["valuation-of-another-area"]) == other


def test_owners_are_alive_and_known(large: Registers) -> None:
    """Who owns a property now is known to CPR and not dead, but where planted."""
    status = {r["personnummer"]: r["status"] for r in current(large, "cpr.person")}
    owned = [r for r in current(large, "ejf.ejerskab") if r["status"] == "gaeldende" and r["ejendePerson"]]
    unknown = {str(r["bestemtFastEjendomBFENr"]) for r in owned if r["ejendePerson"] not in status}
    dead = {str(r["bestemtFastEjendomBFENr"]) for r in owned if status.get(r["ejendePerson"]) == "doed"}

    assert set(large.flaws["owner-unknown"]) == unknown
    assert set(large.flaws["owner-dead"]) == dead


@pytest.mark.parametrize("size", ["small", "large"])
def test_flaws_are_about_nobody_who_is_planted(size: str, request: pytest.FixtureRequest) -> None:
    """In both sizes every flaw has a subject, and none of the planted cases' people and homes has one."""
    registers: Registers = request.getfixturevalue(size)
    planted = {p.number for p in PEOPLE.values()}
    for home in HOMES.values():
        planted |= {home.unit_id, home.building.id, str(home.building.property.bfe)}
        planted.add(home.building.property.house_id)

    assert all(registers.flaws.values())
    assert set() == planted & {key for keys in registers.flaws.values() for key in keys}


def test_property_numbers_are_of_the_reserved_range(large: Registers) -> None:
    """No property number, parcel or DAGI identifier can be a real one."""
    for bfe in values(large, "mat.samletfastejendom", "BFEnummer") | values(
        large, "vur.vurdering", "bfeNummer"
    ):
        assert BFE_FIRST <= int(str(bfe)) <= BFE_LAST
    assert {"9"} == {str(i)[0] for i in values(large, "mat.jordstykke", "id_lokalId")}
    assert {9} == {len(str(i)) for i in values(large, "dagi.sogneinddeling", "id_lokalId")}
    assert {"99"} == {str(code)[:2] for code in values(large, "dagi.sogneinddeling", "sognekode")}
