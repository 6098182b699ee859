"""Putting history together: what was recorded once is never lost, whatever files come in which order."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from adapters.kinds.snapshot.history import Version, merged

T = [f"2020-01-{day:02}" for day in range(1, 21)]


def version(content: str = "a", registered: int = 1, begins: int = 1, **changes: str | None) -> Version:
    return replace(Version((content,), T[registered], None, T[begins], None), **changes)  # type: ignore[arg-type]


def merge(
    before: list[Version], arrived: list[Version], *, full: bool = True, tells: bool = True, taken: int = 15
) -> tuple[list[Version], dict[str, int]]:
    after, counts = merged(before, arrived, T[taken], full=full, tells=tells)
    return after, dict(counts)


def test_the_same_again_changes_nothing() -> None:
    """A file that says what is known adds, ends and finds nothing."""
    assert ([version()], {}) == merge([version()], [version()])


def test_an_end_is_taken_over() -> None:
    """A registration that the register ended gets that end."""
    ended = version(ended=T[5])
    assert ([ended], {"ended": 1}) == merge([version()], [ended])


def test_a_newer_row_ends_the_older() -> None:
    """A file of current rows alone: what took a row's place ends it at the moment it was recorded."""
    newer = version("b", 5)
    expected = [version(ended=T[5]), newer]
    assert (expected, {"ended": 1, "new": 1}) == merge([version()], [newer], full=False)


def test_what_a_full_file_lacks_is_gone_and_stays_known() -> None:
    """It ends when the file was taken; of a delta, nothing follows from what it lacks."""
    assert ([version(ended=T[15])], {"gone": 1}) == merge([version()], [])
    assert ([version()], {}) == merge([version()], [], full=False)


def test_a_late_row_does_not_take_back_a_newer_one() -> None:
    """What arrives after its successor is history at once."""
    late, current = version("a", 2), version("b", 6)
    expected = [replace(late, ended=T[6]), current]
    assert (expected, {"late": 1, "new": 1}) == merge([current], [late], full=False)


def test_what_is_taken_back_stays_as_it_was_told() -> None:
    """Another content under the same registration: the old one holds until the file was taken."""
    expected = [version(ended=T[15]), version("b", 15)]
    assert (expected, {"contradicting": 1}) == merge([version()], [version("b")])


def test_a_file_without_registration_records_changes_when_it_was_taken() -> None:
    """The unchanged stays; the changed ends, and what replaces it begins, at that moment."""
    same, changed = version("a", 1, 1, ends=T[3]), version("b", 1, 3)
    arrived = [replace(same, registered=T[15]), version("c", 15, 3)]
    expected = [same, replace(changed, ended=T[15]), version("c", 15, 3)]
    assert (expected, {"ended": 1, "new": 1}) == merge([same, changed], arrived, tells=False)


def test_overlapping_current_rows_are_told() -> None:
    """Two current rows about a common time, recorded at once: both are kept, and told of."""
    one, other = version("a", 1, 1), version("b", 1, 3)
    assert ([one, other], {"new": 2, "overlapping": 1}) == merge([], [one, other])


MOMENTS = st.integers(0, 9)
VERSIONS = st.lists(
    st.builds(
        lambda content, registered, begins, lasts, held: Version(
            (content,),
            T[registered],
            T[registered + lasts] if lasts else None,
            T[begins],
            T[begins + held] if held else None,
        ),
        st.sampled_from("abc"),
        MOMENTS,
        MOMENTS,
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    max_size=5,
    unique_by=lambda v: (v.registered, v.begins),
)


@given(before=VERSIONS, arrived=VERSIONS, full=st.booleans())
def test_what_was_told_can_be_told_again(
    *, before: list[Version], arrived: list[Version], full: bool
) -> None:
    """As of any registration that a file recorded after does not reach, answers stay what they were."""
    taken = 16
    after, _ = merge(before, arrived, full=full, taken=taken)
    earliest = min((v.registered for v in arrived), default=T[taken])
    for moment in [t for t in T if t < earliest]:

        def told(versions: list[Version], at: str = moment) -> list[tuple[str, str, str]]:
            holding = [v for v in versions if v.registered <= at and (v.ended is None or at < v.ended)]
            return sorted((v.content[0], v.begins, v.ends or "") for v in holding)

        assert told(before) == told(after)


@given(VERSIONS, VERSIONS)
def test_the_same_file_twice_is_as_once(before: list[Version], arrived: list[Version]) -> None:
    """What a full file made current is found unchanged when it comes again; no row is empty."""
    once, _ = merge(before, arrived)
    assert all(v.ended is None or v.registered < v.ended for v in once)
    again, counts = merge(once, [v for v in once if v.ended is None])
    assert (once, {}) == (again, {k: n for k, n in counts.items() if k != "overlapping"})
