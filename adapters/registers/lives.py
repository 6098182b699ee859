"""A person's life as CPR sees it, and who lives where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from adapters.registers.bitemporal import Version
from adapters.registers.model import stream
from adapters.registers.places import HOUSES, Dwelling
from adapters.registers.population import Household, Person

LIVES_HERE: Final = "bopael_i_danmark"
PROTECTED: Final = "navne_og_adresse"


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay abroad; `back` is absent while it lasts."""

    left: date
    country: str
    back: date | None


@dataclass(frozen=True, slots=True)
class State:
    """What can change about a person."""

    status: str
    since: date
    civil: str
    spouse: str | None
    protection: str | None
    home: Dwelling | None


@dataclass(frozen=True, slots=True)
class Life:
    """A person, what CPR recorded in the order of taking effect, and the stays abroad."""

    person: Person
    versions: tuple[Version[State], ...]
    stays: tuple[Stay, ...] = ()

    @property
    def now(self) -> State:
        """The state on the reference date."""
        return self.versions[-1].state

    @property
    def ended(self) -> date | None:
        """The day of death or of moving abroad for good, if there was one."""
        return None if self.now.status == LIVES_HERE else self.now.since


def settle(
    households: Sequence[Household], dwellings: Sequence[Dwelling], seed: int
) -> tuple[tuple[Dwelling, ...], tuple[Dwelling, ...]]:
    """Gives each household a dwelling: (homes in the order of households, what stays vacant)."""
    rng = stream(seed, "settlement")
    pools: dict[bool, list[Dwelling]] = {True: [], False: []}
    for place in dwellings:
        pools[place.use in HOUSES].append(place)
    for pool in pools.values():
        rng.shuffle(pool)
    homes = []
    for household in households:
        house = rng.random() < {"single": 0.22, "shared": 0.1}.get(household.kind, 0.62)
        pool = pools[house] or pools[not house]
        homes.append(pool.pop())
    return tuple(homes), tuple(pools[True] + pools[False])
