"""As much of DER as a timestamp needs beside rfc3161-client, which reads whole responses, strictly.

Many authorities, OpenSSL's among them, send certificates in an order of their own where DER has one. No
signature covers that order, so that it is put right here instead of refusing what they say.
"""

from __future__ import annotations

from audit.errors import FormatError

_SEQUENCE = 0x30
_CERTIFICATES = 0xA0  # [0] of SignedData (RFC 5652 section 5.1)
_LONG = 0x80
_GRANTED = bytes.fromhex("3003020100")  # PKIStatusInfo: status 0
_SHAPE = "what a timestamp authority sends is a TimeStampResp in DER"


def granted(token: bytes) -> bytes:
    """Puts a token back into the response that it came in."""
    content = _GRANTED + token
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    long = [_LONG | len(size)] if len(content) >= _LONG else []
    return bytes([_SEQUENCE, *long]) + size + content


def in_order(response: bytes) -> bytes:
    """Puts the certificates of a response in the order that DER asks for.

    Raises:
        FormatError: it is no response.
    """
    parts = _children(response, *_content(response, 0))
    if len(parts) == 1:
        return response  # a refusal carries no token
    token = _children(response, *_content(response, parts[1][0]))
    wrapped, _ = _content(response, token[-1][0])
    for begin, _ in _children(response, *_content(response, wrapped)):
        if response[begin] == _CERTIFICATES:
            first, last = _content(response, begin)
            certificates = sorted(response[b:e] for b, e in _children(response, first, last))
            return response[:first] + b"".join(certificates) + response[last:]
    return response


def _children(data: bytes, begin: int, end: int) -> list[tuple[int, int]]:
    found = []
    while begin < end:
        _, after = _content(data, begin)
        found.append((begin, after))
        begin = after
    if begin != end or not found:
        raise FormatError(_SHAPE)
    return found


def _content(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the element at a place begins and ends."""
    if at + 2 > len(data):
        raise FormatError(_SHAPE)
    size, begin = data[at + 1], at + 2
    if size & _LONG:
        width = size & ~_LONG
        size, begin = int.from_bytes(data[begin : begin + width], "big"), begin + width
    if begin + size > len(data):
        raise FormatError(_SHAPE)
    return begin, begin + size
