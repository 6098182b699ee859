"""Deliveries under a subscription: what one is about, in the same bytes for the broker and for who verifies.

A delivery's request is the subject's part of a signed batch (`exchange.batched`) with the change beside it.
Its request id is a function of that, so that nobody chooses it: each delivery has one, no two the same.
"""

from __future__ import annotations

import hmac
import uuid
from datetime import UTC, datetime
from hashlib import sha256

from google.protobuf.timestamp_pb2 import Timestamp
from hjemmel.exchange.v1 import many_pb2 as pb

STATE = 32  # bytes


def state(salt: bytes, digest: bytes) -> bytes:
    """What stands for the data that an authority has, by its SHA-256; it tells nothing without the salt."""
    return hmac.digest(salt, digest, "sha256")


def request_of(part: bytes, delivery: pb.ChangeDelivery) -> bytes:
    """Gives a subject's part of a signed batch the delivery that it is about."""
    request = pb.BatchedRequest.FromString(part)
    request.delivery.CopyFrom(delivery)
    return request.SerializeToString(deterministic=True)


def request_id(body: bytes, delivery: pb.ChangeDelivery) -> str:
    """Gives the id of a delivery's exchange: a UUIDv7 of its time and of the request itself."""
    random = int.from_bytes(sha256(body).digest()[:10]) >> 6  # 74 bits
    milliseconds = delivery.delivery_time.ToMilliseconds() & (1 << 48) - 1
    value = milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return str(uuid.UUID(int=value))


def change_delivery(
    position: int, changed: datetime | None, now: datetime, reading: int
) -> pb.ChangeDelivery:
    """Describes a delivery."""
    made = pb.ChangeDelivery(position=str(position), reading=reading)
    if changed is not None:
        made.change_time.FromDatetime(changed)
    made.delivery_time.FromMilliseconds(int(now.timestamp() * 1000))
    return made


def moment(told: Timestamp) -> datetime:
    """Reads a time.

    Raises:
        ValueError: it lies outside the years 1 to 9999.
    """
    return told.ToDatetime(UTC)
