"""Which part of a log is meant: from an index or a date, to an index or a date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from audit.formats.entry import Entry, Event


class SpanError(ValueError):
    """The log has no such part; the message says what it has."""


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a span, itself in it: an index, or a day in UTC."""

    index: int | None = None
    day: str | None = None

    @classmethod
    def parse(cls, text: str) -> Bound:
        """Reads an index or a day (YYYY-MM-DD).

        Raises:
            SpanError: it is neither.
        """
        if re.fullmatch(r"[0-9]{1,18}", text):
            return cls(index=int(text))
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise SpanError("must be an index or a date such as 2026-11-21") from error
        if day.isoformat() != text:
            raise SpanError("must be an index or a date such as 2026-11-21")
        return cls(day=text)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a log.

    Attributes:
        first: the first index that is read.
        end: the index after the last one.
        since: the day before whose start no entry belongs to it; none where that is open.
        until: the day after whose end none does.
    """

    first: int
    end: int
    since: str | None = None
    until: str | None = None

    @classmethod
    def of(cls, size: int, first: Bound | None = None, last: Bound | None = None) -> Span:
        """Finds the span in a log of a size.

        Entries stand in the order in which they were recorded, which is nearly that of their times: an
        exchange that was interrupted stands where the broker began again. So days choose by the time
        of each entry, and every entry is looked at.

        Raises:
            SpanError: the log ends before the span begins, or the span ends before.
        """
        first, last = first or Bound(), last or Bound()
        begin = first.index or 0
        end = size if last.index is None else min(size, last.index + 1)
        if first.index is not None and first.index >= size:
            raise SpanError(f"the log has {size} entries: there is none at index {first.index}")
        ends = last.index is not None and last.index < begin
        if ends or (first.day and last.day and first.day > last.day):
            raise SpanError("the span ends before it begins")
        return cls(begin, end, first.day, last.day)

    def has(self, entry: Entry | Event) -> bool:
        """Tells whether an entry's time is within the days."""
        day = entry.time[:10]
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)

    def cut(self, length: int) -> list[tuple[int, int]]:
        """Cuts the indexes into ranges of a length: the first index of each, and the one after its last."""
        return [(begin, min(begin + length, self.end)) for begin in range(self.first, self.end, length)]
