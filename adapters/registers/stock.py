"""Draws the stock of properties, buildings and dwellings.

Shares, areas and years follow what was measured on real BBR rows. Detached houses are a property
each; flats and terraced houses share one, so that 5,000 dwellings lie on about 2,200 properties.
"""

# ruff: noqa: PLR2004 - shares and ages of invented people read best where they are drawn

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.registers.identifiers import bfe_number
from adapters.registers.model import quantile, stream
from adapters.registers.names import STREET_PARTS, TOWNS, Town
from adapters.registers.places import HOUSES, Dwelling, Property, building, dwelling


@dataclass(frozen=True, slots=True)
class Kind:
    """How the dwellings of one BBR use look."""

    use: str
    share: int
    area: tuple[int, int, int]
    per_property: int
    floors: int


KINDS: Final = (
    Kind("140", 50, (45, 81, 109), 13, 4),
    Kind("120", 36, (104, 138, 190), 1, 1),
    Kind("130", 6, (88, 112, 140), 3, 2),
    Kind("131", 4, (48, 65, 88), 10, 1),
    Kind("110", 2, (140, 191, 260), 1, 1),
    Kind("150", 2, (24, 40, 55), 25, 4),
)


def dwellings(count: int, seed: int) -> tuple[Dwelling, ...]:
    """Returns that many dwellings, property by property."""
    rng = stream(seed, "places")
    streets = _streets(rng)
    made: list[Dwelling] = []
    lots = 0
    for kind in KINDS:
        wanted = count - len(made) if kind is KINDS[-1] else round(count * kind.share / 100)
        wanted = min(wanted, count - len(made))
        while wanted > 0:
            units = min(wanted, _units(rng, kind))
            lot = _property(rng, lots, next(streets), kind)
            made.extend(_units_of(rng, lot, kind, units))
            lots += 1
            wanted -= units
    return tuple(made)


def _units(rng: random.Random, kind: Kind) -> int:
    if kind.per_property == 1:
        return 1
    return rng.randint(max(1, kind.per_property // 2), kind.per_property * 3 // 2)


def _streets(rng: random.Random) -> Iterator[tuple[Town, str, str, int]]:
    """Yields addresses of properties: along one street, then the next, in towns by weight."""
    names = [a + b + c for a in STREET_PARTS[0] for b in STREET_PARTS[1] for c in STREET_PARTS[2]]
    weights = [town.weight for town in TOWNS]
    code = 0
    while True:
        # A road code belongs to one name in one municipality; counting makes it so.
        code += 1
        town = rng.choices(TOWNS, weights)[0]
        name = names[rng.randrange(len(names))]
        for number in range(1, rng.randint(8, 40)):
            yield town, name, f"{code:04d}", number


def _property(rng: random.Random, ordinal: int, address: tuple[Town, str, str, int], kind: Kind) -> Property:
    town, street, code, number = address
    owner = "person" if rng.random() < 0.9 else "company"
    if kind.per_property > 1:
        owner = rng.choices(("association", "company", "municipality"), (60, 30, 10))[0]
    return Property(bfe_number(ordinal), town, street, code, number, owner)


def _units_of(rng: random.Random, lot: Property, kind: Kind, units: int) -> Sequence[Dwelling]:
    areas = [max(18, quantile(rng, *kind.area)) for _ in range(units)]
    house = building(
        lot,
        1,
        use=kind.use,
        year=min(2023, max(1850, quantile(rng, 1905, 1965, 2003))),
        area=sum(areas) + (units > 1) * units * 8,
        floors=kind.floors,
        heating=rng.choices(("1", "2", "5", "7"), (64, 18, 12, 6))[0],
    )
    made = []
    for index, area in enumerate(areas):
        floor, door = _place(index, units, kind)
        rooms = max(1, min(7, (area + rng.randint(-18, 18) + 30) // 36))
        made.append(dwelling(house, floor, door, area=area, rooms=rooms, kitchen=_kitchen(rng, kind)))
    return made


def _place(index: int, units: int, kind: Kind) -> tuple[str | None, str | None]:
    if units == 1 or kind.use in HOUSES:
        # Terraced houses of one property are told apart by a number after the floor.
        return (None, None) if units == 1 else ("st", str(index + 1))
    floors = kind.floors
    per_floor = -(-units // floors)
    level, at = divmod(index, per_floor)
    doors = ("tv", "th") if per_floor == 2 else tuple(str(d + 1) for d in range(per_floor))
    return ("st" if level == 0 else str(level)), doors[at]


def _kitchen(rng: random.Random, kind: Kind) -> str:
    if kind.use == "150":
        return rng.choices(("E", "F", "G"), (55, 40, 5))[0]
    return rng.choices(("E", "H", "G"), (970, 20, 10))[0]
