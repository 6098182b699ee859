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


TITLES = {
    Problem.ENTRY: "Entries missing or unreadable",
    Problem.SEALED: "Sealed parts altered or missing",
    Problem.INPUT: "Entries that contradict their policy input",
    Problem.REVISION: "Policy sets missing or altered",
    Problem.OUTCOME: "Outcomes that the policy did not lead to",
    Problem.GRANTED: "Attributes granted otherwise",
    Problem.VERSION: "Another version of the legal basis",
    Problem.REASONS: "Other reasons",
    Problem.OBLIGATIONS: "Other obligations",
    Problem.RELEASED: "Attributes released otherwise",
}


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
