"""Puts the parts together: everything from a number of persons and a seed."""

# ruff: noqa: PLR2004 - shares and ages of invented people read best where they are drawn

from collections import defaultdict
from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from adapters.registers import (
    addresses,
    benefits,
    cadastre,
    companies,
    divisions,
    events,
    houses,
    income,
    ownership,
    personal,
)
from adapters.registers import persons as cpr
from adapters.registers.companies import ACTIVE, Company
from adapters.registers.flaws import plant
from adapters.registers.lives import Life, settle
from adapters.registers.model import Registers, Table
from adapters.registers.places import Building, Dwelling
from adapters.registers.population import households
from adapters.registers.scene import HOMES, PLANTED_PERSONS
from adapters.registers.scene_rows import SceneRows, scene_rows
from adapters.registers.stock import dwellings

SEED: Final = 20250101
_PROTECTED_PER_MILLE: Final = 15
_COMPANIES_PER_MILLE: Final = 60


def generate(persons: int, seed: int = SEED) -> Registers:
    """Returns all registers for a number of persons, the planted ones among them.

    The result depends on the two arguments only.

    Raises:
        ValueError: Fewer persons are wanted than are planted.
    """
    if persons <= PLANTED_PERSONS:
        raise ValueError(f"at least {PLANTED_PERSONS + 1} persons are needed, not {persons}")
    groups = households(persons - PLANTED_PERSONS, seed)
    stock = dwellings(max(persons // 2 - len(HOMES), len(groups) + 3), seed)
    homes, vacant = settle(groups, stock, seed)
    # One protected person is planted.
    protected = max(1, round(persons * _PROTECTED_PER_MILLE / 1000) - 1)
    lives = events.live(groups, homes, vacant, seed, protected)
    scene = scene_rows()
    count = max(6, persons * _COMPANIES_PER_MILLE // 1000 - len(scene.companies))
    firms = companies.companies(count, lives, stock, seed)
    tables = {
        **_people(lives, scene, seed),
        **_money(lives, firms, scene, seed),
        **_places(lives, stock, firms, scene, seed),
        **companies.tables([*firms, *scene.companies]),
    }
    spoilt, flaws = plant(tables, persons, seed)
    return Registers(persons, seed, MappingProxyType(dict(sorted(spoilt.items()))), flaws)


def _people(lives: Sequence[Life], scene: SceneRows, seed: int) -> dict[str, Table]:
    return cpr.tables([*lives, *scene.lives]) | personal.tables(
        [*personal.wealths(lives, seed), *scene.wealth],
        [*personal.journals(lives, seed), *scene.journals],
        [*personal.consents(lives, seed), *scene.consents],
    )


def _money(lives: Sequence[Life], firms: Sequence[Company], scene: SceneRows, seed: int) -> dict[str, Table]:
    payers = [firm.number for firm in firms if firm.end == ACTIVE]
    cases, paid = benefits.benefits(lives, seed)
    return income.table([*income.incomes(lives, payers, seed), *scene.incomes]) | benefits.tables(
        [*cases, *scene.cases], [*paid, *scene.payments]
    )


def _places(
    lives: Sequence[Life],
    stock: Sequence[Dwelling],
    firms: Sequence[Company],
    scene: SceneRows,
    seed: int,
) -> dict[str, Table]:
    everybody = (*lives, *scene.lives)
    occupied = {life.now.home.unit_id for life in everybody if life.now.home}
    # Without the planted people: chance must not make them owners of anything.
    residents: dict[int, list[Life]] = defaultdict(list)
    for life in lives:
        if life.now.home and life.person.age() >= 18:
            residents[life.now.home.building.property.bfe].append(life)
    lots: dict[int, Building] = {d.building.property.bfe: d.building for d in stock}
    known = list(lots.values())
    owners = ownership.ownerships(known, residents, [firm.number for firm in firms], seed)
    built = [*known, *(home.building for home in HOMES.values())]
    return {
        **addresses.tables([*stock, *HOMES.values()], occupied, seed),
        **cadastre.tables(built),
        **divisions.tables(),
        **houses.tables(built),
        **ownership.tables([*owners, *scene.owners], [*ownership.valuations(known, seed), *scene.valuations]),
    }
