"""Answers kept for as long as their dataset says: a register is not asked twice for what rarely changes.

Only datasets whose attributes are all ordinary may be kept; the catalogue sees to that.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from adapters.port import Lookup, Record

_Name = tuple[str, tuple[str, ...], str, str]


class Cache:
    """Keeps the newest answers, by dataset, attributes and subject."""

    def __init__(self, most: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        """Takes how many subjects' answers are kept at most."""
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[_Name, tuple[float, Sequence[Record]]] = OrderedDict()

    def find(self, lookup: Lookup) -> dict[str, Sequence[Record]]:
        """Gives what is known of a question's subjects, none of it older than the dataset allows."""
        if not _may_be_kept(lookup):
            return {}
        now = self._clock()
        known = {}
        for value in lookup.values:
            until, records = self._kept.get(_name(lookup, value), (0.0, ()))
            if now < until:
                known[value] = records
        return known

    def keep(self, lookup: Lookup, answers: dict[str, Sequence[Record]]) -> None:
        """Keeps answers, where their dataset allows."""
        if not _may_be_kept(lookup):
            return
        until = self._clock() + lookup.dataset.valid_for
        for value, records in answers.items():
            name = _name(lookup, value)
            self._kept[name] = (until, records)
            self._kept.move_to_end(name)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)


def _may_be_kept(lookup: Lookup) -> bool:
    return lookup.dataset.valid_for > 0 and lookup.current


def _name(lookup: Lookup, value: str) -> _Name:
    return (lookup.dataset.name, lookup.attributes, lookup.kind, value)
