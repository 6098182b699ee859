"""The events of a register as the port's changes: their numbers are the positions."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.kinds.datafordeler.events import Events, names_records
from adapters.port import Change, Changes, ChangesNotTold, Connection, Dataset


class EventChanges:
    """Reads what changed in a register's datasets; each is told by the one key that names its records."""

    def __init__(self, register: str, datasets: Sequence[Dataset], connection: Connection) -> None:
        """Takes the datasets; those whose records no key names have no changes to be told.

        Raises:
            ValueError: the catalogue or the configuration says what cannot be.
        """
        told = [dataset for dataset in datasets if names_records(dataset)]
        self._events = Events(register, told, connection) if told else None
        self._kinds = {d.name: names_records(d) for d in told}

    async def changes(self, dataset: Dataset, kind: str, after: int | None, limit: int) -> Changes:
        """See `adapters.port.ChangeFeed`. The register numbers its events when it tells them first.

        Raises:
            RegisterError: there is no answer, or none that makes sense.
        """
        if self._events is None or self._kinds.get(dataset.name) != kind:
            raise ChangesNotTold
        if after is None:
            end = await self._end(self._events)
            return Changes((), end, end, more=False)
        batch = await self._events.events(after, limit)
        told = tuple(Change(e.value, e.recorded, e.number) for e in batch.events if e.dataset == dataset.name)
        return Changes(told, batch.last, batch.last, batch.more)

    async def close(self) -> None:
        """Lets go of the connections."""
        if self._events is not None:
            await self._events.close()

    async def _end(self, events: Events) -> int:
        """Finds the newest event: the service has no order but the numbers', and no last page."""
        known, beyond = 0, 1
        while last := await _following(events, beyond):
            known, beyond = last, last * 2
        while known < beyond:
            middle = (known + beyond) // 2
            if last := await _following(events, middle):
                known = last
            else:
                beyond = middle
        return known


async def _following(events: Events, number: int) -> int:
    """Gives the number of the first event after a number; 0 where there is none."""
    batch = await events.events(number, 1)
    return batch.last if batch.last > number else 0
