"""Sealing: opened with the right key, for the right entry, or not at all."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import VerificationError
from audit.vault import vault
from audit.vault.vault import MasterKey, MasterKeyError, Opened

KEY = vault.new_key()
LEAF = b"the leaf"
OPENED = Opened({"subject": bytes(range(32))}, {"subject": b"\x00\xffwho it is about"})
SEALED = vault.seal(KEY, LEAF, OPENED)
parts = st.dictionaries(st.sampled_from(["subject", "case", "request"]), st.binary(max_size=40))


@given(parts, parts)
def test_what_is_sealed_is_opened(openings: dict[str, bytes], values: dict[str, bytes]) -> None:
    """Openings and values come back byte for byte."""
    opened = Opened(openings, values)
    assert opened == vault.unseal(KEY, LEAF, vault.seal(KEY, LEAF, opened))


def test_sealed_bytes_hide_the_values() -> None:
    """Nothing of a value can be seen in its sealed form, and two sealings differ."""
    assert b"who" not in SEALED
    assert vault.seal(KEY, LEAF, OPENED) != SEALED


@pytest.mark.parametrize(
    ("key", "leaf"), [(KEY, b"another leaf"), (vault.new_key(), LEAF)], ids=["leaf", "key"]
)
def test_sealed_part_belongs_to_one_entry_and_one_subject(key: bytes, leaf: bytes) -> None:
    """Moved to another entry, or opened with another subject's key, it does not open."""
    with pytest.raises(VerificationError):
        vault.unseal(key, leaf, SEALED)


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
def test_no_byte_of_a_sealed_part_can_be_changed(at: int, by: int) -> None:
    """One altered byte anywhere, and it does not open."""
    with pytest.raises(VerificationError):
        vault.unseal(KEY, LEAF, SEALED[:at] + bytes([SEALED[at] ^ by]) + SEALED[at + 1 :])


@pytest.mark.parametrize("size", range(len(SEALED)))
def test_a_sealed_part_cut_short_does_not_open(size: int) -> None:
    """However little is left of it, the answer is a VerificationError."""
    with pytest.raises(VerificationError):
        vault.unseal(KEY, LEAF, SEALED[:size])


@pytest.mark.parametrize("size", [0, 16, 31, 33, 64])
def test_master_key_of_another_size_is_refused(size: int) -> None:
    """A master key has 32 bytes, so that a text file given by mistake is not taken for one."""
    with pytest.raises(MasterKeyError):
        MasterKey(bytes(size))


def test_subject_key_unwraps_under_its_master_key_and_name_only() -> None:
    """Another master key, another name or a damaged wrapping is refused."""
    master = MasterKey(os.urandom(32))
    wrapped = master.wrap("id", KEY)
    assert KEY == master.unwrap("id", wrapped)
    assert KEY not in wrapped
    for other, key_id, data in [
        (MasterKey(os.urandom(32)), "id", wrapped),
        (master, "other", wrapped),
        *((master, "id", wrapped[:size]) for size in range(len(wrapped))),
        (master, "id", wrapped[:-1] + bytes([wrapped[-1] ^ 1])),
    ]:
        with pytest.raises(MasterKeyError):
            other.unwrap(key_id, data)


def test_record_key_needs_both_its_secrets() -> None:
    """With another subject's key, or another record's secret, a record's key is another one."""
    key = vault.record_key(KEY, bytes(32))
    assert key == vault.record_key(KEY, bytes(32))
    assert len({key, vault.record_key(vault.new_key(), bytes(32)), vault.record_key(KEY, b"1" * 32)}) == 3
