"""A request for more than is granted: whole or nothing, unless it says that a part will do."""

from __future__ import annotations

from dataclasses import replace

from hjemmel.exchange.v1.data_pb2 import ReleasedData

from adapters.registers import Registers
from exchange.client import Question
from exchange.client.credentials import Credentials
from tests.support import raw, verdict
from tests.support.broker import RunningBroker
from tests.support.questions import case, granted, question_of
from tests.support.raw import Wire, sign, told


def too_much(generated: Registers) -> Question:
    """Income, and an attribute beside it that no law opens for the purpose."""
    return replace(granted(generated), attributes=("loenindkomst", "maaned", "personnummer"))


def test_one_refused_attribute_refuses_them_all(
    shared: RunningBroker, udk: Wire, credentials: Credentials, generated: Registers
) -> None:
    """Without partial_acceptable nothing is granted, and the attribute to leave out is named."""
    body = raw.body_of(too_much(generated)).SerializeToString()
    said = told(lambda: udk.exchange(body, sign(credentials, body)))
    entry = verdict.check_ended(
        shared,
        said,
        "ATTRIBUTE_NOT_COVERED",
        reasons=("ATTRIBUTE_NOT_COVERED", "ATTRIBUTE_NOT_IN_AGREEMENT"),
    )
    assert said.refusal is not None
    assert {"personnummer"} == {r.attribute for r in said.refusal.decision.refused_attributes}
    assert () == entry.attributes_granted


def test_a_part_is_granted_where_it_will_do(
    shared: RunningBroker, udk: Wire, credentials: Credentials, generated: Registers
) -> None:
    """With partial_acceptable the rest is answered; what was refused is told and recorded."""
    question = replace(too_much(generated), partial_acceptable=True)
    body = raw.body_of(question).SerializeToString()
    response = udk.exchange(body, sign(credentials, body))
    names = {n for r in ReleasedData.FromString(response.data).records for n in r.attributes}
    assert {"loenindkomst", "maaned"} == names
    assert {"personnummer"} == {r.attribute for r in response.decision.refused_attributes}
    entry = verdict.last(shared).entry
    assert ("granted", ("loenindkomst", "maaned")) == (entry.outcome, entry.attributes_released)
    assert "ATTRIBUTE_NOT_COVERED" in entry.reasons


def test_no_part_at_all_is_a_refusal(
    shared: RunningBroker, udk: Wire, credentials: Credentials, generated: Registers
) -> None:
    """That a part will do does not turn nothing into an answer."""
    question = replace(granted(generated), attributes=("personnummer",), partial_acceptable=True)
    body = raw.body_of(question).SerializeToString()
    said = told(lambda: udk.exchange(body, sign(credentials, body)))
    verdict.check_ended(
        shared,
        said,
        "ATTRIBUTE_NOT_COVERED",
        reasons=("ATTRIBUTE_NOT_COVERED", "ATTRIBUTE_NOT_IN_AGREEMENT"),
    )


def test_what_is_withheld_refuses_the_whole_unless_a_part_will_do(
    shared: RunningBroker, credentials: Credentials, generated: Registers
) -> None:
    """An obligation that withholds one attribute ends a request for all, and is recorded as applied."""
    question = replace(question_of(case(generated, "protected-address-private")), partial_acceptable=False)
    body = raw.body_of(question, "90000101").SerializeToString()
    own = shared.site.credentials("fjordbanken")
    with raw.connected(shared, "fjordbanken") as wire:
        said = told(lambda: wire.exchange(body, sign(own, body)))
    entry = verdict.check_ended(shared, said, "SUBJECT_PROTECTED", secrets=(question.subject.value,))
    assert ["withheld"] == [o.effect for o in entry.obligations]
    assert entry.attributes_granted
