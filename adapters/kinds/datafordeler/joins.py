"""What is asked, of a dataset's own type and of those that its records refer to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from adapters.kinds.datafordeler.entry import Entry, Join, read_entry
from adapters.kinds.datafordeler.query import Question
from adapters.port import AnswerInvalid, Cause, Dataset, SchemaChanged

Node: TypeAlias = Mapping[str, Any]
Joined: TypeAlias = Mapping[str, Mapping[str | int, Node]]


def question_of(dataset: Dataset, attributes: Sequence[str], kind: str) -> Question:
    """What a dataset's own type is asked for.

    Raises:
        AnswerInvalid: the dataset has no such key.
    """
    entry = read_entry(dataset)
    key = dataset.key(kind)
    if key is None:
        raise AnswerInvalid(Cause.FIELD_UNKNOWN)
    own = {entry.places[name].field: name for name in attributes if not entry.places[name].join}
    field = entry.places[key.attribute].field
    origins = [j.origin.field for j in joins_for(entry, attributes) if not j.origin.join]
    return Question(
        kept=entry.kept,
        key=field,
        scalar="Long" if entry.scalars[key.attribute] in {"Long", "Int"} else "String",
        fields=tuple(dict.fromkeys([*own, *origins])),
        attributes=own | {field: own.get(field, key.attribute)},
        only=key.cardinality == "one",
    )


def join_question(join: Join, entry: Entry, attributes: Sequence[str]) -> Question:
    """What the type of a join is asked for."""
    own = {entry.places[n].field: n for n in attributes if entry.places[n].join == join.name}
    onward = [j.origin.field for j in joins_for(entry, attributes) if j.origin.join == join.name]
    return Question(
        kept=join.kept,
        key=join.to,
        scalar=join.scalar,
        fields=tuple(dict.fromkeys([*own, *onward])),
        attributes=own,
        only=True,
    )


def joins_for(entry: Entry, attributes: Sequence[str]) -> Sequence[Join]:
    """The joins that some attributes come through, each after the one that it begins from."""
    wanted = {entry.places[name].join for name in attributes}
    for join in reversed(entry.joins):
        if join.name in wanted:
            wanted.add(join.origin.join)
    return [join for join in entry.joins if join.name in wanted]


class Leads:
    """Where the attributes of one record stand: in its own node, or in those that it leads to."""

    def __init__(self, entry: Entry, joined: Joined, node: Node) -> None:
        """Takes the record, and the nodes of each join by what they are looked up by."""
        self._entry = entry
        self._joined = joined
        self._node = node
        self._joins = {join.name: join for join in entry.joins}

    def node(self, join: str) -> Node | None:
        """The node of a join, or nothing where the record refers to none."""
        if not join:
            return self._node
        reference = self.reference(self._joins[join])
        return None if reference is None else self._joined[join].get(reference)

    def reference(self, join: Join) -> str | int | None:
        """What a join is looked up by.

        Raises:
            SchemaChanged: the field holds something else than a reference.
        """
        node = self.node(join.origin.join)
        if node is None:
            return None
        reference = node[join.origin.field]
        if reference is None or (isinstance(reference, str | int) and not isinstance(reference, bool)):
            return reference
        raise SchemaChanged(Cause.FIELD_TYPE)

    def of(self, attribute: str) -> Node | None:
        """The node that an attribute stands in."""
        return self.node(self._entry.places[attribute].join)
