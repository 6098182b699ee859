"""Who owns which property, and what it is worth: the tables of EJF and VUR."""

# ruff: noqa: PLR2004 - shares and ages of invented people read best where they are drawn

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from adapters.registers.bitemporal import COLUMNS, Version, once, unfold
from adapters.registers.cadastre import land_area
from adapters.registers.lives import Life
from adapters.registers.model import REFERENCE_DATE, Row, Table, row_order, stream
from adapters.registers.places import Building

OWNERSHIP: Final = (
    "bestemtFastEjendomBFENr",
    "ejendePerson",
    "ejendeVirksomhed",
    "ejerforholdskode",
    "faktiskEjerandel_taeller",
    "faktiskEjerandel_naevner",
    "status",
    *COLUMNS,
)
VALUATION: Final = (
    "bfeNummer",
    "aar",
    "ejendomvaerdiBeloeb",
    "grundvaerdiBeloeb",
    "vurderetAreal",
    *COLUMNS,
)
VALUATION_YEARS: Final = (2020, 2022)
OWNER_CODES: Final = {"person": "10", "association": "20", "company": "30", "municipality": "50"}


def share(
    bfe: int,
    *,
    since: date,
    person: str | None = None,
    company: str | None = None,
    code: str = "10",
    parts: int = 1,
    sold: date | None = None,
) -> list[Row]:
    """Returns the history of one owner's share of a property: gaeldende, then historisk."""

    def values(status: str) -> Row:
        return (bfe, person, company, code, 1, parts, status)

    versions = [Version(since, since + timedelta(days=8), "gaeldende")]
    if sold:
        versions.append(Version(sold, sold + timedelta(days=8), "historisk"))
    return unfold(versions, values)


def ownerships(
    buildings: Sequence[Building],
    residents: Mapping[int, Sequence[Life]],
    companies: Sequence[str],
    seed: int,
) -> list[Row]:
    """Returns the owners of every property.

    Args:
        buildings: One building of each property.
        residents: The adults who live on a property, by BFE.
        companies: Numbers of companies that may own.
        seed: Seed of the choice.
    """
    rng = stream(seed, "ownership")
    everybody = sorted({life.person.number for lives in residents.values() for life in lives})
    rows: list[Row] = []
    for house in buildings:
        lot = house.property
        since = date(1995, 1, 1) + timedelta(days=rng.randrange(10_000))
        if lot.owner_kind != "person":
            rows.extend(
                share(
                    lot.bfe,
                    since=since,
                    company=rng.choice(companies),
                    code=OWNER_CODES[lot.owner_kind],
                )
            )
            continue
        owners = [life.person.number for life in residents.get(lot.bfe, ())[:2]]
        if not owners:
            owners = [rng.choice(everybody)]
        if rng.random() < 0.1:  # a former owner stays on record
            sold = REFERENCE_DATE - timedelta(days=rng.randint(40, 1500))
            since, seller = min(since, sold - timedelta(days=400)), rng.choice(everybody)
            if seller not in owners:
                rows.extend(share(lot.bfe, since=since, person=seller, sold=sold))
                since = sold
        for owner in owners:
            rows.extend(share(lot.bfe, since=since, person=owner, parts=len(owners)))
    return rows


def valuation(bfe: int, year: int, value: int, land: int, area: int) -> Row:
    """Returns one valuation, made on 1 January and published in the autumn after."""
    return once((bfe, year, value, land, area), date(year, 1, 1), date(year + 1, 10, 15))


def valuations(buildings: Sequence[Building], seed: int) -> list[Row]:
    """Returns two valuations of every property."""
    rng = stream(seed, "valuations")
    rows = []
    for house in buildings:
        price = _price(rng, house)
        value = house.area * price
        for year in VALUATION_YEARS:
            value = value * rng.randint(98, 116) // 1_000_000 * 10_000
            land = value * 3 // 10_000 * 1000
            rows.append(valuation(house.property.bfe, year, value, land, land_area(house)))
    return rows


def tables(owners: Sequence[Row], values: Sequence[Row]) -> dict[str, Table]:
    """Returns `ejf.ejerskab` and `vur.vurdering`."""
    return {
        "ejf.ejerskab": Table(OWNERSHIP, tuple(sorted(owners, key=row_order))),
        "vur.vurdering": Table(VALUATION, tuple(sorted(values, key=row_order))),
    }


def _price(rng: random.Random, house: Building) -> int:
    # Dearer a square metre in the capital and in newer houses.
    capital = house.property.town.kommunekode in {"0101", "0147"}
    return rng.randint(9, 19) * 1000 * (2 if capital else 1) + max(0, house.year - 1950) * 40
