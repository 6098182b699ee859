"""Companies and their production units: the tables of CVR."""

# ruff: noqa: PLR2004 - shares and ages of invented people read best where they are drawn

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from adapters.registers.bitemporal import COLUMNS, Version, once, unfold
from adapters.registers.identifiers import cvr_numbers, p_number
from adapters.registers.lives import LIVES_HERE, PROTECTED, Life
from adapters.registers.model import REFERENCE_DATE, Row, Table, row_order, stream
from adapters.registers.names import COMPANY_PARTS, INDUSTRIES
from adapters.registers.places import Dwelling

COMPANY: Final = (
    "CVRNummer",
    "navn",
    "status",
    "virksomhedStartdato",
    "virksomhedOphoersdato",
    "virksomhedsform",
    "branche",
    "adressebetegnelse",
    "adressebeskyttet",
    "ejerPersonnummer",
    *COLUMNS,
)
UNIT: Final = (
    "pNummer",
    "tilknyttetVirksomhedsCVRNummer",
    "produktionsenhedStartdato",
    "navn",
    "branche",
    "adressebetegnelse",
    *COLUMNS,
)
ACTIVE: Final = "aktiv"
CEASED: Final = "ophoert"
_FORMS: Final = {"A/S": "60", "ApS": "80"}
_SOLE_PROPRIETOR: Final = "10"


@dataclass(frozen=True, slots=True)
class Company:
    """A company; `closed` is the day on which `end` replaced the status aktiv."""

    number: str
    name: str
    started: date
    industry: str
    address: str
    address_protected: bool = False
    owner: str | None = None
    end: str = ACTIVE
    closed: date | None = None
    units: tuple[str, ...] = ()

    @property
    def form(self) -> str:
        """The kind of company, which its name ends with."""
        return _SOLE_PROPRIETOR if self.owner else _FORMS[self.name.rpartition(" ")[2]]


def companies(
    count: int, lives: Sequence[Life], places: Sequence[Dwelling], seed: int
) -> tuple[Company, ...]:
    """Returns that many companies, three in ten of them a person's own."""
    rng = stream(seed, "companies")
    numbers = cvr_numbers()
    owners = [life for life in lives if life.now.status == LIVES_HERE and 20 < life.person.age() < 75]
    rng.shuffle(owners)
    made = []
    used = 0
    for _ in range(count):
        owner = owners.pop() if owners and rng.random() < 0.3 else None
        units = tuple(p_number(used + i) for i in range(rng.choices((1, 2, 4), (88, 9, 3))[0]))
        used += len(units)
        made.append(_company(rng, next(numbers), owner, rng.choice(places), units))
    return tuple(made)


def _company(
    rng: random.Random, number: str, owner: Life | None, place: Dwelling, units: tuple[str, ...]
) -> Company:
    trade = rng.randrange(len(INDUSTRIES))
    name = f"{rng.choice(COMPANY_PARTS[0])} {COMPANY_PARTS[1][trade]}"
    started = date(1988, 1, 1) + timedelta(days=rng.randrange(12000))
    end = rng.choices((ACTIVE, CEASED, "under_konkurs"), (92, 6, 2))[0]
    address, hidden = place.text, False
    if owner is not None and owner.now.home is not None:
        # A sole proprietor sits at home, and the protection of the home covers the company.
        address, hidden = owner.now.home.text, owner.now.protection == PROTECTED
    return Company(
        number,
        f"{name} {'v/' + owner.person.name if owner else rng.choice(('ApS', 'A/S'))}",
        started,
        INDUSTRIES[trade],
        address,
        hidden,
        owner.person.number if owner else None,
        end,
        None if end == ACTIVE else REFERENCE_DATE - timedelta(days=rng.randint(30, 400)),
        units,
    )


def tables(made: Sequence[Company]) -> dict[str, Table]:
    """Returns `cvr.virksomhed` and `cvr.produktionsenhed`."""
    rows: list[Row] = []
    units: list[Row] = []
    for company in made:
        versions = [Version(company.started, company.started, ACTIVE)]
        if company.closed:
            versions.append(Version(company.closed, company.closed + timedelta(days=2), company.end))

        def values(status: str, of: Company = company) -> Row:
            return (
                of.number,
                of.name,
                status,
                of.started.isoformat(),
                of.closed.isoformat() if of.closed and status == CEASED else None,
                of.form,
                of.industry,
                of.address,
                of.address_protected,
                of.owner,
            )

        rows.extend(unfold(versions, values))
        units.extend(
            once(
                (
                    unit,
                    company.number,
                    company.started.isoformat(),
                    company.name,
                    company.industry,
                    company.address,
                ),
                company.started,
                company.started,
            )
            for unit in company.units
        )
    return {
        "cvr.virksomhed": Table(COMPANY, tuple(sorted(rows, key=row_order))),
        "cvr.produktionsenhed": Table(UNIT, tuple(sorted(units, key=row_order))),
    }
