"""What a replay finds that does not hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Problem(StrEnum):
    """What does not hold; the value is how it is told to programs."""

    ENTRY = "entry"  # missing, or no entry at all
    SEALED = "sealed"  # missing, altered, or not what the entry commits to
    INPUT = "input"  # no policy input, or one that contradicts the public part
    REVISION = "revision"  # not archived, altered, or broken
    OUTCOME = "outcome"
    GRANTED = "granted"
    VERSION = "legal_basis_version"
    REASONS = "reasons"
    OBLIGATIONS = "obligations"
    RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold. No personal data: names, codes and times only.

    Attributes:
        index: of the entry.
        request_id: that the entry is filed under; empty where it has none.
        problem: what kind of thing does not hold.
        recorded: what the log says.
        computed: what should stand there.
    """

    index: int
    request_id: str
    problem: Problem
    recorded: str
    computed: str
