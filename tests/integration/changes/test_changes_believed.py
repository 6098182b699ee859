"""A client believes of a delivery what the log proves, and nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from hjemmel.exchange.v1 import watch_pb2

from exchange.client import ClientError, Following, Subject
from exchange.client.changes import Changed, Stream
from exchange.client.errors import ReceiptInvalid
from tests.conftest import Start
from tests.support import raw
from tests.support.changes import PATIENCE, QUICK, TASK, ends

Spoil = Callable[[watch_pb2.WatchDelivery, watch_pb2.WatchDelivery], None]


def _data(one: watch_pb2.WatchDelivery, other: watch_pb2.WatchDelivery) -> None:
    one.data = one.data + one.data


def _others_data(one: watch_pb2.WatchDelivery, other: watch_pb2.WatchDelivery) -> None:
    one.data = other.data
    one.receipt.CopyFrom(other.receipt)


def _others_subject(one: watch_pb2.WatchDelivery, other: watch_pb2.WatchDelivery) -> None:
    one.subject_id = other.subject_id


def _nobody(one: watch_pb2.WatchDelivery, other: watch_pb2.WatchDelivery) -> None:
    one.subject_id = "01890000-0000-7000-8000-000000000000"


def _position(one: watch_pb2.WatchDelivery, other: watch_pb2.WatchDelivery) -> None:
    one.change.position = "7"


def _time(one: watch_pb2.WatchDelivery, other: watch_pb2.WatchDelivery) -> None:
    one.change.delivery_time.seconds += 1


def _reading(one: watch_pb2.WatchDelivery, other: watch_pb2.WatchDelivery) -> None:
    one.change.reading += 1


def _no_receipt(one: watch_pb2.WatchDelivery, other: watch_pb2.WatchDelivery) -> None:
    one.ClearField("receipt")


def _granted_more(one: watch_pb2.WatchDelivery, other: watch_pb2.WatchDelivery) -> None:
    one.decision.granted_attributes.append("husnummer")


SPOILT: list[Spoil] = [
    _data,
    _others_data,
    _others_subject,
    _nobody,
    _position,
    _time,
    _reading,
    _no_receipt,
    _granted_more,
]


@pytest.mark.parametrize("spoil", SPOILT, ids=[s.__name__.strip("_") for s in SPOILT])
def test_delivery_that_was_tampered_with_is_not_believed(
    start: Start, persons: list[Subject], spoil: Spoil
) -> None:
    """Data, subject, change, decision and receipt belong together, and to what was signed."""
    stream, came = _deliveries(start, persons)
    spoil(came[0].delivery, came[1].delivery)
    with pytest.raises(ReceiptInvalid):
        stream.read(came[0])


def test_same_delivery_twice_is_not_believed(start: Start, persons: list[Subject]) -> None:
    """Within a call each reading of a subject comes once, in order."""
    stream, came = _deliveries(start, persons)
    event = stream.read(came[0])
    assert isinstance(event, Changed)
    assert not isinstance(event.answer, ClientError)
    with pytest.raises(ReceiptInvalid, match="out of order"):
        stream.read(came[0])


def _deliveries(start: Start, persons: list[Subject]) -> tuple[Stream, list[watch_pb2.WatchResponse]]:
    broker = start(**QUICK)
    stream = Stream(
        broker.site.credentials(raw.UDK), Following(TASK, ends(), dict.fromkeys(persons[:2], b""))
    )
    with raw.connected(broker) as wire:
        call = wire.exchanges.Watch(_said(stream))
        came = [next(call), next(call)]
        call.cancel()
    return stream, came


def _said(stream: Stream) -> Iterator[watch_pb2.WatchRequest]:
    yield from stream.opening()
    threading.Event().wait(PATIENCE)
