"""The values behind an entry's commitments: the same bytes for the broker and for whoever verifies."""

from __future__ import annotations


def request_bytes(signature: str, body: bytes) -> bytes:
    """The value that the "request" commitment holds: the JWS, a zero byte, the body."""
    return signature.encode() + b"\x00" + body


def subject_bytes(kind: str, value: str) -> bytes:
    """The value that the "subject" commitment holds."""
    return f"{kind}:{value}".encode()
