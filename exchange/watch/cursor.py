"""How far a subscriber has come, in a text that it keeps and gives back: nothing of it is about a subject.

Nothing need be trusted in it either. Whoever writes another position learns about its own subjects what it
would learn by asking.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from exchange.errors import Refused

_FORM = re.compile(r"hjemmel-changes-1 (\S{1,64}) (\S{1,64}) ([0-9]{1,40}) ([0-9]{1,11})")


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a feed.

    Attributes:
        position: everything before it was told.
        time: since when at most there may be more.
    """

    position: int
    time: datetime


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the feed of one dataset, told by one kind of key."""

    dataset: str
    kind: str
    mark: Mark

    @property
    def text(self) -> str:
        """As the subscriber keeps it."""
        seconds = int(self.mark.time.timestamp())
        return f"hjemmel-changes-1 {self.dataset} {self.kind} {self.mark.position} {seconds}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Reads what a subscriber gave back.

        Raises:
            Refused: CURSOR_INVALID.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise Refused.because("CURSOR_INVALID")
        dataset, kind, position, seconds = found.groups()
        try:
            time = datetime.fromtimestamp(int(seconds), UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise Refused.because("CURSOR_INVALID") from error
        return cls(dataset, kind, Mark(int(position), time))
