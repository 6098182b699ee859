"""Released records as bytes and back: a serialised `hjemmel.exchange.v1.ReleasedData`."""

from __future__ import annotations

from collections.abc import Sequence

from hjemmel.exchange.v1 import data_pb2 as pb

from exchange.model.request import Record, Value


def encode(records: Sequence[Record]) -> bytes:
    """Serialises records; the digest in the log is over these very bytes."""
    message = pb.ReleasedData()
    for record in records:
        attributes = message.records.add().attributes
        for name, value in record.items():
            if isinstance(value, bool):  # before int: a bool is one
                attributes[name].boolean = value
            elif isinstance(value, int):
                attributes[name].integer = value
            else:
                attributes[name].text = value
    return message.SerializeToString(deterministic=True)


def decode(data: bytes) -> tuple[Record, ...]:
    """Reads records back.

    Raises:
        google.protobuf.message.DecodeError: the bytes are no ReleasedData.
    """
    message = pb.ReleasedData.FromString(data)
    return tuple({n: _value(v) for n, v in r.attributes.items()} for r in message.records)


def _value(value: pb.Value) -> Value:
    kind = value.WhichOneof("kind")
    if kind == "boolean":
        return value.boolean
    return value.integer if kind == "integer" else value.text
