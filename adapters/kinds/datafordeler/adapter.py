"""The adapter: a question of the port becomes a query, or several where records refer to others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from adapters.kinds.datafordeler.changes import EventChanges
from adapters.kinds.datafordeler.entry import Asks, Entry, Join, Kept, read_entry
from adapters.kinds.datafordeler.joins import Joined, Leads, Node, join_question, joins_for, question_of
from adapters.kinds.datafordeler.pages import Pages
from adapters.kinds.datafordeler.query import Question, as_scalar
from adapters.kinds.datafordeler.transport import OPTIONS, Transport
from adapters.kinds.datafordeler.values import Values
from adapters.kinds.options import check_known, whole
from adapters.port import (
    AnswerInvalid,
    Cause,
    Changes,
    Connection,
    Dataset,
    Found,
    Lookup,
    SchemaChanged,
    Value,
)

_PAGE = 1000  # what the published schemas assume of a list
_MOST_SUBJECTS = 100
_OPTIONS = OPTIONS | {"page", "max_cost", "most_subjects"}


def open_datafordeler(register: str, datasets: Sequence[Dataset], connection: Connection) -> Datafordeler:
    """See `adapters.port.Opener`."""
    return Datafordeler(register, datasets, connection)


class Datafordeler:
    """Reads the datasets of one register from its GraphQL service."""

    def __init__(self, register: str, datasets: Sequence[Dataset], connection: Connection) -> None:
        """Looks at the catalogue and the configuration; connects lazily.

        Raises:
            ValueError: one of them says what cannot be.
        """
        options = connection.options
        check_known(options, _OPTIONS, "options")
        self._entries = {d.name: read_entry(d) for d in datasets}
        self._values = {d.name: Values(d, self._entries[d.name]) for d in datasets}
        max_cost = whole(options, "max_cost", 0) if "max_cost" in options else 0
        page = whole(options, "page", _PAGE)
        self._most_subjects = min(whole(options, "most_subjects", _MOST_SUBJECTS), page)
        self._keep_affordable(datasets, max_cost)
        self._transport = Transport(connection)
        self._pages = Pages(self._transport, page, max_cost)
        self._changes = EventChanges(register, datasets, connection)
        self._max_records = connection.max_records
        self._register = register
        self._questions: dict[tuple[str, tuple[str, ...], str], Question] = {}

    @property
    def most_subjects(self) -> int:
        """See `adapters.port.RegisterAdapter`."""
        return self._most_subjects

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        """See `adapters.port.RegisterAdapter`."""
        entry, values = self._entries[lookup.dataset.name], self._values[lookup.dataset.name]
        _check_time(entry.kept, lookup)
        question = self._question(lookup)
        scalars = [as_scalar(value, question.scalar) for value in lookup.values]
        keys = [key for key in scalars if key is not None]
        if not keys:
            return ()
        nodes = await self._pages.read(question, keys, lookup.as_of, self._max_records * len(keys))
        joined = await self._join(entry, lookup, nodes)
        key = _key_attribute(lookup)
        found = [
            (_order(node), Found(_present(values.read(key, node), key), _record(lookup, values, leads)))
            for node, leads in ((node, Leads(entry, joined, node)) for node in nodes)
        ]
        return [one for _, one in sorted(found, key=lambda pair: (pair[0], orjson.dumps(pair[1].record)))]

    async def changes(self, dataset: Dataset, kind: str, after: int | None, limit: int) -> Changes:
        """See `adapters.port.ChangeFeed`."""
        return await self._changes.changes(dataset, kind, after, limit)

    async def close(self) -> None:
        """See `adapters.port.RegisterAdapter`."""
        await self._changes.close()
        await self._transport.close()

    def _question(self, lookup: Lookup) -> Question:
        asked = (lookup.dataset.name, lookup.attributes, lookup.kind)
        if asked not in self._questions:
            self._questions[asked] = question_of(lookup.dataset, lookup.attributes, lookup.kind)
        return self._questions[asked]

    def _keep_affordable(self, datasets: Sequence[Dataset], max_cost: int) -> None:
        if not max_cost:
            return
        for dataset in datasets:
            widest = question_of(dataset, sorted(dataset.attribute_names), dataset.keys[0].kind)
            if widest.most_nodes(max_cost) < 2:  # noqa: PLR2004  # one, and one too many
                raise ValueError(f"options.max_cost: {max_cost} is not enough to read {dataset.name}")
            self._most_subjects = min(self._most_subjects, widest.most_nodes(max_cost) - 1)

    async def _join(self, entry: Entry, lookup: Lookup, nodes: Sequence[Node]) -> Joined:
        """Looks up what the records refer to, at the same times."""
        joined: dict[str, Mapping[str | int, Node]] = {}
        for join in joins_for(entry, lookup.attributes):
            references = {Leads(entry, joined, node).reference(join) for node in nodes}
            joined[join.name] = await self._referred(join, entry, lookup, references - {None})
        return joined

    async def _referred(
        self, join: Join, entry: Entry, lookup: Lookup, references: Iterable[Any]
    ) -> Mapping[str | int, Node]:
        question = join_question(join, entry, lookup.attributes)
        keys = sorted(references)
        found: dict[str | int, Node] = {}
        for begin in range(0, len(keys), self._most_subjects):
            some = keys[begin : begin + self._most_subjects]
            for node in await self._pages.read(question, some, lookup.as_of, len(some)):
                if node[join.to] not in some:
                    raise AnswerInvalid(Cause.OTHER_SUBJECT)
                found[node[join.to]] = node
        return found


def _record(lookup: Lookup, values: Values, leads: Leads) -> dict[str, Value]:
    read = {name: values.read(name, leads.of(name)) for name in lookup.attributes}
    return {name: value for name, value in read.items() if value is not None}


def _key_attribute(lookup: Lookup) -> str:
    key = lookup.dataset.key(lookup.kind)
    if key is None:
        raise AnswerInvalid(Cause.FIELD_UNKNOWN)
    return key.attribute


def _present(value: Value | None, attribute: str) -> Value:
    if value is None:
        raise SchemaChanged(Cause.FIELD_NULL, attribute)
    return value


def _order(node: Node) -> str:
    return str(node.get("virkningFra") or "")


def _check_time(kept: Kept, lookup: Lookup) -> None:
    """A service that knows no times tells what holds now; asked of another time, it would tell wrong."""
    if not lookup.current and Asks.NONE in {kept.effect, kept.registration}:
        raise AnswerInvalid(Cause.NO_HISTORY)
