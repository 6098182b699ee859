"""Bodies that are no question: garbage, too much, cut off, none."""

from __future__ import annotations

import os

import grpc
import pytest
from hjemmel.exchange.v1.envelope_pb2 import ExchangeBody

from exchange.client.credentials import Credentials
from tests.support import verdict
from tests.support.broker import RunningBroker
from tests.support.raw import Wire, sign, told

LIMIT = 64 * 1024


def test_a_whole_question_is_granted(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes
) -> None:
    """The question that all these tests spoil is granted when it is left alone."""
    udk.exchange(body, sign(credentials, body))
    assert "granted" == verdict.last(shared).entry.outcome


@pytest.mark.parametrize("garbage", [b"\xff" * 40, b"\x0a\xff\xff\xff\xff\x0f", b"{}", os.urandom(500)])
def test_garbage_is_refused_and_recorded(
    shared: RunningBroker, udk: Wire, credentials: Credentials, garbage: bytes
) -> None:
    """Signed bytes that are no ExchangeBody are refused as that, under the id that signed them."""
    said = told(lambda: udk.exchange(garbage, sign(credentials, garbage)))
    entry = verdict.check_ended(shared, said, "BODY_MALFORMED")
    assert "" == entry.dataset
    assert entry.request_id is not None


def test_a_body_cut_off_anywhere_is_refused_and_recorded(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes, subject: str
) -> None:
    """A body that ends early is malformed or lacks fields; no cut makes another question of it."""
    before, cuts = verdict.size(shared), range(1, len(body), 7)
    for cut in cuts:
        short = body[:cut]
        said = told(lambda: udk.exchange(short, sign(credentials, short)))  # noqa: B023 - called at once
        assert said.reason in {"BODY_MALFORMED", "FIELD_INVALID"}
        verdict.check_ended(shared, said, said.reason, secrets=(subject,))
    assert before + len(cuts) == verdict.size(shared)


def test_a_body_over_the_limit_reaches_nobody(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes
) -> None:
    """More than 64 KiB is turned away at the door: nothing is parsed, decided or recorded."""
    before = verdict.size(shared)
    huge = body + b"\x00" * LIMIT
    said = told(lambda: udk.exchange(huge, sign(credentials, huge)))
    assert grpc.StatusCode.RESOURCE_EXHAUSTED is said.status
    assert before == verdict.size(shared)


def test_a_body_just_below_the_limit_is_read(
    shared: RunningBroker, udk: Wire, credentials: Credentials, subject: str, body: bytes
) -> None:
    """A message within the limit is judged by what it says, however long, and sealed whole."""
    message = ExchangeBody.FromString(body)
    message.case_reference = "S" * (LIMIT - 2_000)
    long = message.SerializeToString()
    said = told(lambda: udk.exchange(long, sign(credentials, long)))
    verdict.check_ended(shared, said, "FIELD_INVALID", secrets=(subject, "S" * 100))
    opened = shared.broker.log.reader.opened(verdict.last(shared))
    assert opened is not None
    assert opened.values["request"].endswith(long)


@pytest.mark.parametrize(("has_body", "has_signature"), [(False, True), (True, False), (False, False)])
def test_an_envelope_with_a_part_missing_is_refused_and_recorded(
    shared: RunningBroker,
    udk: Wire,
    credentials: Credentials,
    body: bytes,
    *,
    has_body: bool,
    has_signature: bool,
) -> None:
    """Without a body or a signature there is no request; the caller is all that is recorded."""
    signature = sign(credentials, body) if has_signature else ""
    said = told(lambda: udk.exchange(body if has_body else b"", signature))
    entry = verdict.check_ended(shared, said, "ENVELOPE_EMPTY")
    assert ("91000008", None, "") == (entry.caller, entry.request_id, entry.dataset)


def test_fields_from_a_later_version_change_nothing(
    shared: RunningBroker, udk: Wire, credentials: Credentials, body: bytes
) -> None:
    """An unknown field, as a newer client would send, neither widens nor spoils a question."""
    newer = body + b"\xfa\x3e\x04\x2a\x2a\x2a\x2a"  # field 1007
    response = udk.exchange(newer, sign(credentials, newer))
    assert set(response.decision.granted_attributes) == set(verdict.last(shared).entry.attributes_asked)
