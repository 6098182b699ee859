"""Names of nothing: well-formed, signed, and unknown to the catalogue or to the policies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapters.registers import Registers
from exchange.client.credentials import Credentials
from exchange.model.request import SubjectKey
from tests.support import raw, verdict
from tests.support.broker import RunningBroker
from tests.support.questions import granted
from tests.support.raw import Wire, sign, told


@pytest.mark.parametrize(
    ("changes", "reason", "fields"),
    [
        ({"dataset": "cpr.dog"}, "DATASET_UNKNOWN", {"dataset"}),
        ({"dataset": "eindkomst"}, "DATASET_UNKNOWN", {"dataset"}),
        ({"dataset": "samtykke.samtykke"}, "DATASET_UNKNOWN", {"dataset"}),
        ({"attributes": ("loenindkomst", "hund")}, "ATTRIBUTE_UNKNOWN", {"attributes"}),
        ({"attributes": ("registreringFra",)}, "ATTRIBUTE_UNKNOWN", {"attributes"}),
        ({"attributes": ("Loenindkomst",)}, "ATTRIBUTE_UNKNOWN", {"attributes"}),
        ({"subject": SubjectKey("bfe_nummer", "900000001")}, "KEY_KIND_UNKNOWN", {"subject.kind"}),
    ],
)
def test_what_the_catalogue_does_not_know_is_refused_and_recorded(
    shared: RunningBroker,
    udk: Wire,
    credentials: Credentials,
    generated: Registers,
    changes: dict[str, Any],
    reason: str,
    fields: set[str],
) -> None:
    """Refused before any policy is asked; the field is named, and the entry says what was asked for."""
    question = replace(granted(generated), **changes)
    body = raw.body_of(question).SerializeToString()
    said = told(lambda: udk.exchange(body, sign(credentials, body)))
    entry = verdict.check_ended(shared, said, reason, secrets=(question.subject.value,))
    assert fields == said.fields.keys()
    assert (question.dataset, tuple(sorted(question.attributes))) == (entry.dataset, entry.attributes_asked)
    assert ("", ()) == (entry.policy_revision, entry.attributes_granted)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"purpose": "curiosity"}, "PURPOSE_UNKNOWN"),
        ({"purpose": "pension.residence"}, "PURPOSE_NOT_COVERED"),
        ({"legal_basis": "bsl.999"}, "LEGAL_BASIS_UNKNOWN"),
        ({"legal_basis": "BSL.8"}, "LEGAL_BASIS_UNKNOWN"),
        ({"legal_basis": "udl.5"}, "PURPOSE_NOT_COVERED"),
        ({"agreement": "udk-everything"}, "AGREEMENT_UNKNOWN"),
        ({"agreement": "odense-eindkomst"}, "AGREEMENT_OF_ANOTHER_PARTY"),
        ({"attributes": ("personnummer",)}, "ATTRIBUTE_NOT_COVERED"),
    ],
)
def test_what_no_rule_carries_is_refused_and_recorded(
    shared: RunningBroker,
    udk: Wire,
    credentials: Credentials,
    generated: Registers,
    changes: dict[str, Any],
    reason: str,
) -> None:
    """The refusal names its rule and law in both languages, and is recorded with the revision behind it."""
    question = replace(granted(generated), **changes)
    body = raw.body_of(question).SerializeToString()
    said = told(lambda: udk.exchange(body, sign(credentials, body)))
    assert said.refusal is not None
    told_reasons = tuple(dict.fromkeys(r.code for r in said.refusal.reasons))
    assert reason in told_reasons
    entry = verdict.check_ended(
        shared, said, said.reason, reasons=told_reasons, secrets=(question.subject.value,)
    )
    assert (shared.broker.parts.policy.revision, ()) == (entry.policy_revision, entry.attributes_granted)
    assert all(r.text_en and r.text_da and r.rule for r in said.refusal.reasons)


def test_a_consent_that_does_not_exist_is_refused_without_repeating_it(
    shared: RunningBroker, credentials: Credentials, generated: Registers
) -> None:
    """The cited reference, which may be anything, is in no answer and in no entry."""
    question = replace(
        granted(generated),
        dataset="sundhed.journaludtraek",
        attributes=("diagnosekode",),
        purpose="early-retirement.health",
        legal_basis="sl.43",
        agreement="odense-sundhed",
        consent_reference="samtykke-fra-7204863900",
    )
    body = raw.body_of(question, "92000028").SerializeToString()
    own = shared.site.credentials("odense")
    with raw.connected(shared, "odense") as wire:
        said = told(lambda: wire.exchange(body, sign(own, body)))
    verdict.check_ended(shared, said, "CONSENT_UNKNOWN", secrets=("samtykke-fra", question.subject.value))
