"""Templates of REST calls.

Beside the places that every kind knows (`adapters.kinds.template`):

{keys}                             all values of the key, with the separator between them
{fields}                           the paths of the attributes asked for, with commas
{page} {offset} {size} {cursor}    where the next page begins, and how much it holds
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from adapters.kinds import template
from adapters.kinds.template import PLACE, Template
from adapters.port import AnswerInvalid, Cause

PLACES: Final = template.PLACES | {"keys", "fields", "page", "offset", "size", "cursor"}
_ONLY_DOTS: Final = frozenset({".", ".."})
_UNRESERVED: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")  # RFC 3986 section 3.3


def path_template(text: str, place: str) -> Template:
    """Reads the template of a path.

    Raises:
        ValueError: it does not begin with a slash, or what is not a place is not encoded.
    """
    made = Template.of(text, PLACES, place)
    plain = PLACE.sub("", text)
    segments = text.split("/")[1:]
    if not text.startswith("/") or _UNRESERVED.fullmatch(plain) is None or _ONLY_DOTS & set(segments):
        raise ValueError(f"{place}: must begin with / and hold segments of an encoded path, no query")
    return made


def filled_path(path: Template, values: Mapping[str, str]) -> str:
    """Fills a path: each value is a part of one segment, whatever characters it holds.

    Raises:
        AnswerInvalid: a segment would become empty or dots, which lead somewhere else.
    """
    segments = []
    for segment in path.text.split("/")[1:]:
        filled = PLACE.sub(lambda found: quote(values[found[1]], safe=""), segment)
        if filled != segment and (not filled or filled in _ONLY_DOTS):
            raise AnswerInvalid(Cause.FIELD_VALUE)
        segments.append(filled)
    return "/" + "/".join(segments)
