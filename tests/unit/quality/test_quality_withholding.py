"""Small numbers are withheld, and nothing that is shown gives them away."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.catalogue import load_catalogue
from adapters.quality import Counted, Outcome, load, withhold

COMPARISONS = {c.name: c for c in load(load_catalogue())}
AREA, DAR, BBR = (COMPARISONS[n] for n in ("bbr-area-given", "cpr-address-in-dar", "cpr-address-in-bbr"))
OUTCOMES = tuple(Outcome)
COUNTS = st.lists(st.integers(0, 12) | st.integers(0, 10_000), min_size=2, max_size=5)
THRESHOLDS = st.integers(3, 8)


def counted(*numbers: int) -> Counted:
    """Numbers of one comparison, in the order of outcomes."""
    return Counted(AREA, dict(zip(OUTCOMES, numbers, strict=False)))


def shown(*numbers: int, threshold: int = 5) -> tuple[int | None, list[int | None]]:
    """What is shown of them: the total, and each."""
    (published,) = withhold([counted(*numbers)], threshold)
    return published.total, list(published.counts.values())


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((9_000, 12), (9_012, [9_000, 12])),
        ((9_000, 0), (9_000, [9_000, 0])),
        ((9_000, 3), (9_003, [None, None])),
        ((9_000, 4, 9), (9_013, [9_000, None, None])),
        ((9_000, 1, 1), (9_002, [None, None, None])),
        ((1, 1), (None, [None, None])),
        ((3, 0), (None, [None, None])),
    ],
)
def test_numbers_are_withheld_as_written(
    numbers: tuple[int, ...], expected: tuple[int | None, list[int | None]]
) -> None:
    """A small number takes the next smallest with it; where nothing is left to take, the total goes too."""
    assert expected == shown(*numbers)


@given(numbers=COUNTS, threshold=THRESHOLDS)
def test_no_small_number_is_shown(numbers: list[int], threshold: int) -> None:
    """Whatever the numbers: what is shown is true, and 0 or at least the threshold."""
    total, seen = shown(*numbers, threshold=threshold)
    assert total in {None, sum(numbers)}
    for number, one in zip(numbers, seen, strict=True):
        assert one is None or (one == number and (one == 0 or one >= threshold))


@given(numbers=st.lists(st.integers(0, 9), min_size=2, max_size=3), threshold=st.integers(3, 5))
def test_a_reader_cannot_work_out_a_small_number(numbers: list[int], threshold: int) -> None:
    """Of all numbers that fit what is shown, a small one could still be each from 1 to the threshold."""
    total, seen = shown(*numbers, threshold=threshold)
    if total is None:
        assert {None} == set(seen)
        return
    hidden = [at for at, one in enumerate(seen) if one is None]
    rest = total - sum(one or 0 for one in seen)
    fitting = [t for t in product(range(1, rest + 1), repeat=len(hidden)) if sum(t) == rest]
    for place, at in enumerate(hidden):
        if numbers[at] < threshold:
            assert set(range(1, threshold + 1)) <= {t[place] for t in fitting}


@given(numbers=COUNTS, threshold=THRESHOLDS)
def test_shares_and_sums_add_nothing(numbers: list[int], threshold: int) -> None:
    """A share is shown where its number is; a provider's sum is over numbers that are shown."""
    (published,) = withhold([counted(*numbers)], threshold)
    for outcome, one in published.counts.items():
        assert (one is None or not published.total) == (published.per_mille(outcome) is None)
    not_agreeing = [n for o, n in published.counts.items() if o is not Outcome.AGREES]
    assert sum(n or 0 for n in not_agreeing) == published.at_least


def test_two_comparisons_of_the_same_give_nothing_away() -> None:
    """12 unknown to DAR and 13 to BBR would say that one is known to DAR alone: the second is withheld."""
    first = Counted(DAR, {Outcome.AGREES: 9_910, Outcome.UNKNOWN: 12})
    second = Counted(BBR, {Outcome.AGREES: 9_909, Outcome.UNKNOWN: 13})
    dar, bbr = withhold([first, second], 5)
    assert [9_910, 12] == list(dar.counts.values())
    assert [None, None] == list(bbr.counts.values())


def test_a_threshold_of_two_is_refused() -> None:
    """One of two would know the other."""
    with pytest.raises(ValueError, match="3 or more"):
        withhold([counted(1, 2)], 2)
