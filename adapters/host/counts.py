"""What became of the calls to a register, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """Counts since the start.

    Attributes:
        calls: questions put to the register, each about one subject or many.
        subjects: subjects that they were about.
        attempts: calls made of the adapter, repetitions included.
        kept: subjects answered from what was kept.
        failures: by reason code.
        seconds: time that the adapter took altogether.
    """

    calls: int = 0
    subjects: int = 0
    attempts: int = 0
    kept: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    seconds: float = 0
