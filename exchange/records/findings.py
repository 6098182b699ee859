"""What holding an own copy against other things finds, each with evidence that a third party can check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong, and on whose side."""

    COPY_DAMAGED = "copy_damaged"  # the copy is not what was received
    NOT_IN_COPY = "not_in_copy"  # the log has a record of this side, the copy does not
    NOT_IN_LOG = "not_in_log"  # the copy or a receipt proves what the published log does not have
    FORKED = "forked"  # the log signed two histories
    LOG_DAMAGED = "log_damaged"  # the published log does not hold in itself
    RECEIPT_INVALID = "receipt_invalid"  # a receipt does not hold
    NOT_RECORDED = "not_recorded"  # the register was read, and no record says so


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        kind: what, and on whose side.
        place: where: an entry, a part, a file, a line.
        problem: in words.
        index: of the entry, where it is about one.
        evidence: files that prove it to whoever has the log's public key: content by name.
    """

    kind: Kind
    place: str
    problem: str
    index: int | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)
