"""Canonical JSON against the reference implementation of RFC 8785."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import FormatError
from audit.formats import canonical

_MAX = 2**53 - 1
texts = st.text(st.characters(codec="utf-8"), max_size=20)
scalars = st.none() | st.booleans() | st.integers(-_MAX, _MAX) | texts
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=8), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(values)
def test_bytes_are_those_of_the_reference(value: Any) -> None:
    """Every value that entries are made of has the bytes that RFC 8785 gives it."""
    assert rfc8785.dumps(value) == canonical.encode(value)


@given(values)
def test_what_is_encoded_is_decoded(value: Any) -> None:
    """Decoding gives the value back."""
    assert value == canonical.decode(canonical.encode(value))


def test_tuple_is_written_as_a_list() -> None:
    """Frozen data need not be copied to be written."""
    assert b'{"a":["b",1]}' == canonical.encode({"a": ("b", 1)})


def test_tuples_are_looked_into() -> None:
    """What has no sure form has none within a tuple either."""
    with pytest.raises(FormatError):
        canonical.encode((("a", 0.5),))


@pytest.mark.parametrize(
    "value",
    [
        *(1.5, float("nan"), 2**53, -(2**53), b"bytes", {1, 2}, {1: 2}, {"æ": 1}),
        [[0.5]],
        {"a": {"b": [2**60]}},
        "\ud800",
        {"a": ["\udfff"]},
    ],
)
def test_values_without_a_sure_form_are_refused(value: object) -> None:
    """What JSON readers could disagree about is not written at all."""
    with pytest.raises(FormatError):
        canonical.encode(value)


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b" 1", b"1 ", b"01", b"-0", b"1.0", b"1e2", b"nul", b"[1,]", b'{"a":1,}', b"[1, 2]"),
        *(b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'"\\u0041"', b'"\\/"', b'"\\ud800"', b"\xff", b'"\x01"'),
        *(b"\xef\xbb\xbf1", b"9007199254740992", b"1" * 40, b"[" * 2000 + b"]" * 2000),
        b"[" * 600 + b"]" * 600,
        b"[" * 1000 + b"]" * 1000,
    ],
)
def test_another_form_of_the_same_json_is_refused(data: bytes) -> None:
    """Only the canonical bytes are read, so that an entry has one hash; depth breaks nothing."""
    with pytest.raises(FormatError):
        canonical.decode(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_canonical_or_refused(data: bytes) -> None:
    """Decoding answers with a value whose bytes these are, or with a FormatError."""
    try:
        value = canonical.decode(data)
    except FormatError:
        return
    assert data == canonical.encode(value)
