"""What a log is asked to write, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

from audit.errors import LogError
from audit.formats.entry import Leaf, Submission
from audit.formats.proof_file import ProofFile


@dataclass(frozen=True, slots=True)
class Intend:
    """Note that a register is about to be read."""

    submission: Submission
    leaf: Leaf


@dataclass(frozen=True, slots=True)
class Append:
    """Append an entry, and close the intention of its request id where there should be one."""

    submission: Submission
    leaf: Leaf
    closes_intention: bool


@dataclass(frozen=True, slots=True)
class Appended:
    """An entry that is durable: its index, its leaf, its proof, and what opens it."""

    index: int
    leaf: Leaf
    proof: ProofFile


Operation = Intend | Append
Result = Appended | LogError | None  # nothing to tell of an intention that is durable


def claim(operation: Operation) -> str | None:
    """The request id that an operation uses up, or closes."""
    submission = operation.submission
    return submission.entry.request_id if submission.claims_request_id else None
