"""Asking one question to its end: page after page, until it is answered whole or found not to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.kinds.datafordeler.answer import read_page
from adapters.kinds.datafordeler.joins import Node
from adapters.kinds.datafordeler.query import Question
from adapters.kinds.datafordeler.times import holds
from adapters.kinds.datafordeler.transport import Transport
from adapters.port import AnswerInvalid, AsOf, Cause, SchemaChanged

_HISTORY = 20  # versions of a record that a service without times may send beside the current one


class Pages:
    """Reads connections."""

    def __init__(self, transport: Transport, page: int, max_cost: int) -> None:
        """Takes most nodes a page, and most cost a call (0: any)."""
        self._transport = transport
        self._page = page
        self._max_cost = max_cost

    async def read(
        self, question: Question, keys: Sequence[str | int], as_of: AsOf, most: int
    ) -> Sequence[Node]:
        """Gives the records found under the keys that hold at the times.

        Args:
            question: what is asked for.
            keys: values of the key.
            as_of: the times.
            most: most records; more are an error, and not fetched.

        Raises:
            RegisterError: there is no answer, or none that is whole and makes sense.
        """
        gathered = _Gathered(question, as_of, most)
        variables = question.variables(keys, as_of) | {"first": self._first(question, len(keys))}
        cursors = set[str]()
        while True:
            body, refused = await self._transport.post({"query": question.text, "variables": variables})
            page = read_page(body, refused=refused, attributes=question.attributes)
            gathered.take(page.nodes)
            if page.after is None:
                return gathered.nodes
            if page.after in cursors or not page.nodes:  # it goes in a circle, or nowhere
                raise AnswerInvalid(Cause.PARTIAL)
            cursors.add(page.after)
            variables["after"] = page.after

    def _first(self, question: Question, keys: int) -> int:
        """How many nodes to ask for: one more than there should be shows that there are too many."""
        wanted = keys + 1 if question.only and not question.keeps_history else self._page
        affordable = question.most_nodes(self._max_cost) if self._max_cost else self._page
        return max(1, min(wanted, self._page, affordable))


class _Gathered:
    """The records of all pages so far."""

    def __init__(self, question: Question, as_of: AsOf, most: int) -> None:
        self.nodes: list[Node] = []
        self._question = question
        self._as_of = as_of
        self._most = most
        self._most_read = most * _HISTORY if question.keeps_history else most
        self._read: list[Node] = []
        self._identities: set[tuple[Any, ...]] = set()

    def take(self, nodes: Sequence[Node]) -> None:
        """Adds a page."""
        if len(self._read) + len(nodes) > self._most_read:
            raise AnswerInvalid(Cause.TOO_MANY)
        if nodes and self._read[-len(nodes) :] == nodes and self._tells_apart(nodes):
            raise AnswerInvalid(Cause.PARTIAL)  # the page before, once more
        self._read += nodes
        for node in nodes:
            self._check_fields(node)
            if holds(node, self._question, self._as_of):
                self._check_identity(node)
                self.nodes.append(node)
        if len(self.nodes) > self._most:
            raise AnswerInvalid(Cause.TOO_MANY)

    def _tells_apart(self, nodes: Sequence[Node]) -> bool:
        """Whether a page can be told from another: where its records look alike, those of others may, too.

        A service that repeats such a page for ever gives too many in the end.
        """
        if self._question.kept.identity:
            return True
        return 1 < len(nodes) == len({repr(node) for node in nodes})

    def _check_fields(self, node: Node) -> None:
        for name in self._question.selected:
            if name not in node:
                raise SchemaChanged(Cause.FIELD_MISSING, self._question.attributes.get(name, ""))

    def _check_identity(self, node: Node) -> None:
        names = self._question.kept.identity
        if not names:
            return
        identity = tuple(node[name] for name in names)
        if not all(isinstance(part, str | int) for part in identity):
            raise SchemaChanged(Cause.FIELD_NULL, self._question.attributes.get(names[0], ""))
        if identity in self._identities:  # two records of one thing, both current
            raise AnswerInvalid(Cause.CONFLICT)
        self._identities.add(identity)
