"""The matrix is what the policies decide: no more, no less, and its differences are theirs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pytest

from exchange.errors import Failed
from exchange.model.request import SUBJECT_ROLES
from exchange.policy.embedded import EmbeddedEngine
from exchange.policy.policy_set import PolicySet
from exchange.workbench.difference import compare
from exchange.workbench.permission import Permission
from exchange.workbench.permitted import Permitted, enumerate_permitted, fitting_consent
from exchange.workbench.unused import uncovered_terms, unused_permits
from tests.integration.policy.inputs import CATALOGUE

TODAY = date(2026, 11, 21)
TIME = "2026-11-21T12:00:00Z"
NAMES = sorted({name for dataset in CATALOGUE.values() for name in dataset.attribute_names})


@pytest.fixture(scope="module")
def today(policies: PolicySet) -> Permitted:
    """What the policy set that comes with Hjemmel permits."""
    return enumerate_permitted(policies, TODAY)


@pytest.fixture(scope="module")
def engine(policies: PolicySet) -> EmbeddedEngine:
    """An engine of the tests' own."""
    return EmbeddedEngine(policies, timeout=30)


def granted(engine: EmbeddedEngine, policy_input: Mapping[str, Any]) -> set[str]:
    """What is granted of a request; nothing where the policies give no answer."""
    try:
        return set(engine.decide_now(policy_input).granted)
    except Failed:
        return set()


def requests(row: Permission, attributes: list[str], *, partial: bool) -> Iterator[dict[str, Any]]:
    """Every request that a row speaks of, for some attributes."""
    consent = fitting_consent(row.consumer, row.purpose, TIME) if row.conditions.consent else None
    for role, key in product(row.roles, row.keys):
        yield {
            "time": TIME,
            "kind": "matching" if row.conditions.matching else "exchange",
            "emergency": row.conditions.emergency,
            "consumer": row.consumer,
            "processor": None,
            "provider": row.provider,
            "dataset": row.dataset,
            "attributes": attributes,
            "key": key,
            "subject_role": role,
            "purpose": row.purpose,
            "legal_basis": row.law,
            "agreement": row.agreement,
            "law_date": TODAY.isoformat(),
            "consent": consent,
            "partial_acceptable": partial,
        }


def test_each_row_is_granted_whole(today: Permitted, engine: EmbeddedEngine) -> None:
    """A request for exactly a row's attributes is granted, for each of its roles and keys."""
    assert len(today.permissions) >= 30
    for row in today.permissions:
        for asked in requests(row, list(row.attributes), partial=False):
            assert set(row.attributes) == granted(engine, asked), asked


def test_no_row_leaves_an_attribute_out(today: Permitted, engine: EmbeddedEngine) -> None:
    """Asked for every attribute there is, with a part being enough, the policies grant those of the row."""
    for row in today.permissions:
        for asked in requests(row, NAMES, partial=True):
            assert set(row.attributes) == granted(engine, asked), asked


def test_what_is_not_in_the_matrix_is_refused(
    today: Permitted, policies: PolicySet, engine: EmbeddedEngine
) -> None:
    """Two thousand combinations drawn from all that the set names: nothing is granted but what rows say."""
    places = {
        (row.consumer, row.purpose, row.law, row.agreement, row.dataset, role, key)
        for row in today.permissions
        for role, key in product(row.roles, row.keys)
    }
    draw = random.Random(20261121)
    data = policies.data
    keys = sorted({key.kind for dataset in CATALOGUE.values() for key in dataset.keys})
    outside = 0
    while outside < 2000:
        # The agreement is mostly the consumer's own: blindly drawn, nothing would come near a grant.
        name, agreement = draw.choice(sorted(data["agreements"].items()))
        consumer = draw.choice([agreement["consumer"], *data["authorities"]])
        purpose = draw.choice([*agreement["purposes"], *data["purposes"]])
        dataset = draw.choice([*agreement["datasets"], *CATALOGUE])
        law, role, key = (
            draw.choice(sorted(data["legal_bases"])),
            draw.choice(SUBJECT_ROLES),
            draw.choice(keys),
        )
        if (consumer, purpose, law, name, dataset, role, key) in places:
            continue
        outside += 1
        row = replace(
            today.permissions[0],
            consumer=consumer, purpose=purpose, law=law, agreement=name, provider=agreement["provider"],
            dataset=dataset, roles=(role,), keys=(key,),
        )  # fmt: skip
        for consent, emergency, matching in product((False, True), repeat=3):
            manner = replace(row.conditions, consent=consent, emergency=emergency, matching=matching)
            (asked,) = requests(replace(row, conditions=manner), NAMES, partial=True)
            assert set() == granted(engine, asked), asked


