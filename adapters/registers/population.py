"""Persons and the households they live in, before anything happened to them."""

# ruff: noqa: PLR2004 - shares and ages of invented people read best where they are drawn

import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from adapters.registers.identifiers import identifier, personnummer
from adapters.registers.model import REFERENCE_DATE, stream
from adapters.registers.names import MEN, SURNAME_PARTS, WOMEN

PENSION_AGE: Final = 67
_DAYS_A_YEAR: Final = 365

# Kind of household, share in per mille, adults. Together about 2.1 persons a household.
_KINDS: Final = (
    ("single", 365, 1),
    ("single_parent", 55, 1),
    ("couple", 340, 2),
    ("family", 215, 2),
    ("shared", 25, 3),
)
_CHILDREN: Final = ((1, 2, 3, 4), (38, 43, 15, 4))


@dataclass(frozen=True, slots=True)
class Person:
    """Who somebody is; what never changes."""

    number: str
    name: str
    birth: date
    male: bool

    @property
    def id(self) -> str:
        """Identifier of the person in the distribution services."""
        return identifier("cpr.person", self.number)

    def age(self, day: date = REFERENCE_DATE) -> int:
        """Returns the age in whole years on a day."""
        had_birthday = (day.month, day.day) >= (self.birth.month, self.birth.day)
        return day.year - self.birth.year - (not had_birthday)


@dataclass(frozen=True, slots=True)
class Household:
    """People who live together: adults first. `married` is about the first two adults."""

    kind: str
    adults: tuple[Person, ...]
    children: tuple[Person, ...]
    married: bool

    @property
    def members(self) -> tuple[Person, ...]:
        """Everybody."""
        return self.adults + self.children


def households(persons: int, seed: int) -> tuple[Household, ...]:
    """Returns households that together have exactly that many persons."""
    maker = _Maker(stream(seed, "population"))
    made: list[Household] = []
    left = persons
    while left:
        household = maker.household(left)
        made.append(household)
        left -= len(household.members)
    return tuple(made)


class _Maker:
    """Makes people with numbers that do not repeat."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._used: Counter[tuple[date, bool]] = Counter()

    def household(self, at_most: int) -> Household:
        rng = self._rng
        kind, _, adults = rng.choices(_KINDS, [share for _, share, _ in _KINDS])[0]
        children = 0
        if kind in {"family", "single_parent"}:
            children = rng.choices(*_CHILDREN)[0]
        if adults + children > at_most:
            kind, adults, children = "single", 1, 0
        surname = self._surname()
        age = self._adult_age(kind)
        male = rng.random() < (0.2 if kind == "single_parent" else 0.5)
        grown = [self._person(self._birth(age), male=male, surname=surname)]
        for _ in range(adults - 1):
            other = min(99, max(18, age + rng.randint(-5, 5)))
            # Most couples are of two sexes; flatmates are of any and share no surname.
            same = rng.random() < (0.5 if kind == "shared" else 0.02)
            own = self._surname() if kind == "shared" or rng.random() < 0.35 else surname
            grown.append(self._person(self._birth(other), male=male is same, surname=own))
        young = [
            self._person(self._birth(rng.randint(0, min(17, max(0, age - 20)))), surname=surname)
            for _ in range(children)
        ]
        married = adults == 2 and rng.random() < (0.45 if age < 32 else 0.82)
        return Household(kind, tuple(grown), tuple(young), married)

    def _adult_age(self, kind: str) -> int:
        rng = self._rng
        if kind in {"family", "single_parent"}:
            return rng.randint(25, 52)
        if kind == "shared":
            return rng.randint(19, 32)
        low, high = rng.choices(((19, 34), (35, 66), (67, 95)), (22, 38, 40))[0]
        return rng.randint(low, high)

    def _birth(self, age: int) -> date:
        # Back from the birthday in the year before the reference date, so that the age holds.
        year = REFERENCE_DATE.year - age - 1
        return date(year, 1, 2) + timedelta(days=self._rng.randrange(_DAYS_A_YEAR - 1))

    def _person(self, birth: date, *, surname: str, male: bool | None = None) -> Person:
        sex = self._rng.random() < 0.51 if male is None else male
        ordinal = self._used[(birth, sex)]
        self._used[(birth, sex)] += 1
        given = self._rng.choice(MEN if sex else WOMEN)
        number = personnummer(birth, male=sex, ordinal=ordinal)
        return Person(number, f"{given} {surname}", birth, sex)

    def _surname(self) -> str:
        return self._rng.choice(SURNAME_PARTS[0]) + self._rng.choice(SURNAME_PARTS[1])
