"""Processors: who may ask in another authority's name, for what, and until when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from adapters.registers import Registers
from exchange.client import Question
from exchange.client.credentials import Credentials
from exchange.model.request import SubjectKey
from tests.support import raw, verdict
from tests.support.broker import RunningBroker
from tests.support.participants import Entry, ParticipantsFile
from tests.support.questions import granted
from tests.support.raw import sign, told

ODENSE, UDK, VENDOR = "92000028", "91000008", "90000160"
TODAY = date.today()  # noqa: DTZ011 - the broker's own calendar is a few hours off at most
DAY = timedelta(days=1)


def area(generated: Registers) -> Question:
    """A municipality's question about a dwelling, which it may let a processor ask."""
    units = generated.tables["bbr.enhed"]
    address = str(units.rows[0][units.columns.index("adresseIdentificerer")])
    return replace(
        granted(generated),
        dataset="bbr.enhed",
        attributes=("enh026EnhedensSamledeAreal",),
        subject=SubjectKey("dar_adresse_id", address),
        subject_role="property",
        purpose="building-case",
        legal_basis="bbrl.5.1",
        agreement="odense-bbr",
    )


@pytest.fixture(scope="module")
def asked(generated: Registers) -> bytes:
    """That question, in Odense's name."""
    return raw.body_of(area(generated), ODENSE).SerializeToString()


def test_a_processor_with_a_delegation_is_granted(shared: RunningBroker, asked: bytes) -> None:
    """The vendor signs, the municipality is the consumer, and both stand in the entry."""
    own = shared.site.credentials("kommunesystemer")
    with raw.connected(shared, "kommunesystemer") as wire:
        wire.exchange(asked, sign(own, asked))
    entry = verdict.last(shared).entry
    assert ("granted", ODENSE, VENDOR, VENDOR) == (
        entry.outcome,
        entry.consumer,
        entry.processor,
        entry.caller,
    )


@pytest.mark.parametrize(
    ("consumer", "changes"),
    [
        (UDK, {}),
        ("99000139", {}),
        ("90000179", {}),
        (ODENSE, {"dataset": "cpr.person", "purpose": "building-case-2"}),
        (ODENSE, {"dataset": "sundhed.journaludtraek", "purpose": "building-case"}),
        (ODENSE, {"dataset": "no.such", "purpose": "building-case"}),
    ],
)
def test_a_processor_without_a_delegation_is_refused_and_recorded(
    shared: RunningBroker, generated: Registers, consumer: str, changes: dict[str, str]
) -> None:
    """Another consumer, dataset or purpose than delegated; whether the dataset exists is not told."""
    question = replace(area(generated), **changes)  # type: ignore[arg-type]  # all are texts
    body = raw.body_of(question, consumer).SerializeToString()
    own = shared.site.credentials("kommunesystemer")
    with raw.connected(shared, "kommunesystemer") as wire:
        said = told(lambda: wire.exchange(body, sign(own, body)))
    entry = verdict.check_ended(shared, said, "DELEGATION_MISSING", secrets=(question.subject.value,))
    assert (VENDOR, consumer, None) == (entry.caller, entry.consumer, entry.processor)
    assert VENDOR in entry.parties()


def test_an_authority_cannot_ask_in_the_name_of_another(
    shared: RunningBroker, credentials: Credentials, asked: bytes
) -> None:
    """That it is a participant itself gives it no other's rights."""
    with raw.connected(shared) as wire:
        said = told(lambda: wire.exchange(asked, sign(credentials, asked)))
    verdict.check_ended(shared, said, "DELEGATION_MISSING")


@pytest.mark.parametrize(
    ("terms", "holds"),
    [
        ({"valid_to": str(TODAY - 2 * DAY)}, False),
        ({"valid_from": str(TODAY + 2 * DAY)}, False),
        ({"valid_from": str(TODAY - 2 * DAY), "valid_to": str(TODAY + 2 * DAY)}, True),
        ({"processor": UDK}, False),
        ({"datasets": []}, False),
        ({"purposes": ["cash-benefit.application"]}, False),
    ],
)
def test_a_delegation_holds_for_its_time_and_terms_only(
    start: Callable[..., RunningBroker],
    keys: Path,
    tmp_path: Path,
    asked: bytes,
    terms: dict[str, object],
    *,
    holds: bool,
) -> None:
    """Ended, not begun, for another processor or for nothing: it is as if there were none."""

    def agree(entry: Entry) -> None:
        entry["delegations"][0].update(terms)

    file = ParticipantsFile(keys / "participants.json", tmp_path)
    file.edit(ODENSE, agree)
    broker = start(identity=file.settings)
    own = broker.site.credentials("kommunesystemer")
    with raw.connected(broker, "kommunesystemer") as wire:
        if holds:
            wire.exchange(asked, sign(own, asked))
            assert "granted" == verdict.last(broker).entry.outcome
        else:
            said = told(lambda: wire.exchange(asked, sign(own, asked)))
            verdict.check_ended(broker, said, "DELEGATION_MISSING")


def test_a_delegation_by_a_revoked_consumer_is_none(
    start: Callable[..., RunningBroker], keys: Path, tmp_path: Path, asked: bytes
) -> None:
    """Who takes no part any more cannot be acted for."""
    file = ParticipantsFile(keys / "participants.json", tmp_path)
    file.edit(ODENSE, lambda e: e.update(status="revoked"))
    broker = start(identity=file.settings)
    own = broker.site.credentials("kommunesystemer")
    with raw.connected(broker, "kommunesystemer") as wire:
        said = told(lambda: wire.exchange(asked, sign(own, asked)))
    verdict.check_ended(broker, said, "DELEGATION_MISSING")
