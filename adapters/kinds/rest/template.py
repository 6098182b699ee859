"""Templates of calls: text with places such as {key}, filled so that a value can never become syntax.

Places:
    {key}                                the value of the key; in a call about one subject
    {keys}                               all values of the key, with the separator between them
    {effect} {registration}              the times asked for, RFC 3339 in UTC
    {effect_date} {registration_date}    their days in Denmark
    {fields}                             the paths of the attributes asked for, with commas
    {page} {offset} {size} {cursor}      where the next page begins, and how much it holds
    {request_id}                         the id of the exchange
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import orjson

from adapters.port import AnswerInvalid, Cause

PLACES: Final = frozenset(
    {"key", "keys", "effect", "registration", "effect_date", "registration_date", "fields"}
    | {"page", "offset", "size", "cursor", "request_id"}
)
_PLACE: Final = re.compile(r"\{([a-z_]+)\}")
_ONLY_DOTS: Final = frozenset({".", ".."})
_UNRESERVED: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")  # RFC 3986 section 3.3


@dataclass(frozen=True, slots=True)
class Template:
    """A text with places."""

    text: str
    places: frozenset[str]

    @classmethod
    def of(cls, text: str, place: str) -> Template:
        """Reads a template.

        Raises:
            ValueError: it has a place that there is not, or a brace that begins none.
        """
        found = frozenset(_PLACE.findall(text))
        if unknown := sorted(found - PLACES):
            known = ", ".join(sorted(PLACES))
            raise ValueError(f"{place}: {{{unknown[0]}}} is no place of a template; there are: {known}")
        if set(_PLACE.sub("", text)) & set("{}"):
            raise ValueError(f"{place}: a brace begins or ends no place of a template")
        return cls(text, found)

    def filled(self, values: Mapping[str, str]) -> str:
        """Puts values into the places; what they hold is not looked at again."""
        return _PLACE.sub(lambda found: values[found[1]], self.text)

    def path(self, values: Mapping[str, str]) -> str:
        """The same for a path: each value is a part of one segment, whatever characters it holds.

        Raises:
            AnswerInvalid: a segment would become empty or dots, which lead somewhere else.
        """
        segments = []
        for segment in self.text.split("/")[1:]:
            filled = _PLACE.sub(lambda found: quote(values[found[1]], safe=""), segment)
            if filled != segment and (not filled or filled in _ONLY_DOTS):
                raise AnswerInvalid(Cause.FIELD_VALUE)
            segments.append(filled)
        return "/" + "/".join(segments)


def path_template(text: str, place: str) -> Template:
    """Reads the template of a path.

    Raises:
        ValueError: it does not begin with a slash, or what is not a place is not encoded.
    """
    template = Template.of(text, place)
    plain = _PLACE.sub("", text)
    segments = text.split("/")[1:]
    if not text.startswith("/") or _UNRESERVED.fullmatch(plain) is None or _ONLY_DOTS & set(segments):
        raise ValueError(f"{place}: must begin with / and hold segments of an encoded path, no query")
    return template


@dataclass(frozen=True, slots=True)
class Body:
    """A JSON document whose texts are templates; a text that is only {keys} becomes the list of them."""

    document: Any
    places: frozenset[str]

    @classmethod
    def of(cls, document: Any, place: str) -> Body:
        """Reads a document from the catalogue.

        Raises:
            ValueError: a template in it is wrong.
        """
        found: set[str] = set()

        def read(node: Any, where: str) -> Any:
            if isinstance(node, dict):
                return {name: read(value, f"{where}: {name}") for name, value in node.items()}
            if isinstance(node, list):
                return [read(value, where) for value in node]
            if isinstance(node, str):
                template = Template.of(node, where)
                found.update(template.places)
                return template
            return node

        made = read(document, place)
        return cls(made, frozenset(found))

    def filled(self, values: Mapping[str, str], keys: tuple[str, ...]) -> bytes:
        """Writes the document as JSON."""

        def write(node: Any) -> Any:
            if isinstance(node, dict):
                return {name: write(value) for name, value in node.items()}
            if isinstance(node, list):
                return [write(value) for value in node]
            if isinstance(node, Template):
                return list(keys) if node.text == "{keys}" else node.filled(values)
            return node

        return orjson.dumps(write(self.document))
