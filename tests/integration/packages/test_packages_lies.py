"""A broker that lies about a package is found out by the client, whatever it lies about."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from google.rpc import status_pb2
from hjemmel.exchange.v1 import assemble_pb2 as pb

from adapters.registers.scene import PEOPLE
from exchange.client import Credentials, InvalidRequest, ReceiptInvalid
from exchange.client.assembling import Assembling, read_package
from tests.support import raw
from tests.support.broker import RunningBroker
from tests.support.packages import application

APPLICANT = "flatmate_first"
Messages = list[pb.AssembleResponse]


def asked(shared: RunningBroker, credentials: Credentials) -> tuple[Assembling, Messages]:
    """Who asks, and the true course that the broker tells, message by message."""
    with shared.client() as client:
        package = client.package("housing-benefit")
    asking = Assembling(credentials, package, application(package, APPLICANT))
    with raw.connected(shared) as wire:
        return asking, list(wire.exchanges.Assemble(asking.request, timeout=raw.TIMEOUT))


def place(messages: Messages, part: str) -> int:
    """Where a part's first answer is."""
    return next(n for n, m in enumerate(messages) if m.answer.part == part)


def _left_out(messages: Messages) -> None:
    del messages[place(messages, "wealth")]


def _left_out_and_called_missing(messages: Messages) -> None:
    del messages[place(messages, "wealth")]
    messages[-1].summary.missing.add(part="wealth", needed=True)


def _twice(messages: Messages) -> None:
    messages.insert(1, messages[0])


def _too_early(messages: Messages) -> None:
    messages.insert(0, messages.pop(place(messages, "dwelling")))


def _another_subject(messages: Messages) -> None:
    messages[place(messages, "member-income")].answer.subject.value = PEOPLE["pensioner"].number


def _one_subject_more(messages: Messages) -> None:
    more = pb.AssembleResponse()
    more.CopyFrom(messages[place(messages, "member-income")])
    more.answer.index = 2
    messages.insert(-1, more)


def _swapped_subjects(messages: Messages) -> None:
    at = place(messages, "member-income")
    messages[at].answer.index = 1 - messages[at].answer.index


def _part_that_is_none(messages: Messages) -> None:
    messages[0].answer.part = "health"


def _other_request_id(messages: Messages) -> None:
    messages[0].answer.request_id = messages[1].answer.request_id


def _other_data(messages: Messages) -> None:
    messages[place(messages, "income")].answer.data = b""


def _receipt_of_another(messages: Messages) -> None:
    income, wealth = (messages[place(messages, n)].answer for n in ("income", "wealth"))
    income.receipt.CopyFrom(wealth.receipt)


def _error_without_a_reason(messages: Messages) -> None:
    answer = messages[place(messages, "wealth")].answer
    answer.error.CopyFrom(status_pb2.Status(code=14, message="try again"))


def _complete_though_it_is_not(messages: Messages) -> None:
    messages[-1].summary.complete = not messages[-1].summary.complete


def _missing_though_it_came(messages: Messages) -> None:
    messages[-1].summary.missing.add(part="benefits")


def _no_summary(messages: Messages) -> None:
    messages.pop()


def _more_after_the_summary(messages: Messages) -> None:
    messages.append(messages[-1])


LIES: Sequence[Callable[[Messages], None]] = [
    _left_out,
    _left_out_and_called_missing,
    _twice,
    _too_early,
    _another_subject,
    _one_subject_more,
    _swapped_subjects,
    _part_that_is_none,
    _other_request_id,
    _other_data,
    _receipt_of_another,
    _error_without_a_reason,
    _complete_though_it_is_not,
    _missing_though_it_came,
    _no_summary,
    _more_after_the_summary,
]


def follow(asking: Assembling, messages: Messages) -> None:
    """Reads a course to its end, as a client does."""
    for message in messages:
        asking.read(message)
    asking.end()


@pytest.mark.parametrize("lie", LIES, ids=[lie.__name__.strip("_") for lie in LIES])
def test_lie_is_found_out(
    shared: RunningBroker, credentials: Credentials, lie: Callable[[Messages], None]
) -> None:
    """What was recorded, about whom, and what is missing: none of it is the broker's word alone."""
    asking, messages = asked(shared, credentials)
    lie(messages)
    with pytest.raises(ReceiptInvalid):
        follow(asking, messages)


def test_truth_is_believed(shared: RunningBroker, credentials: Credentials) -> None:
    """The same course without a lie, and with the answers in any order that their joins allow."""
    asking, messages = asked(shared, credentials)
    messages.insert(-1, messages.pop(place(messages, "wealth")))
    follow(asking, messages)


@pytest.mark.parametrize("field", ["terms", "digest", "name", "parts"])
def test_package_that_is_not_what_its_digest_says_is_not_signed_for(
    shared: RunningBroker, field: str
) -> None:
    """A client takes the digest of the terms that it read, not the one that it was told."""
    with raw.connected(shared) as wire:
        message = wire.exchanges.GetPackage(pb.GetPackageRequest(name="housing-benefit")).package
    if field == "terms":
        message.terms = message.terms.replace('"pensionsindkomst"]', '"pensionsindkomst","seNummer"]')
    elif field == "parts":
        del message.parts[0]
    else:
        setattr(message, field, "other")
    with pytest.raises(InvalidRequest):
        read_package(message)
