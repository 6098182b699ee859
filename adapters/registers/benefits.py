"""Pension cases and benefits paid: the tables of the pension register."""

# ruff: noqa: PLR2004 - shares and ages of invented people read best where they are drawn

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from adapters.registers.bitemporal import COLUMNS, Version, effect_time, record_time, unfold
from adapters.registers.income import months
from adapters.registers.lives import Life
from adapters.registers.model import Row, Table, quantile, row_order, stream
from adapters.registers.population import PENSION_AGE

CASE: Final = (
    "personnummer",
    "sagsstatus",
    "pensionstype",
    "samliv",
    "formue",
    "personligTillaegsprocent",
    "pensionFra",
    *COLUMNS,
)
BENEFIT: Final = ("personnummer", "ydelsestype", "beloeb", "maaned", *COLUMNS)
GRANTED: Final = "bevilget"
ENDED: Final = "ophoert"
MONTHS_PAID: Final = 12


@dataclass(frozen=True, slots=True)
class PensionCase:
    """A pension granted, and the day it ended if it did."""

    number: str
    kind: str
    cohabitation: str
    wealth: int
    supplement: int
    begins: date
    ends: date | None = None


def case_rows(case: PensionCase) -> list[Row]:
    """Returns the history of a case: applied for, granted, ended."""
    versions = [
        Version(case.begins - timedelta(days=90), case.begins - timedelta(days=90), "ansoegt"),
        Version(case.begins, case.begins - timedelta(days=20), GRANTED),
    ]
    if case.ends:
        versions.append(Version(case.ends, case.ends + timedelta(days=12), ENDED))

    def values(status: str) -> Row:
        return (
            case.number,
            status,
            case.kind,
            case.cohabitation,
            case.wealth,
            case.supplement,
            case.begins.isoformat(),
        )

    return unfold(versions, values)


def payments(number: str, kind: str, amount: int, until: date | None = None) -> list[Row]:
    """Returns the payments of a benefit, one a month, the last at the latest on `until`."""
    return [
        (
            number,
            kind,
            amount,
            f"{month:%Y-%m}",
            record_time(month),
            None,
            effect_time(month),
            None,
        )
        for month in months(MONTHS_PAID)
        if until is None or month <= until
    ]


def benefits(lives: Sequence[Life], seed: int) -> tuple[list[Row], list[Row]]:
    """Returns the rows of cases and of payments."""
    rng = stream(seed, "benefits")
    cases: list[Row] = []
    paid: list[Row] = []
    for life in lives:
        case = _case(rng, life)
        number, age, ended = life.person.number, life.person.age(), life.ended
        if case is not None:
            cases.extend(case_rows(case))
            paid.extend(payments(number, case.kind, quantile(rng, 13000, 15400, 19800), ended))
        if age >= 18 and ended is None:
            paid.extend(_others(rng, number, age))
    return cases, paid


def tables(cases: Sequence[Row], paid: Sequence[Row]) -> dict[str, Table]:
    """Returns `pension.sag` and `pension.ydelse`."""
    return {
        "pension.sag": Table(CASE, tuple(sorted(cases, key=row_order))),
        "pension.ydelse": Table(BENEFIT, tuple(sorted(paid, key=row_order))),
    }


def _case(rng: random.Random, life: Life) -> PensionCase | None:
    age, birth = life.person.age(), life.person.birth
    if age >= PENSION_AGE:
        kind, at = "folkepension", PENSION_AGE
    elif age > 45 and rng.random() < 0.06:
        kind, at = rng.choices(("foertidspension", "seniorpension"), (85, 15))[0], age - 2
    else:
        return None
    begins = (birth.replace(year=birth.year + at, day=1) + timedelta(days=31)).replace(day=1)
    wealth = max(0, quantile(rng, 4000, 92000, 640000))
    together = {"gift": "gift", "separeret": "enlig"}.get(life.now.civil, "enlig")
    if together == "enlig" and rng.random() < 0.15:
        together = "samlevende"
    percent = 100 if wealth < 60000 else max(0, 100 - (wealth - 60000) // 4000)
    return PensionCase(life.person.number, kind, together, wealth, percent, begins, life.ended)


def _others(rng: random.Random, number: str, age: int) -> list[Row]:
    paid: list[Row] = []
    if rng.random() < 0.11:
        paid += payments(number, "boligstoette", rng.randint(8, 42) * 100)
    if age < PENSION_AGE and rng.random() < 0.025:
        paid += payments(number, "kontanthjaelp", rng.choice((8016, 12326, 16379)))
    if age < 50 and rng.random() < 0.04:
        paid += payments(number, "boernetilskud", rng.randint(10, 30) * 100)
    return paid
