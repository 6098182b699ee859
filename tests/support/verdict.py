"""What must hold whenever an exchange ends without data: the answer, the receipt, the record, silence."""

from __future__ import annotations

import grpc

from audit.formats.entry import Entry
from audit.reading.reader import StoredEntry
from exchange.client.protocol import verify_receipt
from exchange.errors import CODES
from tests.support.broker import RunningBroker
from tests.support.raw import Told

CASEWORKER = "sagsbehandler-17"  # as in tests.support.questions
CASE = "SAG-2025-0017"
STATUSES = {code.value[0]: code for code in grpc.StatusCode}


def size(broker: RunningBroker) -> int:
    """How many entries the log holds."""
    return broker.broker.log.reader.checkpoint().size


def last(broker: RunningBroker) -> StoredEntry:
    """The newest entry."""
    return broker.broker.log.reader.by_index(size(broker) - 1)


def check_ended(
    broker: RunningBroker,
    said: Told,
    reason: str,
    *,
    outcome: str = "refused",
    reasons: tuple[str, ...] = (),
    secrets: tuple[str, ...] = (),
) -> Entry:
    """Holds an error to all that is promised of one; gives the entry that it left.

    Args:
        broker: whose log has it.
        said: what the caller was told.
        reason: the first reason.
        outcome: refused or failed.
        reasons: all reasons in the entry, where there are more.
        secrets: values of the request, none of which may be told.
    """
    stored = last(broker)
    check_told(said, reason, secrets=secrets)
    assert said.refusal is not None
    receipt = verify_receipt(said.refusal.receipt, broker.broker.log.reader.verifier)
    assert (stored.index, stored.entry) == (receipt.index, receipt.entry)
    assert outcome == stored.entry.outcome
    assert (reasons or (reason,)) == stored.entry.reasons
    assert () == stored.entry.attributes_released
    assert "response" not in receipt.commitments
    check_silent(stored.leaf, *secrets)
    return stored.entry


def check_told(said: Told, reason: str, *, secrets: tuple[str, ...] = ()) -> None:
    """Holds what a caller was told to the reason it must be told: code, text, nothing personal."""
    assert reason == said.reason
    text = said.message.removeprefix(f"{reason}: ")
    own = CODES.get(reason)
    if own:
        assert (STATUSES[own.status.value], own.message) == (
            said.status,
            text.partition(". (")[0].removesuffix(".") + ".",
        )
    else:
        assert said.status is grpc.StatusCode.PERMISSION_DENIED
        assert text not in {"", reason}
    check_silent(said.said, *secrets)


def check_silent(told: bytes | str, *secrets: str) -> None:
    """Finds none of the values in what was told, nor who asked in which case."""
    data = told if isinstance(told, bytes) else told.encode()
    found = [s for s in (CASEWORKER, CASE, *secrets) if s.encode() in data]
    assert not found, f"{len(found)} of the values were told"
