"""The bounds that hold for each register by itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a register's time, and how much of an answer, is too much.

    Attributes:
        max_records: most records about one subject.
        max_concurrent: most calls under way at once.
        attempts: how often a call is made at most, the first included.
        backoff: seconds before the second attempt at most; doubled before each further one.
        failures: calls failed in a row after which the register is left alone.
        pause: seconds that it is left alone for.
        timeout: seconds that a call may usually take. A caller with much less of them learns nothing of the
            register, and tells nothing of it.
    """

    max_records: int = 1000
    max_concurrent: int = 16
    attempts: int = 3
    backoff: float = 0.1
    failures: int = 10
    pause: float = 5
    timeout: float = 5
