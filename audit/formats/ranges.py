"""Sets of indexes in writing: `0-4,7,9-12`, ascending, as few ranges as there can be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from audit.errors import FormatError

Range = tuple[int, int]  # first and last
_RANGE = re.compile(r"(0|[1-9][0-9]{0,15})(?:-([1-9][0-9]{0,15}))?", re.ASCII)


def write(indexes: Iterable[int]) -> str:
    """Writes a set of indexes."""
    found: list[Range] = []
    for index in sorted(set(indexes)):
        if found and index == found[-1][1] + 1:
            found[-1] = (found[-1][0], index)
        else:
            found.append((index, index))
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in found)


def parse(text: str) -> list[Range]:
    """Reads such a set, in the canonical form only.

    Raises:
        FormatError: it is not one.
    """
    found: list[Range] = []
    for part in text.split(",") if text else ():
        match = _RANGE.fullmatch(part)
        if match is None:
            raise FormatError("not a set of indexes such as 0-4,7")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first or (match[2] and last == first) or (found and first <= found[-1][1] + 1):
            raise FormatError("ranges of indexes ascend, apart from each other")
        found.append((first, last))
    return found


def indexes(ranges: Iterable[Range]) -> Iterator[int]:
    """Gives every index in some ranges, in their order."""
    for first, last in ranges:
        yield from range(first, last + 1)
