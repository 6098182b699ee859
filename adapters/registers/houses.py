"""House numbers, plots, and what the cadastre calls them: tables of DAR and BBR."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from adapters.registers.bitemporal import COLUMNS, once
from adapters.registers.cadastre import land_area
from adapters.registers.divisions import district_id, municipality_id, parish_id
from adapters.registers.identifiers import identifier, parcel_number
from adapters.registers.model import Row, Table, row_order
from adapters.registers.ownership import OWNER_CODES
from adapters.registers.places import Building

HOUSE_NUMBER: Final = (
    "id_lokalId",
    "status",
    "adgangsadressebetegnelse",
    "husnummertekst",
    "vejmidte",
    "adgangTilBygning",
    "jordstykke",
    "kommuneinddeling",
    "sogneinddeling",
    "afstemningsomraade",
    *COLUMNS,
)
PLOT: Final = (
    "id_lokalId",
    "kommunekode",
    "status",
    "bestemtFastEjendom",
    "husnummer",
    "gru009Vandforsyning",
    "gru010Afloebsforhold",
    *COLUMNS,
)
RELATION: Final = (
    "id_lokalId",
    "kommunekode",
    "status",
    "bfeNummer",
    "ejendomstype",
    "ejendommensEjerforholdskode",
    "tinglystAreal",
    *COLUMNS,
)
_IN_FORCE: Final = "3"
_IN_USE: Final = "7"
_WHOLE_PROPERTY: Final = "1"
_CONVERTED: Final = date(2017, 6, 2)


def tables(buildings: Sequence[Building]) -> dict[str, Table]:
    """Returns `dar.husnummer`, `bbr.grund` and `bbr.ejendomsrelation`.

    Args:
        buildings: One building of each property.
    """
    numbers = [_once(_number(house), house) for house in buildings]
    plots = [_once(_plot(house), house) for house in buildings]
    relations = [_once(_relation(house), house) for house in buildings]
    return {
        "bbr.ejendomsrelation": Table(RELATION, tuple(sorted(relations, key=row_order))),
        "bbr.grund": Table(PLOT, tuple(sorted(plots, key=row_order))),
        "dar.husnummer": Table(HOUSE_NUMBER, tuple(sorted(numbers, key=row_order))),
    }


def _once(values: Row, house: Building) -> Row:
    begins = date(max(1977, house.year), 7, 1)  # BBR itself began in 1977
    return once(values, begins, max(begins, _CONVERTED))


def _number(house: Building) -> Row:
    lot = house.property
    return (
        lot.house_id,
        _IN_FORCE,
        f"{lot.street} {lot.number}, {lot.town.postcode} {lot.town.name}",
        str(lot.number),
        f"{lot.town.kommunekode}-{lot.road_code}",
        house.id,
        parcel_number(lot.bfe),
        municipality_id(lot.town.kommunekode),
        parish_id(lot.town),
        district_id(lot.town, lot.road_code),
    )


def _plot(house: Building) -> Row:
    lot = house.property
    relation = identifier("bbr.ejendomsrelation", str(lot.bfe))
    return (lot.plot, lot.town.kommunekode, _IN_USE, relation, lot.house_id, "1", "2")


def _relation(house: Building) -> Row:
    lot = house.property
    return (
        identifier("bbr.ejendomsrelation", str(lot.bfe)),
        lot.town.kommunekode,
        _IN_USE,
        lot.bfe,
        _WHOLE_PROPERTY,
        OWNER_CODES[lot.owner_kind],
        land_area(house),
    )
