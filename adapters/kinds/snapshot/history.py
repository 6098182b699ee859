"""What a register said before, and what its file says now, put together: about one thing, without a database.

A row says what was recorded from `registered` until `ended` about the time from `begins` until `ends`. What
was recorded once stays: it may only get an end. Where the file takes back what it said, what it says now is
recorded from the moment on at which the file was taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any


@dataclass(frozen=True, slots=True)
class Version:
    """A row; times are text whose order is that in time."""

    content: tuple[Any, ...]
    registered: str
    ended: str | None
    begins: str
    ends: str | None

    def meets(self, other: Version) -> bool:
        """Whether both are about a common time."""
        return (self.ends is None or other.begins < self.ends) and (
            other.ends is None or self.begins < other.ends
        )

    def says_like(self, other: Version) -> bool:
        """Whether both say the same about the same time."""
        return (self.content, self.begins, self.ends) == (other.content, other.begins, other.ends)


def merged(
    before: Sequence[Version], arrived: Sequence[Version], taken: str, *, full: bool, tells: bool
) -> tuple[list[Version], Counter[str]]:
    """Puts the rows of one thing together.

    Args:
        before: what is there.
        arrived: what the file has, each once for `registered` and `begins`.
        taken: when the file was taken.
        full: whether a row that the file lacks is one that the register has no more.
        tells: whether the file says when rows were recorded; else they were when it was taken.

    Returns:
        What is to be there, and what became of rows: `new`, `ended`, `gone`, `late`, `contradicting`,
        `overlapping`.
    """
    counts: Counter[str] = Counter()
    if not tells:
        arrived = [_recognised(one, before) for one in arrived]
    known = {(v.registered, v.begins): v for v in before}
    kept: list[Version] = []
    new: list[Version] = []
    for one in arrived:
        old = known.pop((one.registered, one.begins), None)
        if old is None:
            new.append(one)
        elif old.says_like(one) and old.ended in {one.ended, None}:
            kept.append(one)
            counts["ended"] += old.ended != one.ended
        else:
            counts["contradicting"] += 1
            kept += _taken_back(old, one, taken)
    left = [_closed(v, new, taken, counts, full=full) for v in known.values()]
    new = [_overtaken(v, [*kept, *left], counts) for v in new]
    counts["new"] += len(new)
    after = [*kept, *left, *new]
    counts["overlapping"] += _overlapping(after)
    return sorted(after, key=lambda v: (v.registered, v.begins)), +counts


def _recognised(one: Version, before: Sequence[Version]) -> Version:
    return next((v for v in before if v.ended is None and v.says_like(one)), one)


def _taken_back(old: Version, one: Version, taken: str) -> list[Version]:
    """The file says otherwise what it said before: what was said stays until the file was taken."""
    if old.registered >= taken:  # it was never said to anybody
        return [one]
    still = one.ended is None or one.ended > taken
    until = taken if old.ended is None or old.ended > taken else old.ended
    return [replace(old, ended=until), *([replace(one, registered=taken)] if still else [])]


def _closed(old: Version, new: Sequence[Version], taken: str, counts: Counter[str], *, full: bool) -> Version:
    """What the file does not have any more ends when something took its place, or when it was missed."""
    if old.ended is not None:
        return old
    later = [v.registered for v in new if v.registered > old.registered and v.meets(old)]
    if later:
        counts["ended"] += 1
        return replace(old, ended=min(later))
    if full and old.registered < taken:
        counts["gone"] += 1
        return replace(old, ended=taken)
    return old


def _overtaken(one: Version, others: Sequence[Version], counts: Counter[str]) -> Version:
    """A row that comes late, after one that took its place, ended when that one was recorded."""
    if one.ended is not None:
        return one
    later = [
        v.registered for v in others if v.ended is None and v.registered > one.registered and v.meets(one)
    ]
    if not later:
        return one
    counts["late"] += 1
    return replace(one, ended=min(later))


def _overlapping(versions: Sequence[Version]) -> bool:
    current = sorted((v for v in versions if v.ended is None), key=lambda v: v.begins)
    return any(first.meets(second) for first, second in pairwise(current))
