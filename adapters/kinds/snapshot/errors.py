"""Why a file is not taken over. What is served stays as it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class SnapshotError(ValueError):
    """A file cannot be loaded; the message names it, the place in it, and the cause, and quotes no row.

    Attributes:
        details: for programs.
    """

    def __init__(self, message: str, details: Mapping[str, Any] | None = None) -> None:
        """Takes a message that says what to do."""
        super().__init__(message)
        self.details = dict(details or {})


class RefusedRow(Exception):
    """One row cannot be taken over; the argument is the reason."""
