"""Pages of secrets: what was taken out cannot be computed from what is left, and the rest stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import FormatError
from audit.vault import pages

SLOT = st.integers(0, pages.SLOTS - 1)


@given(st.lists(st.sets(SLOT, min_size=1), min_size=1, max_size=4))
def test_what_is_left_is_what_was_not_taken(erased: list[set[int]]) -> None:
    """However secrets are taken out, the others are the same as before, and those are gone from the bytes."""
    whole = page = pages.new_page()
    secrets = [pages.secret(whole, slot) for slot in range(pages.SLOTS)]
    assert pages.SLOTS == len({*secrets})
    for slots in erased:
        punched = pages.punch(page, slots)
        if punched is None:
            assert set(range(pages.SLOTS)) == set().union(*erased)
            return
        page = punched
    gone = set().union(*erased)
    for slot, secret in enumerate(secrets):
        assert secret is not None
        assert (None if slot in gone else secret) == pages.secret(page, slot)
        assert (slot in gone) == (secret not in page)
    assert whole not in page


def test_page_with_nothing_left_is_none() -> None:
    """The last secret takes its page with it."""
    assert pages.punch(pages.new_page(), range(pages.SLOTS)) is None


@pytest.mark.parametrize(
    ("page", "slot"), [(b"", 0), (bytes(31), 0), (bytes(33), 0), (bytes(32), -1), (bytes(32), 256)]
)
def test_what_is_no_page_is_refused(page: bytes, slot: int) -> None:
    """A page of another size, or a place that no page has, gives no secret."""
    with pytest.raises(FormatError):
        pages.secret(page, slot)


def test_numbers_of_pages_are_numbers_of_json() -> None:
    """They are drawn, so that none is used twice; positive, and exact in every reader of JSON."""
    numbers = {pages.new_number() for _ in range(1000)}
    assert 1000 == len(numbers)
    assert all(0 <= n < 2**53 for n in numbers)
