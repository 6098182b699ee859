"""Policy inputs drawn from the catalogue, the agreements and the laws, most of them nearly right.

Drawn blindly, nothing would ever be granted. So an agreement is drawn first, and the rest mostly to fit;
then a field or two may be spoiled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from hypothesis import strategies as st

from adapters.catalogue import load_catalogue
from exchange.model.identifiers import SUBJECT_KEYS
from exchange.model.request import SUBJECT_ROLES

Field = st.SearchStrategy[Any]
Drawn = dict[str, Any]

CATALOGUE = load_catalogue().datasets
DAYS = (
    *("2017-12-31", "2018-01-01", "2022-12-31", "2023-01-01", "2023-12-31", "2024-01-01", "2024-06-30"),
    *("2024-07-01", "2026-11-21", "2030-02-29"),
)
NOW = "2026-11-21T20:00:00Z"
TIMES = tuple(f"{day}T{clock}Z" for day in DAYS for clock in ("00:00:00", "12:30:00", "23:59:59"))

#: Which laws carry which purpose, so that a drawn law often fits; wrong here only makes the tests weaker.
LAWS: Mapping[str, Sequence[str]] = {
    "benefits.control": ["udl.12"],
    "benefits.overlap": ["udl.8.1"],
    "building-case": ["bbrl.5.1"],
    "cash-benefit.application": ["rsl.11a.1", "rsl.11a.2"],
    "company.lookup": ["cvrl.18"],
    "early-retirement.health": ["sl.43"],
    "election.polling-place": ["krvl.51"],
    "emergency.protection": ["gdpr.6.1.d"],
    "housing-benefit.area": ["bsl.77"],
    "housing-benefit.household": ["udl.5"],
    "housing-benefit.income": ["bsl.8"],
    "housing-benefit.ownership": ["rsl.11a.2"],
    "housing-benefit.wealth": ["bsl.8a"],
    "pension.personal-supplement": ["udl.8.2"],
    "pension.residence": ["pl.5"],
    "pension.supplement": ["udl.5.pension"],
    "person.lookup": ["cprl.38"],
    "property.assessment": ["evl.assessment"],
    "residence.control": ["cprl.10.3"],
}

#: Any JSON at all.
JSON: Field = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=6), children, max_size=3)
    ),
    max_leaves=5,
)


def inputs(data: Mapping[str, Any]) -> st.SearchStrategy[Drawn]:
    """Draws policy inputs for a policy set's data."""
    fields = _unfitting(data)

    @cache
    def fitting(agreement: str, dataset: str, purpose: str) -> st.SearchStrategy[Drawn]:
        return _fitting(data, agreement, dataset, purpose)

    combinations = [
        (name, dataset, purpose)
        for name, terms in sorted(data["agreements"].items())
        for dataset in sorted(terms["datasets"])
        for purpose in sorted(terms["purposes"])
    ]
    spoiled = st.one_of([st.tuples(st.just(name), drawn) for name, drawn in sorted(fields.items())])
    return st.builds(
        lambda drawn, changes: {**drawn, **dict(changes)},
        st.sampled_from(combinations).flatmap(lambda c: fitting(*c)),
        st.lists(spoiled, max_size=2) | st.just([]),
    )


def _fitting(data: Mapping[str, Any], agreement: str, dataset: str, purpose: str) -> st.SearchStrategy[Drawn]:
    terms = data["agreements"][agreement]
    fields: dict[str, Field] = {
        "time": st.sampled_from((NOW, "2024-06-30T12:30:00Z")),
        "kind": _kinds(purpose),
        "consumer": st.just(terms["consumer"]),
        "processor": st.sampled_from((None, None, None, "90000160")),
        "provider": st.just(terms["provider"]),
        "dataset": st.just(dataset),
        "attributes": _attributes(dataset, terms["datasets"][dataset]),
        "key": st.sampled_from([k.kind for k in CATALOGUE[dataset].keys]),
        "subject_role": st.sampled_from(_roles(dataset, purpose)),
        "purpose": st.just(purpose),
        "legal_basis": st.sampled_from(LAWS.get(purpose, sorted(data["legal_bases"]))),
        "agreement": st.just(agreement),
        "law_date": st.sampled_from(("2026-11-21", "2022-06-30", "2023-06-30")),
        "consent": st.none() | _consents(terms["consumer"], purpose),
        "emergency": st.just(purpose == "emergency.protection"),
        "partial_acceptable": st.booleans(),
    }
    return st.fixed_dictionaries(fields)


