"""Entries: what becomes public of an exchange, and what is sealed beside it.

The public part is the leaf of the tree: canonical JSON without personal data. Whatever identifies a
person stands in it as a commitment only; the values and the keys that open the commitments are sealed
in the vault, where they can be erased without breaking a proof.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

from audit.errors import FormatError
from audit.formats import canonical
from audit.formats.commitment import commit, fresh_openings

VERSION = 1
MAX_ENTRY = 65_535  # tlog-tiles: an entry's length is a big-endian uint16

#: The values that an entry commits to.
COMMITTED = ("subject", "caseworker", "case", "request", "policy_input", "response")


#: What an obligation did that a second person has to look at.
REVIEW = "review"

#: Kinds of entries about the exchange itself.
POLICY_CHANGED = "policy_changed"
ERASED = "erased"
PERIOD_CLOSED = "period_closed"
DISCLOSED = "disclosed"
QUERIED = "queried"
EVENT_KINDS = frozenset({POLICY_CHANGED, ERASED, PERIOD_CLOSED, DISCLOSED, QUERIED})


@dataclass(frozen=True, slots=True)
class AppliedObligation:
    """What an obligation did.

    Attributes:
        id: its name in the policies.
        fact: what it asked of the subject; empty where it asked nothing.
        effect: `withheld`, `not_applicable`, `indicated` or `review`.
    """

    id: str
    fact: str
    effect: str


@dataclass(frozen=True, slots=True)
class Entry:
    """The public part of one record. Times are RFC 3339 in UTC; CVR numbers name authorities."""

    kind: str  # exchange or dry_run
    time: str
    request_id: str | None  # absent where no signature vouches for one
    caller: str  # CVR of the certificate that connected
    consumer: str
    provider: str
    processor: str | None
    dataset: str
    attributes_asked: tuple[str, ...]
    attributes_granted: tuple[str, ...]
    attributes_released: tuple[str, ...]
    purpose: str
    legal_basis: str
    legal_basis_version: str
    law_date: str
    agreement: str
    outcome: str  # granted, refused, failed or interrupted
    reasons: tuple[str, ...]
    obligations: tuple[AppliedObligation, ...]
    policy_revision: str

    def parties(self) -> frozenset[str]:
        """The authorities whose side of the log this entry is on."""
        return frozenset({self.caller, self.consumer, self.provider, self.processor or ""} - {""})

    def askers(self) -> frozenset[str]:
        """The authorities that asked, and know the sealed values anyway."""
        return frozenset({self.caller, self.consumer} - {""})

    @property
    def needs_review(self) -> bool:
        """Whether a second person has to look at it."""
        return self.outcome == "granted" and any(o.effect == REVIEW for o in self.obligations)


@dataclass(frozen=True, slots=True)
class Event:
    """The public part of a record about the exchange itself, e.g. a change of policy.

    Attributes:
        kind: one of `EVENT_KINDS`.
        time: RFC 3339 in UTC.
        request_id: of the signed request behind it; absent where there was none.
        caller: CVR of the authority that caused it; empty for the operator.
        details: what happened, by name.
    """

    kind: str
    time: str
    request_id: str | None
    caller: str
    details: Mapping[str, str]
    needs_review = False

    def parties(self) -> frozenset[str]:
        """The authorities whose side of the log this entry is on."""
        return frozenset({self.caller} - {""})

    askers = parties


@dataclass(frozen=True, slots=True)
class Submission:
    """What the log is asked to keep: the public part, and the values to commit to and to seal.

    Attributes:
        subject: names the key under which the values are sealed; erasing that key erases them.
        values: by name, a subset of `COMMITTED`.
        claims_request_id: whether this is the one use of the entry's request id.
    """

    entry: Entry | Event
    subject: bytes
    values: Mapping[str, bytes]
    claims_request_id: bool


@dataclass(frozen=True, slots=True)
class Leaf:
    """A submission made final: the leaf's bytes, what opens its commitments, and the commitments.

    The commitments are not told where the leaf came from another process.
    """

    data: bytes
    openings: Mapping[str, bytes]
    commitments: Mapping[str, str] = field(default_factory=dict)


def commit_to(submission: Submission, intended: tuple[Submission, Leaf] | None = None) -> Leaf:
    """Draws the openings of a submission and writes its leaf.

    Args:
        submission: the entry, and the values that it commits to.
        intended: the intention of the same request, where there is one. What it commits to stays committed
            to as it was: only one of the two ever stands in the log.

    Raises:
        FormatError: a value is named that entries do not commit to, or the entry is too large.
    """
    unknown = submission.values.keys() - set(COMMITTED)
    if unknown:
        raise FormatError(f"an entry does not commit to {', '.join(sorted(unknown))}")
    values = submission.values
    openings: dict[str, bytes] = {}
    commitments: dict[str, str] = {}
    if intended is not None:
        earlier, leaf = intended
        for name in leaf.commitments:
            if values.get(name) == earlier.values[name]:
                openings[name], commitments[name] = leaf.openings[name], leaf.commitments[name]
    openings |= fresh_openings([name for name in values if name not in openings])
    commitments |= {n: commit(openings[n], n, value) for n, value in values.items() if n not in commitments}
    data = encode(submission.entry, commitments)
    if len(data) > MAX_ENTRY:
        raise FormatError(f"an entry holds at most {MAX_ENTRY} bytes")
    return Leaf(data, openings, commitments)


def encode(entry: Entry | Event, commitments: Mapping[str, str]) -> bytes:
    """Writes the leaf of an entry: canonical JSON (RFC 8785)."""
    document: dict[str, Any]
    if isinstance(entry, Entry):
        document = dict(zip(ENTRY_FIELDS, _entry_values(entry), strict=True))
        document["obligations"] = [
            {"id": o.id, "fact": o.fact, "effect": o.effect} for o in entry.obligations
        ]
    else:
        document = dict(zip(EVENT_FIELDS, _event_values(entry), strict=True))
        document["details"] = dict(entry.details)
    document["v"] = VERSION
    document["commitments"] = dict(commitments)
    return canonical.encode(document)


def decode(data: bytes) -> tuple[Entry, dict[str, str]]:
    """Reads the leaf of an exchange: the entry and its commitments.

    Raises:
        FormatError: it is not an entry of this version in canonical form, or not one of an exchange.
    """
    entry, commitments = decode_any(data)
    if not isinstance(entry, Entry):
        raise FormatError(f"the entry is of no exchange: {entry.kind}")
    return entry, commitments


def decode_any(data: bytes) -> tuple[Entry | Event, dict[str, str]]:
    """Reads a leaf: the entry of whatever kind, and its commitments.

    Raises:
        FormatError: it is not an entry of this version in canonical form.
    """
    document = canonical.decode(data)
    version = document.pop("v", None) if isinstance(document, dict) else None
    if type(version) is not int or version != VERSION:
        raise FormatError(f"not an entry of version {VERSION}")
    commitments = document.pop("commitments", None)
    declared = _fields_of(document.get("kind"))
    if document.keys() != declared.keys() or not isinstance(commitments, dict):
        raise FormatError("an entry has exactly the fields of its version")
    if not all(_is(declared[name], value) for name, value in document.items()):
        raise FormatError("a field of the entry has the wrong shape")
    if not all(n in COMMITTED and _is_commitment(c) for n, c in commitments.items()):
        raise FormatError("a commitment of the entry has an unknown name or the wrong shape")
    if declared is EVENT_FIELDS:
        return Event(**document), commitments
    document["obligations"] = [AppliedObligation(**o) for o in document["obligations"]]
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in document.items()}
    return Entry(**values), commitments


def _is(declared: str, value: Any) -> bool:
    """Tells whether a JSON value has the type that a field of `Entry` is declared with."""
    match declared:
        case "str":
            return isinstance(value, str)
        case "str | None":
            return value is None or isinstance(value, str)
        case "tuple[str, ...]":
            return isinstance(value, list) and all(isinstance(v, str) for v in value)
        case "Mapping[str, str]":
            return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
        case "tuple[AppliedObligation, ...]":
            return isinstance(value, list) and all(_is_obligation(v) for v in value)
        case _:
            raise AssertionError(f"a field is declared with a type that is not read: {declared}")


def _is_obligation(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"id", "fact", "effect"}
        and all(isinstance(v, str) for v in value.values())
    )


def _is_commitment(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


#: The fields of entries and the types they are declared with: annotations are text in this module.
ENTRY_FIELDS = {f.name: str(f.type) for f in fields(Entry)}
EVENT_FIELDS = {f.name: str(f.type) for f in fields(Event)}
_entry_values = attrgetter(*ENTRY_FIELDS)
_event_values = attrgetter(*EVENT_FIELDS)


def _fields_of(kind: Any) -> dict[str, str]:
    return EVENT_FIELDS if isinstance(kind, str) and kind in EVENT_KINDS else ENTRY_FIELDS
