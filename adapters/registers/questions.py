"""The questions that the planted cases ask, one function for each purpose."""

from datetime import date
from typing import Any, Final

from adapters.registers.case_model import GRANTED, Expected, PlantedCase, PlantedRequest
from adapters.registers.scene import HOMES, PEOPLE

UDK: Final = "91000008"
ODENSE: Final = "92000028"
AARHUS: Final = "90000055"
BANK: Final = "90000101"

INCOME: Final = (
    "loenindkomst",
    "maaned",
    "oevrigIndkomst",
    "overfoerselsindkomst",
    "pensionsindkomst",
)
ADDRESS: Final = ("cprKommunekode", "cprVejkode", "darAdresseId", "etage", "husnummer", "sidedoer")
HEALTH: Final = ("diagnosekode", "funktionsevne", "kontaktdato")
STAYS: Final = ("indrejsedato", "udrejsedato", "udrejseland")
AREA: Final = (
    "enh026EnhedensSamledeAreal",
    "enh034Koekkenforhold",
    "enh045Udlejningsforhold",
)
STATUS: Final = ("foedselsdato", "status", "statusdato")
HOUSEHOLD: Final = ("civilstand", "foedselsdato", "personnummer")


def case(
    name: str,
    titles: tuple[str, str],
    request: PlantedRequest,
    note: str,
    expected: Expected = GRANTED,
    records: int | None = None,
) -> PlantedCase:
    """Returns a case; by default it is granted."""
    return PlantedCase(name, *titles, request, expected, note, records)


def household(home: str) -> PlantedRequest:
    """Asks who lives in a home."""
    return PlantedRequest(
        *(UDK, "cpr.person", "dar_adresse_id", HOMES[home].address_id, "household_member"),
        *(HOUSEHOLD, "housing-benefit.household", "udl.5", "udk-cpr"),
    )


def income(person: str, role: str = "applicant", **more: Any) -> PlantedRequest:
    """Asks for income, for housing benefit."""
    return PlantedRequest(
        *(UDK, "eindkomst.indkomst", "personnummer", PEOPLE[person].number, role, INCOME),
        *("housing-benefit.income", "bsl.8", "udk-eindkomst"),
        **more,
    )


def area(home: str) -> PlantedRequest:
    """Asks for area, kitchen and tenure of a home."""
    return PlantedRequest(
        *(UDK, "bbr.enhed", "dar_adresse_id", HOMES[home].address_id, "property", AREA),
        *("housing-benefit.area", "bsl.77", "udk-bbr"),
    )


def ownership(person: str) -> PlantedRequest:
    """Asks what somebody owns."""
    attributes = (
        "bestemtFastEjendomBFENr",
        "faktiskEjerandel_naevner",
        "faktiskEjerandel_taeller",
        "status",
    )
    return PlantedRequest(
        *(UDK, "ejf.ejerskab", "personnummer", PEOPLE[person].number, "applicant", attributes),
        *("housing-benefit.ownership", "rsl.11a.2", "udk-ejf"),
    )


def wealth(person: str) -> PlantedRequest:
    """Asks for somebody's wealth."""
    return PlantedRequest(
        *(UDK, "skat.formue", "personnummer", PEOPLE[person].number, "applicant"),
        *(("aar", "formue"), "housing-benefit.wealth", "bsl.8a", "udk-skat"),
    )


def residence(person: str, dataset: str, attributes: tuple[str, ...]) -> PlantedRequest:
    """Asks CPR about residence, for a pension."""
    return PlantedRequest(
        *(UDK, dataset, "personnummer", PEOPLE[person].number, "applicant", attributes),
        *("pension.residence", "pl.5", "udk-cpr"),
    )


def supplement(person: str, role: str, on: date | None, **more: Any) -> PlantedRequest:
    """Asks for income, for a pension supplement; `on` is the law date."""
    return PlantedRequest(
        *(UDK, "eindkomst.indkomst", "personnummer", PEOPLE[person].number, role),
        *(more.pop("attributes", INCOME), "pension.supplement", "udl.5.pension"),
        *("udk-eindkomst", on),
        **more,
    )


def benefits(person: str, consumer: str) -> PlantedRequest:
    """Asks for benefits paid, by Udbetaling Danmark or by a municipality."""
    return PlantedRequest(
        *(consumer, "pension.ydelse", "personnummer", PEOPLE[person].number, "applicant"),
        *(("beloeb", "maaned", "ydelsestype"), "benefits.overlap", "udl.8.1"),
        "udk-pension" if consumer == UDK else "odense-pension",
    )


def health(person: str, consent: str | None) -> PlantedRequest:
    """Asks for a journal extract, with the consent cited."""
    return PlantedRequest(
        *(ODENSE, "sundhed.journaludtraek", "personnummer", PEOPLE[person].number, "applicant"),
        *(HEALTH, "early-retirement.health", "sl.43", "odense-sundhed"),
        consent=consent,
    )


NON_WORK: Final = tuple(name for name in INCOME if name != "loenindkomst")
BEFORE_CORRECTION: Final = "2024-05-01T00:00:00.000000Z"
AFTER_CORRECTION: Final = "2024-09-01T00:00:00.000000Z"
