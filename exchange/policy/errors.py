"""The error of this package."""

from __future__ import annotations

import re
from typing import Self


class PolicyError(ValueError):
    """A policy set does not hold; the message names the file, where possible the line, and why.

    Attributes:
        problem: what is wrong, without the place.
        file: the file, where there is one.
        line: the line there, from 1.
    """

    def __init__(self, problem: str, file: object = None, line: int | None = None) -> None:
        """Takes what is wrong and where."""
        self.problem = problem
        self.file = None if file is None else str(file)
        self.line = line
        place = "" if file is None else f"{file}: " if line is None else f"{file}:{line}: "
        super().__init__(f"{place}{problem}")

    @classmethod
    def of(cls, error: ValueError) -> Self:
        """Takes an error whose message begins with its place, as this one's does."""
        placed = re.match(r"([^\s:]+\.(?:rego|json)):(?:(\d+):)? (.*)", str(error), re.DOTALL)
        if placed is None:
            return cls(str(error))
        return cls(placed[3], placed[1], int(placed[2]) if placed[2] else None)
