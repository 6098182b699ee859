"""Commitments open to one value under one name, and tell nothing otherwise."""

from __future__ import annotations

import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.formats.commitment import commit, fresh_openings, opens

openings = st.binary(min_size=32, max_size=32)
names = st.sampled_from(["subject", "caseworker", "case"])


@given(openings, names, st.binary(max_size=100))
def test_commitment_is_the_hmac_that_the_design_names(r: bytes, name: str, value: bytes) -> None:
    """A commitment is HMAC-SHA256(r, name, a zero byte, value)."""
    assert hmac.new(r, name.encode() + b"\0" + value, "sha256").hexdigest() == commit(r, name, value)


@given(openings, names, st.binary(max_size=100), st.binary(max_size=100))
def test_commitment_opens_to_its_value_only(r: bytes, name: str, value: bytes, other: bytes) -> None:
    """The value that was committed to opens it; another one, or another name's, does not."""
    commitments = {name: commit(r, name, value)}
    assert opens(commitments, r, name, value)
    assert (other == value) == opens(commitments, r, name, other)
    assert not opens(commitments, r, "request", value)
    assert not opens({"request": commitments[name]}, r, "request", value)
    assert not opens(commitments, bytes(b ^ 1 for b in r), name, value)


@pytest.mark.parametrize("r", [b"", bytes(31), bytes(33), bytes(64)])
def test_opening_of_another_size_opens_nothing(r: bytes) -> None:
    """HMAC pads its key with zeros: an opening of another size must not pass for one of 32 bytes."""
    assert not opens({"case": commit(r, "case", b"1")}, r, "case", b"1")


def test_equal_values_have_unlike_commitments() -> None:
    """Two commitments to the same value do not show that it is the same."""
    first, second = (fresh_openings(["subject"])["subject"] for _ in range(2))
    assert commit(first, "subject", b"x") != commit(second, "subject", b"x")


def test_every_name_has_an_opening_of_its_own() -> None:
    """Openings of one entry differ, so that one can be shown without the others."""
    drawn = fresh_openings(["subject", "caseworker", "case"])
    assert ["subject", "caseworker", "case"] == list(drawn)
    assert {32} == {len(r) for r in drawn.values()}
    assert 3 == len(set(drawn.values()))


@pytest.mark.parametrize("forged", ["", "é" * 64, "0" * 63])
def test_text_that_is_no_commitment_opens_to_nothing(forged: Any) -> None:
    """A commitment of another shape, from an untrusted receipt, is not opened, and nothing breaks."""
    assert not opens({"case": forged}, bytes(32), "case", b"1")