def test_rows_do_not_overlap(today: Permitted) -> None:
    """Merging keeps each combination once in each manner of asking."""
    places = [
        (row.consumer, row.purpose, row.law, row.agreement, row.dataset, role, key, manner)
        for row in today.permissions
        for role, key in product(row.roles, row.keys)
        for manner in [(row.conditions.emergency, row.conditions.matching)]
    ]
    assert len(set(places)) == len(places)


def test_conditions_are_those_of_the_law(today: Permitted) -> None:
    """Health data needs consent, a private party's look-up is bound by the protection of addresses."""
    health = [row for row in today.permissions if row.dataset == "sundhed.journaludtraek"]
    assert health
    assert all(row.conditions.consent for row in health)
    (person,) = (row for row in today.permissions if row.purpose == "person.lookup")
    assert ["withhold_when_protected"] == [duty.id for duty in person.conditions.duties]
    assert "CPR-loven § 28" in person.conditions.duties[0].reason.da


def test_a_child_stands_in_no_row_of_income(today: Permitted) -> None:
    """Boligstøtteloven § 8(4) keeps a child's income out: its role is in no row for that purpose."""
    rows = [row for row in today.permissions if row.purpose == "housing-benefit.income"]
    assert rows
    assert all("child" not in row.roles for row in rows)


def test_one_authority_gets_its_own_rows(policies: PolicySet, today: Permitted) -> None:
    """Asked for one authority, the enumeration gives the rows that it has among all."""
    one = enumerate_permitted(policies, TODAY, consumer="92000028")
    assert tuple(r for r in today.permissions if r.consumer == "92000028") == one.permissions


def test_progress_counts_every_agreement_in_force(policies: PolicySet) -> None:
    """The bar moves once an agreement, to the end."""
    told: list[tuple[int, int]] = []
    enumerate_permitted(policies, TODAY, lambda done, all_: told.append((done, all_)))
    day = TODAY.isoformat()
    in_force = [a for a in policies.data["agreements"].values() if not a["valid_to"] or day <= a["valid_to"]]
    assert [(n, len(in_force)) for n in range(1, len(in_force) + 1)] == told


def test_no_agreement_nothing_permitted(policies: PolicySet) -> None:
    """Without agreements there is no row, and every permit of the laws is unused."""
    found = enumerate_permitted(PolicySet(policies.modules, {**policies.data, "agreements": {}}), TODAY)
    assert () == found.permissions
    assert {p.law for p in found.permits} == {
        r.place.removeprefix("legal_bases/") for r in unused_permits(found)
    }


def test_a_set_does_not_differ_from_itself(today: Permitted) -> None:
    """The same rows on both sides: nothing new, nothing gone, nothing changed."""
    assert compare(today.permissions, today.permissions).is_empty


def test_difference_of_two_dates_is_the_change_of_the_law(policies: PolicySet, today: Permitted) -> None:
    """Laws 875/2022 and 726/2023 took work income out of the pension; an agreement ended in between."""
    before = enumerate_permitted(policies, date(2022, 6, 1))
    difference = compare(before.permissions, today.permissions)
    assert {"aarhus-cpr"} == {row.agreement for row in difference.gone}
    removed = {(c.row.purpose, c.row.dataset, c.removed) for c in difference.changed if c.removed}
    assert {("pension.supplement", "eindkomst.indkomst", ("loenindkomst",))} == removed


