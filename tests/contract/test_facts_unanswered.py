"""The facts that obligations rest on: where a register does not tell them plainly, data is withheld."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from adapters.registers import Registers
from exchange.client.credentials import Credentials
from exchange.model.request import Found, Lookup
from tests.support import raw, verdict
from tests.support.adapters import Answering, adapted
from tests.support.broker import RunningBroker
from tests.support.questions import case, question_of
from tests.support.raw import sign, told

Start = Callable[..., RunningBroker]


class Telling(Answering):
    """A register whose every record holds the same."""

    def __init__(self, *records: dict[str, Any]) -> None:
        """Takes the records."""
        self._records = records

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        return [Found(lookup.values[0], record) for record in self._records]


@pytest.mark.parametrize(
    "records",
    [
        (),
        ({},),
        ({"foedselsdato": None},),
        ({"foedselsdato": "unknown"},),
        ({"foedselsdato": 19800101.5},),
        ({"foedselsdato": ["1980-01-01"]},),
        ({"birthday": "1980-01-01"},),
    ],
    ids=["none", "empty", "absent", "no date", "a fraction", "a list", "other"],
)
def test_income_is_withheld_where_the_age_is_not_told(
    start: Start, credentials: Credentials, body: bytes, subject: str, records: tuple[dict[str, Any], ...]
) -> None:
    """An age that is missing, malformed or doubtful counts as a child's, and the refusal is recorded."""
    broker = start(change=adapted("cpr", Telling(*records)))
    with raw.connected(broker) as wire:
        said = told(lambda: wire.exchange(body, sign(credentials, body)))
    entry = verdict.check_ended(broker, said, "SUBJECT_IS_CHILD", secrets=(subject,))
    assert [("withhold_when_child", "withheld")] == [(o.id, o.effect) for o in entry.obligations]


def test_two_persons_where_one_must_be_fail_the_exchange(
    start: Start, credentials: Credentials, body: bytes, subject: str
) -> None:
    """Conflicting current records are no answer: the error names the dataset and the cause."""
    twice = ({"foedselsdato": "1980-01-01"}, {"foedselsdato": "2024-01-01"})
    broker = start(change=adapted("cpr", Telling(*twice)))
    with raw.connected(broker) as wire:
        said = told(lambda: wire.exchange(body, sign(credentials, body)))
    verdict.check_ended(broker, said, "REGISTER_ANSWER_INVALID", outcome="failed", secrets=(subject,))
    assert said.message.endswith("(cpr.person: it holds conflicting current records)")


def test_income_is_released_where_the_age_is_told(
    start: Start, credentials: Credentials, body: bytes
) -> None:
    """The same register, telling an adult's date of birth, lets the income through."""
    broker = start(change=adapted("cpr", Telling({"foedselsdato": "1980-01-01"})))
    with raw.connected(broker) as wire:
        wire.exchange(body, sign(credentials, body))
    entry = verdict.last(broker).entry
    assert ["not_applicable"] == [o.effect for o in entry.obligations]


@pytest.mark.parametrize("told_as", ["true", "True", 1, 1.0, ["x"], "nej"])
def test_an_address_is_withheld_where_its_protection_is_told_in_the_wrong_type(
    start: Start, generated: Registers, told_as: Any
) -> None:
    """`"true"` is not true, and not false either: a fact of the wrong type withholds."""
    question = question_of(case(generated, "company-protected-address"))
    question = replace(question, attributes=("adressebetegnelse", "navn"))
    register = Telling({"navn": "Firma", "adressebetegnelse": "Vejen 1", "adressebeskyttet": told_as})
    broker = start(change=adapted("cvr", register))
    own = broker.site.credentials("fjordbanken")
    body = raw.body_of(question, own.cvr).SerializeToString()
    with raw.connected(broker, "fjordbanken") as wire:
        response = wire.exchange(body, sign(own, body))
    assert ["adressebetegnelse"] == [w.attribute for w in response.withheld_attributes]
    assert b"Vejen 1" not in response.SerializeToString()
    assert ("navn",) == verdict.last(broker).entry.attributes_released


def test_a_register_of_facts_that_fails_fails_the_exchange(
    start: Start, credentials: Credentials, body: bytes, register_folder: Any, tmp_path: Any
) -> None:
    """Where the fact cannot be read at all, nothing is released, although the data itself was there."""
    broker = start(registers={"connections": {"cpr": {"url": f"sqlite:///{tmp_path / 'no-such.db'}"}}})
    with raw.connected(broker) as wire:
        said = told(lambda: wire.exchange(body, sign(credentials, body)))
    verdict.check_ended(broker, said, "REGISTER_UNAVAILABLE", outcome="failed")
