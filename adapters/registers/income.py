"""Monthly income: the table of eIndkomst."""

# ruff: noqa: PLR2004 - shares and ages of invented people read best where they are drawn

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from adapters.registers.bitemporal import COLUMNS, effect_time, record_time
from adapters.registers.lives import Life
from adapters.registers.model import REFERENCE_DATE, Row, Table, quantile, row_order, stream
from adapters.registers.population import PENSION_AGE

INCOME: Final = (
    "personnummer",
    "maaned",
    "loenindkomst",
    "pensionsindkomst",
    "overfoerselsindkomst",
    "oevrigIndkomst",
    "seNummer",
    *COLUMNS,
)
UDBETALING_DANMARK: Final = "91000008"
MUNICIPALITY: Final = "92000028"
MONTHS: Final = 24
_YOUNGEST: Final = 13


@dataclass(frozen=True, slots=True)
class Pay:
    """What somebody gets in a month, and the SE number of who reports it."""

    work: int
    pension: int
    benefit: int
    other: int
    payer: str


def months(count: int = MONTHS) -> tuple[date, ...]:
    """Returns the first days of the last months before the reference date."""
    first = REFERENCE_DATE.year * 12 + REFERENCE_DATE.month - 1 - count
    return tuple(date(m // 12, m % 12 + 1, 1) for m in range(first, first + count))


def reported(month: date) -> date:
    """Returns the day on which the income of a month is reported: the 10th of the next.

    December's is thereby the one recording that comes after the reference date.
    """
    return (month + timedelta(days=31)).replace(day=10)


def row(number: str, month: date, pay: Pay, recorded: date | None = None, until: date | None = None) -> Row:
    """Returns one row of income.

    Args:
        number: Whose.
        month: First day of the month.
        pay: What.
        recorded: When; by default when it is due.
        until: When a correction replaced it.
    """
    return (
        number,
        f"{month:%Y-%m}",
        pay.work,
        pay.pension,
        pay.benefit,
        pay.other,
        pay.payer,
        record_time(recorded or reported(month)),
        record_time(until) if until else None,
        effect_time(month),
        None,
    )


def incomes(lives: Sequence[Life], payers: Sequence[str], seed: int) -> list[Row]:
    """Returns the income of everybody who has one."""
    rng = stream(seed, "income")
    rows: list[Row] = []
    for life in lives:
        usual = _usual(rng, life, payers)
        if usual is not None:
            rows.extend(_history(rng, life, usual))
    return rows


def table(rows: Sequence[Row]) -> dict[str, Table]:
    """Returns `eindkomst.indkomst`."""
    return {"eindkomst.indkomst": Table(INCOME, tuple(sorted(rows, key=row_order)))}


def _usual(rng: random.Random, life: Life, payers: Sequence[str]) -> Pay | None:
    age, payer = life.person.age(), rng.choice(payers)
    if age < 18:
        # After-school jobs, which housing benefit must not see.
        works = age >= _YOUNGEST and rng.random() < 0.35
        return Pay(rng.randint(8, 45) * 100, 0, 0, 0, payer) if works else None
    other = rng.randint(1, 40) * 50 if rng.random() < 0.12 else 0
    if age >= PENSION_AGE:
        work = rng.randint(20, 160) * 100 if rng.random() < 0.1 else 0
        return Pay(work, quantile(rng, 13500, 17800, 31000), 0, other, UDBETALING_DANMARK)
    return _of_working_age(rng, age, other, payer)


def _of_working_age(rng: random.Random, age: int, other: int, payer: str) -> Pay:
    chance = rng.random()
    if chance < 0.76:
        percent = 45 if age < 25 else 100
        return Pay(quantile(rng, 19500, 33500, 56000) * percent // 100, 0, 0, other, payer)
    if chance < 0.86:
        return Pay(0, 0, rng.randint(118, 165) * 100, other, MUNICIPALITY)
    if chance < 0.91 and age > 40:
        return Pay(0, rng.randint(170, 205) * 100, 0, other, UDBETALING_DANMARK)
    return Pay(rng.randint(20, 90) * 100, 0, rng.randint(65, 75) * 100, other, payer)


def _history(rng: random.Random, life: Life, usual: Pay) -> Iterator[Row]:
    number, ended = life.person.number, life.ended
    for month in months():
        if ended is not None and month > ended:
            return
        pay = usual
        if usual.work:
            pay = replace(usual, work=usual.work + rng.randint(-6, 6) * usual.work // 200)
        if rng.random() < 0.015:  # the employer reported wrongly at first
            corrected = reported(month) + timedelta(days=rng.randint(20, 150))
            if corrected < REFERENCE_DATE:
                wrong = replace(pay, work=pay.work + rng.randint(2, 30) * 100)
                yield row(number, month, wrong, until=corrected)
                yield row(number, month, pay, recorded=corrected)
                continue
        yield row(number, month, pay)