def test_difference_is_symmetric(policies: PolicySet, today: Permitted) -> None:
    """Compared the other way round, new is gone, gone is new, and each change is undone."""
    before = enumerate_permitted(policies, date(2022, 6, 1))
    there, back = (
        compare(before.permissions, today.permissions),
        compare(today.permissions, before.permissions),
    )
    assert (there.new, there.gone) == (back.gone, back.new)
    assert [(c.added, c.removed, c.before, c.after) for c in there.changed] == [
        (c.removed, c.added, c.after, c.before) for c in back.changed
    ]


def edited(policies: PolicySet, path: str, old: str, new: str) -> PolicySet:
    """A set with one line of a module changed."""
    assert old in policies.modules[path]
    return PolicySet({**policies.modules, path: policies.modules[path].replace(old, new)}, policies.data)


def test_difference_shows_a_changed_rule(policies: PolicySet, today: Permitted) -> None:
    """A law that opens to children, and one that forgets an attribute, are told role by role."""
    path = "legal_basis/bsl/section_8/section_8.rego"
    opened = edited(policies, path, 'input.subject_role == "child"', 'input.subject_role == "nobody"')
    difference = compare(today.permissions, enumerate_permitted(opened, TODAY).permissions)
    assert [("housing-benefit.income", ("child",))] == [(r.purpose, r.roles) for r in difference.new]
    assert ((), ()) == (difference.gone, difference.changed)

    path = "legal_basis/bsl/section_77/section_77.rego"
    shorter = edited(policies, path, '"enh034Koekkenforhold",\n', "")
    (change,) = compare(today.permissions, enumerate_permitted(shorter, TODAY).permissions).changed
    assert ((), ("enh034Koekkenforhold",), True) == (change.added, change.removed, change.same_footing)


def test_difference_shows_a_changed_condition(policies: PolicySet, today: Permitted) -> None:
    """A law that begins to ask for consent changes its rows' conditions, not their attributes."""
    path = "legal_basis/udl/section_8_1/section_8_1.rego"
    stricter = edited(policies, path, '"keys":', '"requires_consent": true,\n\t"keys":')
    changed = compare(today.permissions, enumerate_permitted(stricter, TODAY).permissions).changed
    assert {("udl.8.1", (), ())} == {(c.row.law, c.added, c.removed) for c in changed}
    assert all(not c.before[0].conditions.consent and c.after[0].conditions.consent for c in changed)


def test_terms_that_no_rule_covers_are_found(policies: PolicySet) -> None:
    """A purpose, a dataset and an attribute that an agreement promises in vain."""
    agreements = policies.data["agreements"]
    vain = {
        **agreements["udk-bbr"],
        "purposes": [*agreements["udk-bbr"]["purposes"], "pension.residence"],
        "datasets": {
            "bbr.enhed": [*agreements["udk-bbr"]["datasets"]["bbr.enhed"], "enh031AntalVaerelser"],
            "bbr.bygning": ["status"],
        },
    }
    data = {**policies.data, "agreements": {**agreements, "udk-bbr": vain}}
    remarks = uncovered_terms(enumerate_permitted(PolicySet(policies.modules, data), TODAY))
    told = " | ".join(r.message for r in remarks if r.place == "agreements/udk-bbr")
    assert "its purpose pension.residence" in told
    assert "its dataset bbr.bygning" in told
    assert "enh031AntalVaerelser of its dataset bbr.enhed" in told


def test_permits_that_nobody_uses_are_found(policies: PolicySet) -> None:
    """A law whose only agreement is gone, and an attribute that no agreement carries any more."""
    agreements = {name: a for name, a in policies.data["agreements"].items() if name != "udk-ejf"}
    agreements["udk-bbr"] = {
        **agreements["udk-bbr"],
        "datasets": {"bbr.enhed": ["enh026EnhedensSamledeAreal"]},
    }
    data = {**policies.data, "agreements": agreements}
    remarks = unused_permits(enumerate_permitted(PolicySet(policies.modules, data), TODAY))
    told = {r.place: r.message for r in remarks}
    assert "nobody can use ejf.ejerskab for housing-benefit.ownership" in told["legal_bases/rsl.11a.2"]
    assert "enh034Koekkenforhold" in told["legal_bases/bsl.77"]
