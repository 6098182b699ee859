"""Pages of an answer: where the next one begins, and whether what came is all there is.

    paging = { by = "page", size = 100, first = 1 }     {page} and perhaps {size} in the call
    paging = { by = "offset", size = 100 }              {offset}, likewise
    paging = { by = "cursor", next = "meta.cursor" }    {cursor}, left out of the first call
    paging = { by = "link", next = "links.next" }       the answer holds the next call's URL

Pages end where `total` records were given, where the entry says where the answer tells that number, and
otherwise at an empty page (`page`, `offset`) or at the last cursor or link.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urljoin

from adapters.kinds.entry import Entry
from adapters.kinds.fields import Fields, is_absent, steps_of
from adapters.port import AnswerInvalid, Cause, SchemaChanged

WAYS: Final = ("page", "offset", "cursor", "link")


@dataclass(frozen=True, slots=True)
class Paging:
    """How a service divides its answers.

    Attributes:
        by: one of `WAYS`; empty where it does not divide them.
        next: where the answer tells the cursor or the link.
    """

    by: str
    size: int
    first: int
    next: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page begins.

    Attributes:
        passed: records on the pages before.
        pages: pages before.
        link: path and query of the call, where the page before told them.
        seen: cursors or links that were followed.
    """

    passed: int = 0
    pages: int = 0
    cursor: str = ""
    link: str = ""
    seen: frozenset[str] = field(default_factory=frozenset)


def paging_of(entry: Entry) -> Paging:
    """Reads how answers are divided.

    Raises:
        ValueError: the entry says something that cannot be.
    """
    if not entry.names():
        return Paging("", 0, 0, ())
    by = entry.one_of("by", WAYS)
    numbered = by in {"page", "offset"}
    size = entry.number("size") if numbered else 0
    first = entry.number("first", 1) if by == "page" else 0
    following = () if numbered else steps_of(entry.text("next"), entry.place)
    entry.end()
    return Paging(by, size, first, following)


def total_in(document: Any, steps: tuple[str, ...], fields: Fields) -> int | None:
    """Reads how many records there are altogether.

    Raises:
        SchemaChanged: the answer does not say where the entry has it.
    """
    if not steps:
        return None
    told = fields.find(document, steps)
    if not isinstance(told, int) or isinstance(told, bool):
        raise SchemaChanged(Cause.FIELD_MISSING)
    return told


def after(
    paging: Paging, at: Position, document: Any, count: int, total: int | None, fields: Fields, url: str
) -> Position | None:
    """Tells where the page after this one begins, or nothing where this was the last.

    Args:
        paging: how answers are divided.
        at: where this page begins.
        document: this page.
        count: records on it.
        total: records altogether, where the answer tells.
        fields: how names are compared.
        url: where the register is; a link must lead there.

    Raises:
        AnswerInvalid: pages are missing, or lead in a circle or somewhere else.
    """
    here = replace(at, passed=at.passed + count, pages=at.pages + 1)
    if total is not None and here.passed >= total:
        if here.passed > total:
            raise AnswerInvalid(Cause.PARTIAL)  # records came and went between two pages
        return None
    following = _following(paging, here, document, count, fields, url)
    if following is None and total is not None:
        raise AnswerInvalid(Cause.PARTIAL)
    return following


def _following(
    paging: Paging, here: Position, document: Any, count: int, fields: Fields, url: str
) -> Position | None:
    if paging.by in {"", "page", "offset"}:
        return here if paging.by and count else None
    told = fields.find(document, paging.next)
    if told is None or is_absent(told) or told == "":  # 0 is no end but a mistake
        return None
    if not isinstance(told, str):
        raise SchemaChanged(Cause.FIELD_TYPE)
    if told in here.seen:
        raise AnswerInvalid(Cause.PARTIAL)
    seen = here.seen | {told}
    if paging.by == "cursor":
        return replace(here, cursor=told, seen=seen)
    return replace(here, link=_link(told, url), seen=seen)


def _link(told: str, url: str) -> str:
    """Gives the part of a link below the register's own URL.

    Raises:
        AnswerInvalid: it leads elsewhere, where the credentials must not go.
    """
    if not (told.isascii() and told.isprintable()) or " " in told or "#" in told:
        raise AnswerInvalid(Cause.FIELD_VALUE)
    link = urljoin(url + "/", told)
    rest = link.removeprefix(url)
    if rest == link or not rest.startswith(("/", "?")) or "/../" in f"{rest.partition('?')[0]}/":
        raise AnswerInvalid(Cause.FIELD_VALUE)
    return rest
