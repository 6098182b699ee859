"""The tables of BBR and DAR."""

# ruff: noqa: PLR2004 - shares and ages of invented people read best where they are drawn

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Final

from adapters.registers.bitemporal import COLUMNS, Version, once, unfold
from adapters.registers.model import REFERENCE_DATE, Row, Table, row_order, stream
from adapters.registers.places import Building, Dwelling

UNIT: Final = (
    "id_lokalId",
    "kommunekode",
    "status",
    "enh020EnhedensAnvendelse",
    "enh026EnhedensSamledeAreal",
    "enh027ArealTilBeboelse",
    "enh031AntalVaerelser",
    "enh034Koekkenforhold",
    "enh045Udlejningsforhold",
    "adresseIdentificerer",
    "bygning",
    *COLUMNS,
)
BUILDING: Final = (
    "id_lokalId",
    "kommunekode",
    "status",
    "byg007Bygningsnummer",
    "byg021BygningensAnvendelse",
    "byg026Opfoerelsesaar",
    "byg038SamletBygningsareal",
    "byg054AntalEtager",
    "byg056Varmeinstallation",
    "grund",
    "husnummer",
    "bfeNummer",
    *COLUMNS,
)
ADDRESS: Final = (
    "id_lokalId",
    "status",
    "adressebetegnelse",
    "etagebetegnelse",
    "doerbetegnelse",
    "husnummer",
    *COLUMNS,
)
_BUILT: Final = "6"
_IN_FORCE: Final = "3"
_CONVERTED: Final = date(2017, 6, 2)


def tables(dwellings: Sequence[Dwelling], occupied: Collection[str], seed: int) -> dict[str, Table]:
    """Returns `bbr.bygning`, `bbr.enhed` and `dar.adresse`.

    Args:
        dwellings: Everything there is.
        occupied: Ids of the units that a household lives in; the others are not in use.
        seed: Seed of the history.
    """
    rng = stream(seed, "addresses")
    units: list[Row] = []
    addresses: list[Row] = []
    buildings: dict[str, Building] = {}
    for home in dwellings:
        buildings[home.building.id] = home.building
        begins = _since(home.building)
        tenure = "3"
        if home.unit_id in occupied:
            tenure = "2" if home.building.property.owner_kind == "person" else "1"
        versions = [Version(begins, max(begins, _CONVERTED), home.area)]
        if rng.random() < 0.04:  # an extension that BBR was told of
            built = REFERENCE_DATE - timedelta(days=rng.randint(60, 2000))
            if built > max(begins, _CONVERTED):
                versions[0] = Version(begins, max(begins, _CONVERTED), max(15, home.area - 12))
                versions.append(Version(built, built + timedelta(days=20), home.area))
        units.extend(unfold(versions, partial(_unit, home, tenure)))
        known = max(begins, _CONVERTED)
        addresses.append(once(_address(home), begins, known))
        if home.unit_address_id != home.address_id:
            # Where BBR believes the unit to be is an address too.
            other = replace(home, address_id=home.unit_address_id, floor="st")
            addresses.append(once(_address(other), begins, known))
    houses = [once(_building(b), _since(b), max(_since(b), _CONVERTED)) for b in buildings.values()]
    return {
        "bbr.bygning": Table(BUILDING, tuple(sorted(houses, key=row_order))),
        "bbr.enhed": Table(UNIT, tuple(sorted(units, key=row_order))),
        "dar.adresse": Table(ADDRESS, tuple(sorted(addresses, key=row_order))),
    }


def _since(building: Building) -> date:
    # BBR itself began in 1977; older buildings were entered then.
    return date(max(1977, building.year), 7, 1)


def _unit(home: Dwelling, tenure: str, area: int) -> Row:
    return (
        home.unit_id,
        home.building.property.town.kommunekode,
        _BUILT,
        home.use,
        area,
        area,
        home.rooms,
        home.kitchen,
        tenure,
        home.unit_address_id,
        home.building.id,
    )


def _building(building: Building) -> Row:
    lot = building.property
    return (
        building.id,
        lot.town.kommunekode,
        _BUILT,
        1,
        building.use,
        building.year,
        building.area,
        building.floors,
        building.heating,
        lot.plot,
        lot.house_id,
        lot.bfe,
    )


def _address(home: Dwelling) -> Row:
    return (
        home.address_id,
        _IN_FORCE,
        home.text,
        home.floor,
        home.door,
        home.building.property.house_id,
    )
