"""HMAC-SHA256 as it is computed here is the one that everybody computes."""

from __future__ import annotations

import hmac

from hypothesis import given
from hypothesis import strategies as st

from audit.formats.mac import mac, mac_each


@given(st.binary(max_size=150), st.binary(max_size=200))
def test_mac_is_the_standard_librarys(key: bytes, message: bytes) -> None:
    """For keys of every size, those longer than a block of the hash among them."""
    assert hmac.digest(key, message, "sha256") == mac(key, message)


@given(st.lists(st.tuples(st.binary(max_size=64), st.binary(max_size=200)), max_size=8))
def test_many_at_once_are_each_its_own(pairs: list[tuple[bytes, bytes]]) -> None:
    """Computed together, every message has the code under its own key."""
    found = mac_each([key for key, _ in pairs], [message for _, message in pairs])
    assert [hmac.digest(key, message, "sha256") for key, message in pairs] == found
