"""Wealth, health journals and consents: the tables of SKAT, sundhed and samtykke."""

# ruff: noqa: PLR2004 - shares and ages of invented people read best where they are drawn

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from adapters.registers.bitemporal import COLUMNS, once, record_time
from adapters.registers.identifiers import identifier
from adapters.registers.lives import LIVES_HERE, Life
from adapters.registers.model import (
    CONSENTS,
    REFERENCE_DATE,
    Row,
    Table,
    quantile,
    row_order,
    stream,
)

WEALTH: Final = ("personnummer", "aar", "formue", *COLUMNS)
JOURNAL: Final = ("personnummer", "kontaktdato", "diagnosekode", "funktionsevne", *COLUMNS)
CONSENT: Final = (
    "reference",
    "consumer",
    "purposes",
    "personnummer",
    "caseReference",
    "givenTime",
    "expiresTime",
    "withdrawnTime",
)
WEALTH_YEARS: Final = (2022, 2023)
HEALTH_PURPOSE: Final = "early-retirement.health"
_MUNICIPALITIES: Final = ("92000028", "90000055")
_DIAGNOSES: Final = (
    ("DM545", "Lænderygsmerter. Kan arbejde siddende i korte perioder med pauser."),
    ("DF322", "Svær depression. Arbejdsevnen er aktuelt ophævet."),
    ("DM179", "Slidgigt i knæ. Kan ikke stå eller gå i længere tid."),
    ("DJ449", "Kronisk lungesygdom. Kun lettere arbejde uden støv."),
    ("DG439", "Migræne. Uforudsigeligt fravær nogle dage om måneden."),
    ("DE119", "Type 2-diabetes. Ingen nedsættelse af arbejdsevnen."),
)


def wealth(number: str, year: int, amount: int) -> Row:
    """Returns a person's wealth at the end of a year, known the March after."""
    return once((number, year, amount), date(year, 12, 31), date(year + 1, 3, 14))


def wealths(lives: Sequence[Life], seed: int) -> list[Row]:
    """Returns the wealth of all adults."""
    rng = stream(seed, "wealth")
    rows = []
    for life in lives:
        age = life.person.age()
        if age < 20:  # an adult in both years
            continue
        amount = quantile(rng, -160_000, 95_000 + age * 2500, 1_900_000)
        for year in WEALTH_YEARS:
            if life.ended is None or life.ended > date(year, 12, 31):
                amount += rng.randint(-20, 45) * 1000
                rows.append(wealth(life.person.number, year, amount))
    return rows


def journal(number: str, day: date, diagnosis: int) -> Row:
    """Returns one contact with the health service."""
    code, ability = _DIAGNOSES[diagnosis]
    return once((number, day.isoformat(), code, ability), day, day + timedelta(days=1))


def journals(lives: Sequence[Life], seed: int) -> list[Row]:
    """Returns journal extracts of three adults in a hundred."""
    rng = stream(seed, "journals")
    rows = []
    for life in lives:
        if life.person.age() < 18 or rng.random() >= 0.03:
            continue
        diagnosis = rng.randrange(len(_DIAGNOSES))
        first = REFERENCE_DATE - timedelta(days=rng.randint(200, 900))
        for visit in range(rng.randint(1, 4)):
            day = first + timedelta(days=visit * 45)
            if life.ended is None or day <= life.ended:
                rows.append(journal(life.person.number, day, diagnosis))
    return rows


def consent(
    reference: str,
    number: str,
    *,
    consumer: str,
    given: date,
    purposes: Sequence[str] = (HEALTH_PURPOSE,),
    case: str | None = None,
    expires: date | None = None,
    withdrawn: date | None = None,
) -> Row:
    """Returns a consent; it is for any case unless one is named."""
    return (
        reference,
        consumer,
        ",".join(sorted(purposes)),
        number,
        case,
        record_time(given),
        record_time(expires) if expires else None,
        record_time(withdrawn) if withdrawn else None,
    )


def consents(lives: Sequence[Life], seed: int) -> list[Row]:
    """Returns the consents of one adult in a hundred; some expired, some withdrawn."""
    rng = stream(seed, "consents")
    rows = []
    for life in lives:
        if life.now.status != LIVES_HERE or life.person.age() < 18 or rng.random() >= 0.01:
            continue
        number = life.person.number
        given = REFERENCE_DATE - timedelta(days=rng.randint(30, 500))
        later = given + timedelta(days=rng.randint(5, 25))
        rows.append(
            consent(
                identifier(CONSENTS, number),
                number,
                consumer=rng.choice(_MUNICIPALITIES),
                given=given,
                expires=given + timedelta(days=365) if rng.random() < 0.5 else None,
                withdrawn=later if rng.random() < 0.15 else None,
            )
        )
    return rows


def tables(amounts: Sequence[Row], contacts: Sequence[Row], given: Sequence[Row]) -> dict[str, Table]:
    """Returns `skat.formue`, `sundhed.journaludtraek` and the consents."""
    return {
        "skat.formue": Table(WEALTH, tuple(sorted(amounts, key=row_order))),
        "sundhed.journaludtraek": Table(JOURNAL, tuple(sorted(contacts, key=row_order))),
        CONSENTS: Table(CONSENT, tuple(sorted(given, key=row_order))),
    }
