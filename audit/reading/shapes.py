"""Reading many entries fast: what they have in common is read and checked once.

An entry's time, law date, request id and commitments are its own; all other bytes it shares with many
others. Cut those out, and what is left is its shape. A leaf of a known shape is read by looking at its own
values only.

That is as strict as reading the whole leaf. In JSON a string's bytes that need no escape may be exchanged
for others of that kind, and everything around them keeps its meaning. So it is enough to see once, for
each shape, that exactly these values stand where they are cut out: a probe with other values in their
places is read in full, and must say just those.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import NamedTuple

from audit.errors import FormatError
from audit.formats import entry
from audit.formats.entry import Entry, Event

_MOST = 10_000  # shapes that are remembered
_HEX, _DATE = 64, 10  # characters of a commitment, and of a date
_COMMITMENTS, _LAW_DATE, _REQUEST_ID = b'"commitments":{', b'"law_date":"', b'"request_id":'
_OWN = re.compile(rb'"request_id":(?:null|"([0-9a-f-]+)"),"time":"([0-9T:.Z+-]+)","v":1\}')
_PROBED_DATE, _PROBED_ID, _PROBED_TIME = "1970-01-02", "0-1", "1T2"


@dataclass(frozen=True, slots=True)
class Shape:
    """What entries have in common.

    Attributes:
        content: one of them, whose law date, request id and time are its own.
        outcome: of the exchange; of what is no exchange, its kind.
        names: what they commit to, in the order of the leaf.
    """

    content: Entry | Event
    outcome: str
    names: tuple[str, ...]


class Shaped(NamedTuple):
    """A leaf that was read: its shape, and what it has of its own."""

    shape: Shape
    law_date: str | None
    request_id: str | None
    time: str
    commitments: list[bytes]  # in hexadecimal, in the order of the names

    def content(self) -> Entry | Event:
        """The entry in full."""
        content = self.shape.content
        if isinstance(content, Event) or self.law_date is None:
            return replace(content, request_id=self.request_id, time=self.time)
        return replace(content, law_date=self.law_date, request_id=self.request_id, time=self.time)

    def named(self) -> dict[str, str]:
        """The commitments by name."""
        return dict(zip(self.shape.names, [c.decode() for c in self.commitments], strict=True))


class ShapeReader:
    """Reads leaves, and remembers their shapes."""

    def __init__(self) -> None:
        """Begins with no shapes."""
        self._shapes: dict[tuple[bytes, ...], Shape] = {}

    def read(self, leaf: bytes) -> Shaped:
        """Reads a leaf, as strictly as `entry.decode_any`.

        Raises:
            FormatError: it is not an entry of this version in canonical form.
        """
        begin = leaf.find(_COMMITMENTS) + len(_COMMITMENTS)
        end = leaf.find(b"}", begin)
        rest = leaf.rfind(_REQUEST_ID)
        own = _OWN.fullmatch(leaf, rest) if begin <= end <= rest else None
        if own is None:
            return _whole(leaf)
        found = leaf.find(_LAW_DATE, end, rest)
        date = rest if found < 0 else found + len(_LAW_DATE)
        after = date if found < 0 else date + _DATE
        names = leaf[begin:end].split(b'"')
        commitments = names[3::4]
        del names[3::4]
        if (
            {*map(len, commitments)} - {_HEX}
            or b"".join(commitments).translate(None, b"0123456789abcdef")
            or leaf[date:after].translate(None, b"0123456789-")
        ):
            return _whole(leaf)
        request_id, time = own.groups()
        identified = b"null" if request_id is None else b""
        around = (leaf[:begin], b'"'.join(names), leaf[end:date], leaf[after:rest], identified)
        shape = self._shapes.get(around)
        if shape is not None:
            law_date = None if found < 0 else leaf[date:after].decode()
            identity = None if request_id is None else request_id.decode()
            return Shaped(shape, law_date, identity, time.decode(), commitments)
        whole = _whole(leaf)
        if _tells_what_was_cut(whole, _probe(leaf, (begin, end, date, after, rest), request_id)):
            if len(self._shapes) >= _MOST:
                self._shapes.clear()
            self._shapes[around] = whole.shape
        return whole


def _whole(leaf: bytes) -> Shaped:
    content, commitments = entry.decode_any(leaf)
    outcome, law_date = (
        (content.outcome, content.law_date) if isinstance(content, Entry) else (content.kind, None)
    )
    shape = Shape(content, outcome, tuple(commitments))
    hexes = [commitment.encode() for commitment in commitments.values()]
    return Shaped(shape, law_date, content.request_id, content.time, hexes)


def _probe(leaf: bytes, places: tuple[int, int, int, int, int], request_id: bytes | None) -> bytes:
    """Puts other values where a leaf is cut."""
    begin, end, date, after, rest = places
    names = leaf[begin:end].split(b'"')
    names[3::4] = [b"%064x" % n for n in range(len(names[3::4]))]
    law_date = _PROBED_DATE.encode() if after > date else b""
    quoted = b"null" if request_id is None else b'"%b"' % _PROBED_ID.encode()
    own = b'"request_id":%b,"time":"%b","v":1}' % (quoted, _PROBED_TIME.encode())
    return leaf[:begin] + b'"'.join(names) + leaf[end:date] + law_date + leaf[after:rest] + own


def _tells_what_was_cut(whole: Shaped, probe: bytes) -> bool:
    """Tells whether a probe says just the other values, and all else as the leaf that it was made of."""
    expected = Shaped(
        whole.shape,
        None if whole.law_date is None else _PROBED_DATE,
        None if whole.request_id is None else _PROBED_ID,
        _PROBED_TIME,
        [b"%064x" % n for n in range(len(whole.commitments))],
    )
    try:
        told = _whole(probe)
    except FormatError:
        return False
    return (told.content(), told.shape.names, told.commitments) == (
        expected.content(),
        expected.shape.names,
        expected.commitments,
    )
