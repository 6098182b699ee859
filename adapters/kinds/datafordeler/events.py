"""What changed in a register: `{REG}_Events`, read in the order of their numbers.

The published schemas leave this root field out; its name and fields are those of
Datafordeler's guide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.kinds.datafordeler.answer import read_page
from adapters.kinds.datafordeler.entry import read_entry
from adapters.kinds.datafordeler.query import FOUND
from adapters.kinds.datafordeler.times import read_time
from adapters.kinds.datafordeler.transport import Transport
from adapters.port import AnswerInvalid, Cause, Connection, Dataset, SchemaChanged

FIELDS = ("eventid", "entityname", "eventaction", "object_id", "object_registreringfra", "object_status")


@dataclass(frozen=True, slots=True)
class Event:
    """A record of a dataset came, changed or went.

    Attributes:
        number: of the event; later ones have higher numbers.
        dataset: what changed.
        kind: kind of the key that names the record, as the catalogue has it.
        value: the record's identifier. It may be personal data.
        action: what became of it, as the register calls it.
        recorded: when the new version was recorded.
        status: of the new version; empty where there is none.
    """

    number: int
    dataset: str
    kind: str
    value: str
    action: str
    recorded: datetime
    status: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Some events, and how far they reach.

    Attributes:
        events: those about datasets of the catalogue, the earliest first.
        last: where the next batch begins, whether or not its event is among them.
        more: whether the register has later ones already.
    """

    events: Sequence[Event]
    last: int
    more: bool


class Events:
    """Reads the events of one register."""

    def __init__(self, register: str, datasets: Sequence[Dataset], connection: Connection) -> None:
        """Takes the datasets that events are wanted of.

        Raises:
            ValueError: the catalogue or the configuration says what cannot be.
        """
        self._transport = Transport(connection)
        self._text = query_of(register)
        self._prefix = f"{register.lower()}_"
        self._told = dict(self._named(dataset) for dataset in datasets)

    async def events(self, after: int, limit: int) -> Batch:
        """Gives the events after a number, at most so many.

        Raises:
            RegisterError: there is no answer, or none that makes sense.
        """
        variables = {"after": after, "first": limit}
        body, refused = await self._transport.post({"query": self._text, "variables": variables})
        page = read_page(body, refused=refused, attributes={})
        last, found = after, []
        for node in page.nodes:
            number = _number(node)
            if number <= last:  # out of order: something would be passed over for good
                raise AnswerInvalid(Cause.PARTIAL)
            last = number
            event = self._event(number, node)
            if event is not None:
                found.append(event)
        return Batch(tuple(found), last, page.after is not None)

    async def close(self) -> None:
        """Lets go of the connections."""
        await self._transport.close()

    def _event(self, number: int, node: Mapping[str, Any]) -> Event | None:
        name, action, value, status = (
            node.get(field) for field in ("entityname", "eventaction", "object_id", "object_status")
        )
        recorded = read_time(node.get("object_registreringfra"))
        if not all(isinstance(part, str) and part for part in (name, action, value)):
            raise SchemaChanged(Cause.FIELD_TYPE)
        if not isinstance(recorded, datetime) or not (status is None or isinstance(status, str)):
            raise SchemaChanged(Cause.FIELD_TYPE)
        told = self._told.get(self._entity(str(name)))
        if told is None:
            return None
        return Event(number, *told, str(value), str(action), recorded, status or "")

    def _named(self, dataset: Dataset) -> tuple[str, tuple[str, str]]:
        kind = names_records(dataset)
        if kind is None:
            raise ValueError(f"{dataset.source.place}: no key of the dataset is its records' one identity")
        return self._entity(read_entry(dataset).kept.type), (dataset.name, kind)

    def _entity(self, name: str) -> str:
        """An entity's name, with or without the register's before it."""
        return name.lower().removeprefix(self._prefix)


def names_records(dataset: Dataset) -> str | None:
    """Gives the kind of the one key that is the identity of a dataset's records, where there is one.

    Raises:
        ValueError: the dataset's entry says what cannot be.
    """
    entry = read_entry(dataset)
    own = {entry.places[k.attribute].field: k.kind for k in dataset.keys}
    kinds = [own[field] for field in entry.kept.identity if field in own]
    return kinds[0] if len(kinds) == 1 else None


def query_of(register: str) -> str:
    """The query for a register's events: by number, so that what came meanwhile moves no page.

    Raises:
        ValueError: the register's name cannot be part of one.
    """
    if not (register.isascii() and register.isalnum()):
        raise ValueError(f"register {register} has no name that Datafordeler could know")
    return (
        f"query Hjemmel($after: Long!, $first: Int!) {{ {FOUND}: {register.upper()}_Events("
        f"first: $first, where: {{ eventid: {{ gt: $after }} }}) "
        f"{{ nodes {{ {' '.join(FIELDS)} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )


def _number(node: Mapping[str, Any]) -> int:
    number = node.get("eventid")
    if isinstance(number, bool) or not isinstance(number, int):
        raise SchemaChanged(Cause.FIELD_TYPE)
    return number
