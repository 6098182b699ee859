"""Templates of calls: text with places such as {key}, filled so that a value can never become syntax.

Places that every kind knows:
    {key}                                the value of the key; in a call about one subject
    {effect} {registration}              the times asked for, RFC 3339 in UTC
    {effect_date} {registration_date}    their days in Denmark
    {request_id}                         the id of the exchange
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from adapters.kinds.values import in_denmark, sortable
from adapters.port import Lookup

PLACES: Final = frozenset({"key", "effect", "registration", "effect_date", "registration_date", "request_id"})
PLACE: Final = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A text with places."""

    text: str
    places: frozenset[str]

    @classmethod
    def of(cls, text: str, known: Collection[str], place: str) -> Template:
        """Reads a template.

        Args:
            text: the template.
            known: the places that there are.
            place: where it stands, for messages.

        Raises:
            ValueError: it has a place that there is not, or a brace that begins none.
        """
        found = frozenset(PLACE.findall(text))
        if unknown := sorted(found.difference(known)):
            told = ", ".join(sorted(known))
            raise ValueError(f"{place}: {{{unknown[0]}}} is no place of a template; there are: {told}")
        if set(PLACE.sub("", text)) & set("{}"):
            raise ValueError(f"{place}: a brace begins or ends no place of a template")
        return cls(text, found)

    def filled(self, values: Mapping[str, str]) -> str:
        """Puts values into the places; what they hold is not looked at again."""
        return PLACE.sub(lambda found: values[found[1]], self.text)


@dataclass(frozen=True, slots=True)
class Tree:
    """A document whose texts are templates."""

    document: Any
    places: frozenset[str]

    @classmethod
    def of(cls, document: Any, known: Collection[str], place: str) -> Tree:
        """Reads a document from the catalogue.

        Raises:
            ValueError: a template in it is wrong.
        """
        found: set[str] = set()

        def read(node: Any, where: str) -> Any:
            if isinstance(node, Mapping):
                return {name: read(value, f"{where}: {name}") for name, value in node.items()}
            if isinstance(node, list):
                return [read(value, where) for value in node]
            if isinstance(node, str):
                template = Template.of(node, known, where)
                found.update(template.places)
                return template
            return node

        made = read(document, place)
        return cls(made, frozenset(found))

    def filled(self, values: Mapping[str, str], lists: Mapping[str, Collection[str]] | None = None) -> Any:
        """Fills every template; a text that is only a place of `lists` becomes that list."""
        whole = {f"{{{name}}}": list(items) for name, items in (lists or {}).items()}

        def write(node: Any) -> Any:
            if isinstance(node, dict):
                return {name: write(value) for name, value in node.items()}
            if isinstance(node, list):
                return [write(value) for value in node]
            if isinstance(node, Template):
                return whole[node.text] if node.text in whole else node.filled(values)
            return node

        return write(self.document)


def usual_filling(lookup: Lookup, key: str) -> dict[str, str]:
    """What stands in the places that every kind knows."""
    return {
        "key": key,
        "effect": sortable(lookup.as_of.effect),
        "registration": sortable(lookup.as_of.registration),
        "effect_date": in_denmark(lookup.as_of.effect).isoformat(),
        "registration_date": in_denmark(lookup.as_of.registration).isoformat(),
        "request_id": lookup.mandate.request_id,
    }
