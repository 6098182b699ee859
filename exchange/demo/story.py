"""What the demo tells: who asks what, for which task, and what it shows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from adapters.registers import planted_cases
from adapters.registers.scene import PEOPLE
from exchange.client import Application, Question
from exchange.demo.questions import SLUGS, question
from exchange.demo.site import DemoSite
from exchange.model.request import Record, SubjectKey

Summary = Callable[[Sequence[Record]], str]


@dataclass(frozen=True, slots=True)
class Scene:
    """One request: by whom, what about, and how its answer is told."""

    title: str
    actor: str  # slug of the organisation
    question: Question
    summary: Summary
    is_forgotten: bool = False  # its record is erased afterwards


@dataclass(frozen=True, slots=True)
class Applying:
    """A package: asked for by whom, for whom, and how the answers of its parts are told."""

    actor: str  # slug of the organisation
    package: str
    application: Application
    summaries: Mapping[str, Summary]
    is_brief: bool = False  # a line a part is enough: its like was told before


@dataclass(frozen=True, slots=True)
class Story:
    """Requests that belong together: one after the other, or a package at once."""

    title: str
    scenes: tuple[Scene, ...] = ()
    applying: Applying | None = None


@dataclass(frozen=True, slots=True)
class _Dwelling:
    """A dwelling and its building and address."""

    unit: str
    building: str
    address: str


def stories(site: DemoSite) -> tuple[Story, ...]:
    """Gives the stories of the demo, the refusals last."""
    scenes = _planted(site)
    dwelling = _dwelling(site)
    housing = Story(
        "Udbetaling Danmark decides an application for housing benefit: one signed request",
        applying=_applying("housing-benefit", "family_mother", "bolig-1"),
    )
    disagreeing = Story(
        "Another application: the dwelling is not where CPR says that the applicant lives",
        applying=replace(_applying("housing-benefit", "mismatch", "bolig-2"), is_brief=True),
    )
    pension = Story(
        "Udbetaling Danmark decides the state pension of somebody who came back from abroad",
        applying=_applying("folkepension", "returnee", "pension-1"),
    )
    return housing, disagreeing, pension, _building_case(dwelling, site), _narrow(scenes), _refusals(scenes)


def _applying(package: str, person: str, case: str) -> Applying:
    agreements = _HOUSING if package == "housing-benefit" else _PENSION
    application = Application(
        applicant=PEOPLE[person].number,
        agreements=agreements,
        case_reference=f"DEMO-{case}",
        caseworker="sagsbehandler-17",
        law_date=datetime.now(UTC).date(),
    )
    return Applying("udbetaling-danmark", package, application, _SUMMARIES)


def _planted(site: DemoSite) -> dict[str, Scene]:
    return {
        case.name: Scene(
            case.title_en, SLUGS[case.request.consumer], question(case, f"DEMO-{case.name}"), counted
        )
        for case in planted_cases(site.registers)
    }


def _building_case(dwelling: _Dwelling, site: DemoSite) -> Story:
    base = Question(
        dataset="bbr.bygning",
        attributes=(
            "byg021BygningensAnvendelse",
            "byg026Opfoerelsesaar",
            "byg038SamletBygningsareal",
        ),
        subject=SubjectKey("bbr_bygning_id", dwelling.building),
        subject_role="property",
        purpose="building-case",
        legal_basis="bbrl.5.1",
        agreement="odense-bbr",
        case_reference="DEMO-byggesag",
        caseworker="byggesagsbehandler-4",
    )
    unit = replace(
        base,
        dataset="bbr.enhed",
        attributes=(
            "enh020EnhedensAnvendelse",
            "enh026EnhedensSamledeAreal",
            "enh031AntalVaerelser",
        ),
        subject=SubjectKey("bbr_enhed_id", dwelling.unit),
    )
    address = replace(
        base,
        dataset="dar.adresse",
        attributes=("adressebetegnelse",),
        subject=SubjectKey("dar_adresse_id", dwelling.address),
        agreement="odense-dar",
    )
    rows = "real rows of BBR and DAR" if site.has_real_rows else "generated rows"
    vendor = replace(base, consumer="92000028")
    return Story(
        f"Odense Kommune handles a building case, on {rows}",
        (
            Scene("The building", "odense", base, _building),
            Scene("The dwelling in it", "odense", unit, _area),
            Scene("Its address", "odense", address, counted),
            Scene("The building, asked by the vendor for Odense", "kommunesystemer", vendor, _building),
        ),
    )


def _narrow(scenes: dict[str, Scene]) -> Story:
    """What a law opens by less than the value, or for more than the usual price."""
    person = scenes["family-income-applicant"].question.subject
    control = Question(
        dataset="eindkomst.indkomst",
        attributes=("loenindkomst", "pensionsindkomst"),
        subject=person,
        subject_role="person",
        purpose="residence.control",
        legal_basis="cprl.10.3",
        agreement="odense-eindkomst-bopael",
        case_reference="DEMO-bopael",
        caseworker="kontrolmedarbejder-2",
        law_date=date(2022, 6, 30),
    )
    danger = Question(
        dataset="cpr.person",
        attributes=("darAdresseId", "status"),
        subject=person,
        subject_role="person",
        purpose="emergency.protection",
        legal_basis="gdpr.6.1.d",
        agreement="odense-cpr-fare",
        case_reference="DEMO-fare",
        caseworker="doegnvagt-1",
        emergency_ground="Threat to the person's life, reported to the duty desk.",
    )
    return Story(
        "Odense Kommune asks where the law opens a door only a little, or only in danger",
        (
            Scene("Any income? By the law of 2022, yes or no only", "odense", control, _yes_or_no),
            Scene("By the law of today, the amounts", "odense", replace(control, law_date=None), _income),
            Scene("Danger to life: granted, and queued for review", "odense", danger, counted),
        ),
    )


def _refusals(scenes: dict[str, Scene]) -> Story:
    child = scenes["child-income-by-obligation"]
    health = replace(
        scenes["consent-missing"].question,
        legal_basis="rsl.11a.1",
        purpose="cash-benefit.application",
    )
    names = (
        "consent-withdrawn",
        "agreement-ended",
        "working-spouse-after",
        "municipality-work-income",
        "protected-address-private",
    )
    return Story(
        "What the law does not carry is refused, and recorded all the same",
        (
            replace(scenes["child-income-by-role"], is_forgotten=True),
            *(scenes[name] for name in names),
            replace(child, title="A child's income, the child called a household member"),
            Scene(
                "Udbetaling Danmark reads a health journal without consent",
                "udbetaling-danmark",
                health,
                counted,
            ),
            Scene(
                "A vendor asks for Aarhus without a delegation",
                "kommunesystemer",
                replace(scenes["agreement-ended"].question, consumer="90000055"),
                counted,
            ),
            Scene(
                "An authority whose participation is revoked",
                "nedlagt-styrelse",
                scenes["agreement-ended"].question,
                counted,
            ),
        ),
    )


def _dwelling(site: DemoSite) -> _Dwelling:
    """Finds a dwelling in Odense: among the real rows where they are loaded (no UUIDv5 there)."""
    folder = site.folder / "registers"
    real = "<>" if site.has_real_rows else "="
    query = f"""
        SELECT e.id_lokalId, e.bygning, e.adresseIdentificerer
        FROM enhed e
        JOIN bygning b ON b.id_lokalId = e.bygning
        JOIN dar.adresse a ON a.id_lokalId = e.adresseIdentificerer
        WHERE e.kommunekode = '0461' AND substr(e.id_lokalId, 15, 1) {real} '5'
          AND e.enh026EnhedensSamledeAreal > 40 AND e.enh020EnhedensAnvendelse = '140'
          AND e.registreringTil IS NULL AND e.virkningTil IS NULL
          AND b.registreringTil IS NULL AND b.virkningTil IS NULL
          AND a.registreringTil IS NULL AND a.virkningTil IS NULL
        ORDER BY e.id_lokalId LIMIT 1"""  # noqa: S608  # an operator of our own, no input
    connection = sqlite3.connect(folder / "bbr.db")
    try:
        connection.execute("ATTACH ? AS dar", (str(Path(folder) / "dar.db"),))
        return _Dwelling(*connection.execute(query).fetchone())
    finally:
        connection.close()


def counted(records: Sequence[Record]) -> str:
    """Tells how many records there are."""
    if not records:
        return "no record"
    return f"{len(records)} record{'s' if len(records) > 1 else ''}"


def _household(records: Sequence[Record]) -> str:
    children = sum(str(r["foedselsdato"]) > "2007" for r in records)
    persons = "1 person" if len(records) == 1 else f"{len(records)} persons"
    return f"{persons}, {children or 'none'} of them children"


def _income(records: Sequence[Record]) -> str:
    total = sum(v for r in records for n, v in r.items() if n != "maaned" and isinstance(v, int))
    return f"{len(records)} months, {total:,} kr. in all"


def _area(records: Sequence[Record]) -> str:
    return ", ".join(f"{r.get('enh026EnhedensSamledeAreal')} m²" for r in records) or "no record"


def _building(records: Sequence[Record]) -> str:
    return ", ".join(
        f"built {r.get('byg026Opfoerelsesaar')}, {r.get('byg038SamletBygningsareal')} m²" for r in records
    )


def _yes_or_no(records: Sequence[Record]) -> str:
    return ", ".join(f"{n}: {'yes' if v else 'no'}" for r in records for n, v in sorted(r.items()))


def _owns(records: Sequence[Record]) -> str:
    return "owns none" if not records else f"{len(records)} ownerships"


_HOUSING = {
    "cpr.person": "udk-cpr",
    "eindkomst.indkomst": "udk-eindkomst",
    "bbr.enhed": "udk-bbr",
    "ejf.ejerskab": "udk-ejf",
    "vur.vurdering": "udk-vur",
    "skat.formue": "udk-skat",
    "pension.ydelse": "udk-pension",
}
_PENSION = {
    "cpr.person": "udk-cpr",
    "cpr.udlandsophold": "udk-cpr",
    "eindkomst.indkomst": "udk-eindkomst",
    "pension.ydelse": "udk-pension",
}
_SUMMARIES: Mapping[str, Summary] = {
    "household": _household,
    "income": _income,
    "spouse-income": _income,
    "member-income": _income,
    "other-income": _income,
    "dwelling": _area,
    "ownership": _owns,
}
