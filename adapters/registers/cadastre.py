"""Land and where it lies: the tables of MAT and EBR.

Every property is one parcel. Its area follows from its buildings and its number, so that BBR and VUR, which
repeat it, agree with the cadastre.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final

from adapters.registers.bitemporal import COLUMNS, once
from adapters.registers.divisions import municipality_id, parish_id, parish_name
from adapters.registers.identifiers import identifier, parcel_number
from adapters.registers.model import Row, Table, row_order
from adapters.registers.names import TOWNS, Town
from adapters.registers.places import HOUSES, Building

PROPERTY: Final = (
    "id_lokalId",
    "BFEnummer",
    "status",
    "arbejderbolig",
    "erFaelleslod",
    "hovedejendomOpdeltIEjerlejligh",
    "landbrugsnotering",
    "udskiltVej",
    *COLUMNS,
)
PARCEL: Final = (
    "id_lokalId",
    "status",
    "samletFastEjendomLokalId",
    "matrikelnummer",
    "ejerlavLokalId",
    "kommuneLokalId",
    "sognLokalId",
    "registreretAreal",
    "vejareal",
    "arealberegningsmetode",
    "faelleslod",
    *COLUMNS,
)
CADASTRAL_DISTRICT: Final = ("id_lokalId", "ejerlavskode", "ejerlavsnavn", "status", *COLUMNS)
LOCATION: Final = (
    "id_lokalId",
    "status",
    "bestemtFastEjendomBFENr",
    "husnummerLokalId",
    "adresseLokalId",
    "betegnelse",
    "kommuneinddelingKommunekode",
    "adresseManueltAngivet",
    "kommuneManueltAngivet",
    *COLUMNS,
)
IN_FORCE: Final = "Gældende"
CURRENT: Final = "gaeldende"
_METHOD: Final = "Areal beregnet efter opmåling - o"
_CONVERTED: Final = date(2019, 8, 24)  # when BFE numbers came into use
_FIRST_DISTRICT: Final = 9_000_001
_LETTERS: Final = "abcdefghik"


def land_area(house: Building) -> int:
    """Returns the area of a property's land, m²: gardens around houses, yards between blocks of flats."""
    spread = int(identifier("mat.areal", str(house.property.bfe))[:6], 16)
    if house.use in HOUSES:
        return house.area + 380 + spread % 620
    return house.area // house.floors + 250 + spread % 1_400


def tables(buildings: Sequence[Building]) -> dict[str, Table]:
    """Returns the tables of MAT and EBR.

    Args:
        buildings: One building of each property.
    """
    properties = [_once(_property(house)) for house in buildings]
    parcels = [_once(_parcel(house)) for house in buildings]
    locations = [_once(_location(house)) for house in buildings]
    districts = [
        _once(
            (str(_district(town)), _district(town), f"{parish_name(town)} By, {parish_name(town)}", IN_FORCE)
        )
        for town in TOWNS
    ]
    return {
        "ebr.ejendomsbeliggenhed": Table(LOCATION, tuple(sorted(locations, key=row_order))),
        "mat.ejerlav": Table(CADASTRAL_DISTRICT, tuple(sorted(districts, key=row_order))),
        "mat.jordstykke": Table(PARCEL, tuple(sorted(parcels, key=row_order))),
        "mat.samletfastejendom": Table(PROPERTY, tuple(sorted(properties, key=row_order))),
    }


def _once(values: Row) -> Row:
    return once(values, _CONVERTED, _CONVERTED)


def _property(house: Building) -> Row:
    bfe = house.property.bfe
    return (str(bfe), bfe, IN_FORCE, False, False, False, None, False)


def _parcel(house: Building) -> Row:
    lot = house.property
    return (
        parcel_number(lot.bfe),
        IN_FORCE,
        str(lot.bfe),
        f"{lot.number}{_LETTERS[lot.bfe % len(_LETTERS)]}{int(lot.road_code)}",
        str(_district(lot.town)),
        municipality_id(lot.town.kommunekode),
        parish_id(lot.town),
        land_area(house),
        0,
        _METHOD,
        False,
    )


def _location(house: Building) -> Row:
    lot = house.property
    return (
        identifier("ebr.ejendomsbeliggenhed", str(lot.bfe)),
        CURRENT,
        lot.bfe,
        lot.house_id,
        None,
        None,
        lot.town.kommunekode,
        False,
        False,
    )


def _district(town: Town) -> int:
    return _FIRST_DISTRICT + [t.postcode for t in TOWNS].index(town.postcode)
