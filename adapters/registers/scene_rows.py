"""What the registers hold about the planted people; nothing of it is drawn at random."""

# ruff: noqa: PLR2004 - shares and ages of invented people read best where they are drawn

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from adapters.registers.bitemporal import Version
from adapters.registers.cadastre import land_area
from adapters.registers.companies import Company
from adapters.registers.identifiers import cvr_numbers, p_number
from adapters.registers.lives import LIVES_HERE, PROTECTED, Life, State, Stay
from adapters.registers.model import Row
from adapters.registers.ownership import share, valuation
from adapters.registers.personal import WEALTH_YEARS, consent, journal, wealth
from adapters.registers.scene import HOME_OF, HOMES, PEOPLE, RESIDENTS
from adapters.registers.scene_money import incomes, pensions

_NUMBERS = cvr_numbers(planted=True)
EMPLOYER: Final = next(_NUMBERS)
PROTECTED_COMPANY: Final = next(_NUMBERS)
LANDLORD: Final = next(_NUMBERS)

CONSENT_VALID: Final = "samtykke-plantet-gyldigt"
CONSENT_WITHDRAWN: Final = "samtykke-plantet-tilbagekaldt"
_SETTLED: Final = date(2016, 5, 1)
_ODENSE_KOMMUNE: Final = "92000028"


@dataclass
class SceneRows:
    """Rows to be put beside those drawn at random."""

    lives: list[Life] = field(default_factory=list)
    companies: list[Company] = field(default_factory=list)
    incomes: list[Row] = field(default_factory=list)
    cases: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    owners: list[Row] = field(default_factory=list)
    valuations: list[Row] = field(default_factory=list)
    wealth: list[Row] = field(default_factory=list)
    journals: list[Row] = field(default_factory=list)
    consents: list[Row] = field(default_factory=list)


def scene_rows() -> SceneRows:
    """Returns everything the registers hold about the planted people."""
    rows = SceneRows()
    rows.lives = [_life(role) for role in PEOPLE]
    _add_companies(rows)
    rows.incomes = incomes(EMPLOYER)
    rows.cases, rows.payments = pensions()
    _add_properties(rows)
    _add_health(rows)
    return rows


def _life(role: str) -> Life:
    person = PEOPLE[role]
    first = State(LIVES_HERE, person.birth, "ugift", None, None, HOMES[HOME_OF[role]])
    start = max(person.birth, _SETTLED)
    changes: Mapping[str, tuple[str, dict[str, Any]]] = {
        "protected": ("2024-02-01", {"protection": PROTECTED}),
        "deceased": ("2024-08-14", {"status": "doed", "home": None}),
        "emigrated": ("2024-06-01", {"status": "udrejst", "home": None}),
        "separated_wife": ("2024-04-15", {"civil": "separeret"}),
        "separated_husband": ("2024-04-15", {"civil": "separeret"}),
    }
    for pair in (
        ("family_mother", "family_father"),
        ("separated_wife", "separated_husband"),
        ("working_spouse", "pensioner_husband"),
    ):
        if role in pair:
            other = pair[1] if role == pair[0] else pair[0]
            first = replace(first, civil="gift", spouse=PEOPLE[other].number)
    stays: tuple[Stay, ...] = ()
    if role == "returnee":
        # 34 to 55 years old: 21 of the years that count were spent abroad.
        stays = (Stay(date(1990, 8, 15), "ES", date(2011, 9, 1)),)
        start = date(2011, 9, 1)
        first = replace(first, since=start)
    versions = [Version(start, start, first)]
    if role in changes:
        day, change = date.fromisoformat(changes[role][0]), changes[role][1]
        if "status" in change:
            change["since"] = day
        versions.append(Version(day, day, replace(first, **change)))
    if role == "emigrated":
        stays = (Stay(date(2024, 6, 1), "ES", None),)
    return Life(person, tuple(versions), stays)


def _add_companies(rows: SceneRows) -> None:
    owner = PEOPLE["protected"]
    addresses = {name: home.text for name, home in HOMES.items()}
    rows.companies = [
        Company(EMPLOYER, "Plantet Arbejdsplads A/S", date(2005, 3, 1), "812100", addresses["owner"]),
        Company(
            PROTECTED_COMPANY,
            f"Havglimt Regnskab v/{owner.name}",
            date(2019, 2, 1),
            "692000",
            addresses["protected"],
            address_protected=True,
            owner=owner.number,
        ),
        Company(LANDLORD, "Plantet Udlejning ApS", date(1998, 9, 1), "682040", addresses["owner"]),
    ]
    rows.companies = [
        replace(company, units=(p_number(index, planted=True),))
        for index, company in enumerate(rows.companies)
    ]


def _add_properties(rows: SceneRows) -> None:
    codes = {"association": "20", "company": "30"}
    for name, home in HOMES.items():
        lot = home.building.property
        residents = [PEOPLE[role].number for role in RESIDENTS[name]]
        if lot.owner_kind == "person":
            for number in residents:
                rows.owners += share(lot.bfe, since=_SETTLED, person=number, parts=len(residents))
        else:
            code = codes[lot.owner_kind]
            rows.owners += share(lot.bfe, since=_SETTLED, company=LANDLORD, code=code)
        for year in (2020, 2022):
            rows.valuations.append(valuation(lot.bfe, year, 1_900_000, 560_000, land_area(home.building)))
    for role, person in PEOPLE.items():
        if person.age() >= 20:  # an adult in both years
            amount = 1_250_000 if role == "owner" else 45_000
            rows.wealth += [wealth(person.number, year, amount) for year in WEALTH_YEARS]


def _add_health(rows: SceneRows) -> None:
    for role in ("consent_withdrawn", "consent_valid"):
        for visit, day in enumerate((date(2024, 2, 6), date(2024, 5, 14))):
            rows.journals.append(journal(PEOPLE[role].number, day, visit))
    purposes = ("cash-benefit.application", "early-retirement.health")
    given = date(2024, 9, 2)
    rows.consents = [
        consent(
            CONSENT_VALID,
            PEOPLE["consent_valid"].number,
            consumer=_ODENSE_KOMMUNE,
            purposes=purposes,
            given=given,
        ),
        consent(
            CONSENT_WITHDRAWN,
            PEOPLE["consent_withdrawn"].number,
            consumer=_ODENSE_KOMMUNE,
            purposes=purposes,
            given=given,
            withdrawn=date(2024, 11, 18),
        ),
    ]
