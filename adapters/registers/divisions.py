"""Municipalities, regions, parishes and polling districts: the tables of DAGI.

Municipalities and regions have their real codes and names, as everywhere here. Parishes and polling
districts are invented: parish codes from 9900 on are nobody's.
"""

from datetime import date
from types import MappingProxyType
from typing import Final

from adapters.registers.bitemporal import COLUMNS, once
from adapters.registers.model import Row, Table, row_order
from adapters.registers.names import TOWNS, Town

MUNICIPALITY: Final = (
    "id_lokalId",
    "kommunekode",
    "navn",
    "regionskode",
    "udenforKommuneinddeling",
    *COLUMNS,
)
REGION: Final = ("id_lokalId", "regionskode", "navn", *COLUMNS)
PARISH: Final = ("id_lokalId", "sognekode", "navn", *COLUMNS)
DISTRICT: Final = (
    "id_lokalId",
    "afstemningsomraadenummer",
    "navn",
    "afstemningsstedNavn",
    "kommunekode",
    *COLUMNS,
)
REGIONS: Final = MappingProxyType(
    {
        "1081": "Region Nordjylland",
        "1082": "Region Midtjylland",
        "1083": "Region Syddanmark",
        "1084": "Region Hovedstaden",
        "1085": "Region Sjælland",
    }
)
MUNICIPALITIES: Final = MappingProxyType(
    {
        "0101": ("København", "1084"),
        "0147": ("Frederiksberg", "1084"),
        "0265": ("Roskilde", "1085"),
        "0400": ("Bornholm", "1084"),
        "0461": ("Odense", "1083"),
        "0561": ("Esbjerg", "1083"),
        "0621": ("Kolding", "1083"),
        "0630": ("Vejle", "1083"),
        "0657": ("Herning", "1082"),
        "0751": ("Aarhus", "1082"),
        "0791": ("Viborg", "1082"),
        "0851": ("Aalborg", "1081"),
    }
)
"""Name and region of every municipality that somebody lives in, by code."""

POLLING_PLACES: Final = ("Skolen", "Hallen")
"""Every town votes in two places; which of them, the road decides."""

_REFORM: Final = date(2007, 1, 1)
_PARISH_NAMES: Final = (
    *("Mosehøj", "Ravnekær", "Sølvlund", "Klitholm", "Hejresø", "Tjørnvang", "Lærkedal", "Hyldkrog"),
    *("Rugbæk", "Vindlev", "Stenholt", "Tangmark", "Birkesø", "Egsby", "Bøgelund", "Fjeldvang"),
)
_ORDINALS: Final = MappingProxyType({town.postcode: number for number, town in enumerate(TOWNS, 1)})


def municipality_id(kommunekode: str) -> str:
    """Returns the identifier of a municipality in DAGI: nine digits, of which real ones have six."""
    return f"90100{kommunekode}"


def parish_id(town: Town) -> str:
    """Returns the identifier of a town's parish in DAGI."""
    return f"90200{_parish_code(town)}"


def district_id(town: Town, road_code: str) -> str:
    """Returns the identifier of the polling district that a road of a town lies in."""
    return _district_id(town, int(road_code) % len(POLLING_PLACES))


def parish_name(town: Town) -> str:
    """Returns the name of a town's parish."""
    return _PARISH_NAMES[_ORDINALS[town.postcode] - 1]


def tables() -> dict[str, Table]:
    """Returns the four tables of DAGI."""
    municipalities = [
        _row((municipality_id(code), code, name, region, False))
        for code, (name, region) in MUNICIPALITIES.items()
    ]
    regions = [_row((f"90300{code}", code, name)) for code, name in REGIONS.items()]
    parishes = [_row((parish_id(town), _parish_code(town), parish_name(town))) for town in TOWNS]
    districts = [
        _row(
            (
                _district_id(town, which),
                _ORDINALS[town.postcode] * 10 + which,
                f"{town.name} {which + 1}",
                f"{place} i {parish_name(town)}",
                town.kommunekode,
            )
        )
        for town in TOWNS
        for which, place in enumerate(POLLING_PLACES)
    ]
    return {
        "dagi.afstemningsomraade": Table(DISTRICT, tuple(sorted(districts, key=row_order))),
        "dagi.kommuneinddeling": Table(MUNICIPALITY, tuple(sorted(municipalities, key=row_order))),
        "dagi.regionsinddeling": Table(REGION, tuple(sorted(regions, key=row_order))),
        "dagi.sogneinddeling": Table(PARISH, tuple(sorted(parishes, key=row_order))),
    }


def _row(values: Row) -> Row:
    return once(values, _REFORM, _REFORM)


def _parish_code(town: Town) -> str:
    return f"99{_ORDINALS[town.postcode]:02d}"


def _district_id(town: Town, which: int) -> str:
    return f"90400{_ORDINALS[town.postcode]:02d}{which:02d}"
