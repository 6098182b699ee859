"""Retrying what is safe: a call that the broker never answered, with the same signed request.

The request id is used once at most, so that a repetition can neither release nor record twice. Where
the first attempt did reach the broker, the repetition is told so.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

_PAUSES = (0.1, 0.4, 1.6)  # seconds before each repetition


@dataclass(slots=True)
class Attempts:
    """How often a call was tried."""

    tried: int = 0
    pauses: tuple[float, ...] = field(default=_PAUSES)

    def next_pause(self) -> float | None:
        """Gives how long to wait (seconds) before the next repetition, or nothing to give up."""
        if self.tried >= len(self.pauses):
            return None
        pause = self.pauses[self.tried] * random.uniform(0.5, 1.0)  # noqa: S311  # spreads load, guards nothing
        self.tried += 1
        return pause

    @staticmethod
    def lost_answer(request_id: str) -> str:
        """Says what it means when a repetition is told that its request id is used."""
        return (
            f"the connection broke after the broker had recorded request {request_id}, and its answer "
            "was lost: fetch its receipt, and ask anew if the data is still needed"
        )
