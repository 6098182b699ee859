"""The little of DER that timestamps need: certificates in order, a token in its response, nothing else."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import FormatError
from audit.timestamps import der


def element(tag: int, *content: bytes) -> bytes:
    """An element of DER."""
    body = b"".join(content)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def token(*certificates: bytes) -> bytes:
    """The outline of a TimeStampToken."""
    version, digests, content = element(2, b"\x03"), element(0x31), element(0x30, b"\x05\x00")
    signed = element(0x30, version, digests, content, element(0xA0, *certificates), element(0x31))
    return element(0x30, element(6, b"\x2a"), element(0xA0, signed))


CERTIFICATES = st.lists(st.binary(max_size=300).map(lambda body: element(0x30, body)), min_size=1, max_size=4)


@given(CERTIFICATES)
def test_certificates_come_in_order_and_nothing_else_changes(certificates: list[bytes]) -> None:
    """Whatever order they came in, they leave in the order of their bytes."""
    ordered = der.in_order(der.granted(token(*certificates)))
    assert der.granted(token(*sorted(certificates))) == ordered
    assert ordered == der.in_order(ordered)


@given(st.binary(max_size=70_000))
def test_token_is_put_into_a_response_of_its_length(content: bytes) -> None:
    """A response is a sequence of the status "granted" and the token, of whatever length."""
    assert element(0x30, bytes.fromhex("3003020100"), content) == der.granted(content)


def test_refusal_is_left_as_it_is() -> None:
    """A response without a token has no certificates to put in order."""
    refusal = bytes.fromhex("30053003020102")
    assert refusal == der.in_order(refusal)


def test_token_without_certificates_is_left_as_it_is() -> None:
    """Where no certificate came along there is nothing to put in order."""
    bare = element(0x30, element(6, b"\x2a"), element(0xA0, element(0x30, element(2, b"\x03"))))
    assert der.granted(bare) == der.in_order(der.granted(bare))


@given(st.binary(max_size=200))
def test_whatever_else_comes_is_refused_or_left(data: bytes) -> None:
    """Bytes that are no response are a format error, and no other; none are lost."""
    with suppress(FormatError):
        assert sorted(data) == sorted(der.in_order(data))


@given(CERTIFICATES, st.data())
def test_cut_response_is_refused(certificates: list[bytes], data: st.DataObject) -> None:
    """A response that ends too soon is none."""
    whole = der.granted(token(*certificates))
    end = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(FormatError):
        der.in_order(whole[:end])
