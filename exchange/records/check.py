"""Holding an own copy against everything else that is known, each step by itself.

1  the copy in itself      every part that was received, from the first entry to the last checkpoint
2  receipts                each stands in the copy
3  the published log       nothing of one's side is missing on either side; one history
4  the access log          every read of one's register has a record
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from audit.formats.note import NoteVerifier
from audit.publishing.published import Published
from exchange.records import access_log, against_log, own, receipts
from exchange.records.against_log import Compared, Progress
from exchange.records.findings import Finding, Kind
from exchange.records.own import OwnCopy
from exchange.records.receipts import Receipts
from exchange.records.store import OwnCopyError, OwnStore


@dataclass(frozen=True, slots=True)
class Against:
    """What a copy is held against; what is not there is left out."""

    published: Published | None = None
    receipts: Path | None = None
    access_log: Path | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. All agrees when there is no finding.

    Attributes:
        authority: whose side it is.
        records: entries in the copy.
        copy: what the copy is by itself.
        compared: what holding it against the published log came to, where that was done.
        receipts: how many receipts hold.
        reads: how many reads the access log has.
        findings: all that does not agree.
    """

    authority: str
    records: int
    copy: OwnCopy
    compared: Compared | None
    receipts: int
    reads: int
    findings: tuple[Finding, ...]


def check(store: OwnStore, log: NoteVerifier, against: Against, progress: Progress) -> Report:
    """Holds a copy against itself and what else is given.

    Raises:
        OwnCopyError: it is the copy of another log, or cannot be read.
        FormatError: the access log has another form.
        Unreachable: the published log cannot be read.
        OSError: a file cannot be read.
    """
    if store.vkey != log.vkey:
        raise OwnCopyError(f"the copy is of another log: {store.vkey}")
    copy = own.verify(store, log)
    kept = receipts.read(against.receipts, store.authority, log) if against.receipts else Receipts({}, ())
    findings = [*copy.findings, *kept.findings, *_not_copied(store, copy, kept)]
    compared, reads = None, 0
    if against.published:
        compared = against_log.compare(store, copy, kept.by_index, against.published, log, progress)
        known = {f.index for f in findings if f.kind is Kind.NOT_IN_COPY}
        findings += [f for f in compared.findings if f.kind is not Kind.NOT_IN_COPY or f.index not in known]
    if against.access_log:
        reads, unrecorded = access_log.compare(store, copy, against.access_log)
        findings += unrecorded
    return Report(store.authority, store.count(), copy, compared, len(kept.by_index), reads, tuple(findings))


def _not_copied(store: OwnStore, copy: OwnCopy, kept: Receipts) -> list[Finding]:
    """Receipts of entries that the copy should have."""
    findings = []
    for index, receipt in sorted(kept.by_index.items()):
        if index >= copy.end:
            continue  # not followed so far yet
        held = store.entries(index, index + 1)
        if held and held[0].leaf == receipt.leaf:
            continue
        problem = f"the receipt {receipt.name} proves it, and the copy has "
        problem += "another there" if held else "nothing there"
        evidence = {f"{index}-receipt.tlog-proof": receipt.text}
        findings.append(Finding(Kind.NOT_IN_COPY, f"entry {index}", problem, index, evidence))
    return findings
