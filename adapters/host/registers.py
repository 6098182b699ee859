"""All registers behind one port: finds the adapter of a dataset, divides what is too much for one call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from adapters.host.bounds import Bounds
from adapters.host.cache import Cache
from adapters.host.counts import Counts
from adapters.host.guard import Guard
from adapters.port import Catalogue, Changes, Dataset, Lookup, Record, RegisterAdapter
from exchange.errors import Failed


class GuardedRegisters:
    """Implements `exchange.ports.Registers` and `ChangeFeeds` over one adapter or several a register."""

    def __init__(
        self,
        catalogue: Catalogue,
        adapters: Mapping[str, RegisterAdapter],
        bounds: Mapping[str, Bounds] | None = None,
        usual: Bounds | None = None,
    ) -> None:
        """Takes what answers for each dataset, and the bounds.

        Args:
            catalogue: the datasets.
            adapters: by dataset; one adapter may answer for many.
            bounds: by register, where they are not the usual ones.
            usual: the bounds of every other register.
        """
        guards: dict[int, Guard] = {}
        feeds: dict[int, Guard] = {}  # apart: a feed that fails must not have the register left alone
        self._guards: dict[str, Guard] = {}
        self._feeds: dict[str, Guard] = {}
        for name, adapter in adapters.items():
            own = (bounds or {}).get(catalogue.datasets[name].register, usual or Bounds())
            self._guards[name] = guards.setdefault(id(adapter), Guard(adapter, own))
            self._feeds[name] = feeds.setdefault(id(adapter), Guard(adapter, own))
        self._cache = Cache()

    async def fetch(self, lookup: Lookup, timeout: float) -> Mapping[str, Sequence[Record]]:
        """See `exchange.ports.Registers`."""
        guard = self._guards.get(lookup.dataset.name)
        if guard is None:
            raise Failed.because("REGISTER_UNAVAILABLE", about=lookup.dataset.name)
        known = self._cache.find(lookup)
        guard.counts.kept += len(known)
        missing = [value for value in lookup.values if value not in known]
        if not missing:
            return known
        until = asyncio.get_running_loop().time() + timeout
        parts = [replace(lookup, values=part) for part in _divided(missing, guard.most_subjects)]
        answers: dict[str, Sequence[Record]] = {}
        for answer in await _all(guard, parts, until):
            answers |= answer
        self._cache.keep(lookup, answers)
        return known | answers

    async def changes(
        self, dataset: Dataset, kind: str, after: int | None, limit: int, timeout: float
    ) -> Changes:
        """See `exchange.ports.ChangeFeeds`."""
        feed = self._feeds.get(dataset.name)
        if feed is None:
            raise Failed.because("CHANGES_NOT_OFFERED", about=dataset.name)
        until = asyncio.get_running_loop().time() + timeout
        return await feed.changes(dataset, kind, after, limit, until)

    def counts(self) -> Mapping[str, Counts]:
        """What became of the calls, by dataset."""
        return {name: guard.counts for name, guard in self._guards.items()}

    def left_alone(self) -> tuple[str, ...]:
        """The datasets whose register failed too often to be asked at present."""
        return tuple(sorted(name for name, guard in self._guards.items() if guard.is_left_alone))

    async def close(self) -> None:
        """Closes every adapter."""
        for guard in dict.fromkeys(self._guards.values()):
            await guard.close()


def _divided(values: Sequence[str], most: int) -> Sequence[tuple[str, ...]]:
    return [tuple(values[begin : begin + most]) for begin in range(0, len(values), most)]


async def _all(
    guard: Guard, parts: Sequence[Lookup], until: float
) -> Sequence[Mapping[str, Sequence[Record]]]:
    """Asks all parts side by side; the first that fails ends the others."""
    if len(parts) == 1:
        return [await guard.ask(parts[0], until)]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(guard.ask(part, until)) for part in parts]
    except* Failed as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
