"""Messages from outside, parsed or refused."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from exchange.errors import Refused

T = TypeVar("T", bound=Message)


def parsed(kind: type[T], data: bytes) -> T:
    """Parses a serialised message.

    Raises:
        Refused: BODY_MALFORMED.
    """
    try:
        return kind.FromString(data)
    except DecodeError as error:
        raise Refused.because("BODY_MALFORMED") from error