def _unfitting(data: Mapping[str, Any]) -> dict[str, Field]:
    """What each field may be besides what fits."""
    names = sorted({a.name for d in CATALOGUE.values() for a in d.attributes})
    parties = [*sorted(data["authorities"]), "12345678"]
    return {
        "time": st.sampled_from(TIMES),
        "kind": st.sampled_from(("exchange", "dry_run", "matching", "watch")),
        "emergency": st.booleans(),
        "consumer": st.sampled_from(parties),
        "processor": st.none() | st.sampled_from(parties),
        "provider": st.sampled_from(parties),
        "dataset": st.sampled_from([*sorted(CATALOGUE), "cpr.nothing"]),
        "attributes": st.lists(st.sampled_from(names), min_size=1, max_size=4, unique=True).map(sorted),
        "key": st.sampled_from(sorted(SUBJECT_KEYS)),
        "subject_role": st.sampled_from(SUBJECT_ROLES),
        "purpose": st.sampled_from([*sorted(data["purposes"]), "curiosity"]),
        "legal_basis": st.sampled_from([*sorted(data["legal_bases"]), "grundloven.1"]),
        "agreement": st.sampled_from([*sorted(data["agreements"]), "udk-nothing"]),
        "law_date": st.sampled_from(DAYS),
        "consent": st.none() | _consents("92000028", "early-retirement.health"),
    }


def _kinds(purpose: str) -> st.SearchStrategy[str]:
    if purpose == "benefits.control":
        return st.sampled_from(("matching", "matching", "exchange"))
    return st.sampled_from(("exchange", "dry_run"))


def _attributes(dataset: str, carried: Sequence[str]) -> st.SearchStrategy[list[str]]:
    some = st.sets(st.sampled_from(carried), min_size=1, max_size=4)
    beyond = st.sampled_from(sorted(CATALOGUE[dataset].attribute_names))
    more = st.builds(lambda names, others: names | others, some, st.sets(beyond, min_size=1, max_size=3))
    return (some | more).map(sorted)


def _roles(dataset: str, purpose: str) -> Sequence[str]:
    if purpose in {"company.lookup", "person.lookup"}:
        return (purpose.partition(".")[0],)
    if purpose in {"emergency.protection", "residence.control"}:
        return ("person", "person", "applicant")
    if purpose == "property.assessment" or dataset.startswith(("bbr.", "dar.", "vur.")):
        return ("property", "applicant", "owner")
    return ("applicant", "applicant", "spouse", "household_member", "child")


def _consents(consumer: str, purpose: str) -> st.SearchStrategy[Drawn]:
    later = st.sampled_from((None, None, "2023-01-01T00:00:00Z", NOW, "2030-01-01T00:00:00Z"))
    mostly = st.sampled_from((True, True, True, False))
    known = st.fixed_dictionaries(
        {
            "reference": st.just("S-1"),
            "known": st.just(True),  # noqa: FBT003  # a value
            "given_time": st.sampled_from(("2020-01-01T00:00:00Z", NOW, "2027-01-01T00:00:00Z")),
            "expires_time": later,
            "withdrawn_time": later,
            "consumer": st.sampled_from((consumer, consumer, "91000008")),
            "purposes": st.sampled_from(([purpose], [purpose, "curiosity"], ["curiosity"])),
            "subject_matches": mostly,
            "case_matches": mostly,
        }
    )
    return known | st.just({"reference": "S-2", "known": False})
