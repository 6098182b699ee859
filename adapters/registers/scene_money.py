"""Income, pensions and benefits of the planted people."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Final

from adapters.registers.benefits import PensionCase, case_rows, payments
from adapters.registers.income import MUNICIPALITY, UDBETALING_DANMARK, Pay, months, row
from adapters.registers.model import Row
from adapters.registers.scene import PEOPLE

CORRECTED_MONTH: Final = date(2024, 3, 1)
CORRECTED_ON: Final = date(2024, 6, 20)
USUAL_PAY: Final = 25_000
DEVIATING_MONTH: Final = date(2024, 11, 1)

# Work income a month of those who have any, from the employer.
_WORK: Final = MappingProxyType(
    {
        "family_mother": 21_400,
        "family_father": 24_300,
        "protected": 29_500,
        "child_mother": 27_200,
        "child": 1_850,
        "separated_wife": 26_100,
        "separated_husband": 30_800,
        "flatmate_first": 11_900,
        "flatmate_second": 14_200,
        "flatmate_third": 9_700,
        "owner": 34_000,
        "working_spouse": 31_200,
        "aarhus_citizen": 28_300,
        "mismatch": 26_700,
    }
)
_PENSIONERS: Final = ("pensioner", "deceased", "returnee", "pensioner_husband", "law_change")
_ALSO_WORKING: Final = MappingProxyType({"pensioner_husband": 6_400, "law_change": 7_900})


def incomes(employer: str) -> list[Row]:
    """Returns the income of everybody planted who has one."""
    rows = [
        row(PEOPLE[role].number, month, pay)
        for role, month, pay in (*_wages(employer), *_pensions(), *_transfers())
    ]
    number, right = PEOPLE["corrected"].number, Pay(31_500, 0, 0, 0, employer)
    for month in months():
        if month == CORRECTED_MONTH:
            rows.append(row(number, month, replace(right, work=24_000), until=CORRECTED_ON))
            rows.append(row(number, month, right, recorded=CORRECTED_ON))
        else:
            rows.append(row(number, month, right))
    return rows


def _wages(employer: str) -> Iterator[tuple[str, date, Pay]]:
    for role, work in _WORK.items():
        # Three years of the spouse, since the law on her income changed within them.
        for month in months(36 if role == "working_spouse" else 24):
            yield role, month, Pay(work, 0, 0, 0, employer)
    for role, extra in (("deviating_799", 799), ("deviating_801", 801)):
        for month in months():
            work = USUAL_PAY + (extra if month == DEVIATING_MONTH else 0)
            yield role, month, Pay(work, 0, 0, 0, employer)


def _pensions() -> Iterator[tuple[str, date, Pay]]:
    for role in _PENSIONERS:
        work = _ALSO_WORKING.get(role, 0)
        for month in months(36 if work else 24):
            if role != "deceased" or month < date(2024, 9, 1):
                yield role, month, Pay(work, 16_900, 0, 450, UDBETALING_DANMARK)


def _transfers() -> Iterator[tuple[str, date, Pay]]:
    for role in ("no_kitchen", "consent_withdrawn", "consent_valid"):
        for month in months():
            yield role, month, Pay(0, 0, 12_750, 0, MUNICIPALITY)


def pensions() -> tuple[list[Row], list[Row]]:
    """Returns the rows of pension cases and of benefits paid."""
    cases: list[Row] = []
    paid: list[Row] = []
    for role in _PENSIONERS:
        person = PEOPLE[role]
        together = "gift" if role == "pensioner_husband" else "enlig"
        begins = person.birth.replace(year=person.birth.year + 66, day=1)
        # The case of the deceased still runs, and is still paid: that is what is planted.
        case = PensionCase(person.number, "folkepension", together, 58_000, 100, begins)
        cases += case_rows(case)
        paid += payments(person.number, "folkepension", 14_900)
    for role in ("family_mother", "emigrated", "no_kitchen", "child_mother", "owner"):
        paid += payments(PEOPLE[role].number, "boligstoette", 2_150)
    for role in ("consent_withdrawn", "consent_valid"):
        paid += payments(PEOPLE[role].number, "kontanthjaelp", 12_326)
    return cases, paid
