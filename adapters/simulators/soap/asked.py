"""Reading calls of a SOAP service by the templates that wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.kinds.soap.entry import Ask, Plan
from adapters.kinds.soap.paths import Path, XmlElement, resolve, text_at
from adapters.kinds.template import Template
from adapters.port import Dataset, Key
from adapters.simulators.backwards import backwards


@dataclass(frozen=True, slots=True)
class Route:
    """The calls that ask for a dataset by one kind of key.

    Attributes:
        tag: the element that they send.
        leaves: where each template stands in it.
    """

    dataset: Dataset
    plan: Plan
    ask: Ask
    key: Key
    tag: str
    leaves: tuple[tuple[Path, Template], ...]

    def told(self, sent: XmlElement) -> Mapping[str, str] | None:
        """Reads what stood in the places, or nothing where it is no such call."""
        if sent.tag != self.tag:
            return None
        found: dict[str, str] = {}
        for path, template in self.leaves:
            text = text_at(sent, path)
            if text is None and "key" not in template.places:
                continue  # what was empty was left out
            read = None if text is None else backwards(template, text)
            if read is None:
                return None
            found |= read
        return found

    def is_covered(self, told: Mapping[str, str]) -> bool:
        """Tells whether each code is one that the entry knows; those of the configuration are not held."""
        codes = self.plan.context.codes
        return all(
            told.get(name) in set(code.values.values())
            for name, code in codes.items()
            if name in self.ask.places and _is_in_entry(self.dataset, name)
        )


def routes(dataset: Dataset, plan: Plan) -> Iterator[Route]:
    """The calls that ask for a dataset."""
    for key in dataset.keys:
        ask = plan.asks[key.kind]
        request = ask.operation.request
        place = f"{dataset.source.place}: request"
        leaves = tuple((resolve(request, names, place), t) for names, t in _leaves(ask.request.document))
        yield Route(dataset, plan, ask, key, str(request.qname.text), leaves)


def _leaves(node: Any, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Template]]:
    if isinstance(node, Template):
        yield names, node
    elif isinstance(node, Mapping):
        for name, inner in node.items():
            yield from _leaves(inner, (*names, name))


def _is_in_entry(dataset: Dataset, code: str) -> bool:
    return "values" in dataset.source.options["codes"][code]
