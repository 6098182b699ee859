"""What a log is asked to write, and what it answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

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
    #: The leaf's hash of an intention that may have become durable although its caller was told nothing;
    #: where it stands open, it is closed.
    doubtful: bytes | None = None
    #: Where it was sent before, without an answer: the size of the log by then. It may stand beyond it.
    sent_at: int | None = None


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Record an intention as interrupted, where it is open: nobody will close it."""

    request_id: str


@dataclass(frozen=True, slots=True)
class Appended:
    """An entry that is durable: its index, its leaf, its proof, and what opens it."""

    index: int
    leaf: Leaf
    proof: ProofFile


Operation = Intend | Append | Interrupt
Result = Appended | LogError | None  # nothing to tell of an intention that is durable


class Desk(Protocol):
    """Where operations are handed in: the writer in this process, or another process that has it.

    Operations that are handed in one after another are written in this order.
    """

    @property
    def problem(self) -> str | None:
        """Why nothing is taken at present, or nothing where it is."""

    def submit(self, operation: Operation, timeout: float | None = None) -> asyncio.Future[Appended | None]:
        """Hands an operation over; the future is done when it is durable, or failed.

        An intention that was not written within its time (seconds) is not written any more. What closes
        one is always taken.

        Raises:
            LogBusy: too much is waiting, or has waited for as long as the caller would.
            LogStopped: nothing is taken at present.
        """


def claim(operation: Intend | Append) -> str | None:
    """The request id that an operation uses up, or closes."""
    submission = operation.submission
    return submission.entry.request_id if submission.claims_request_id else None


def closes(operation: Operation) -> bool:
    """Tells whether an operation ends what was begun: there must always be room for it."""
    return isinstance(operation, Interrupt) or (
        isinstance(operation, Append) and (operation.closes_intention or operation.doubtful is not None)
    )


def weight(operation: Operation) -> int:
    """About how many bytes an operation holds in memory."""
    if isinstance(operation, Interrupt):
        return 0
    return len(operation.leaf.data) + sum(map(len, operation.submission.values.values()))
