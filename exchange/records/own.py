"""The own copy, verified from its own content: every part, from the first entry to the last checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, field

from audit.errors import FormatError, LogError
from audit.formats import side
from audit.formats.checkpoint import Checkpoint
from audit.formats.compact_range import CompactRange
from audit.formats.note import NoteVerifier
from audit.formats.proof_file import ProofFile
from exchange.records.findings import Finding, Kind
from exchange.records.store import Kept, OwnStore


@dataclass
class OwnCopy:
    """What a copy was found to be.

    Attributes:
        end: index before which it says to be complete.
        tree: the compact range of [0, end), where the copy leads to one.
        last: the checkpoint that its last good part stands in, and the signed note of it.
        findings: what does not hold.
    """

    end: int = 0
    tree: CompactRange | None = field(default_factory=CompactRange)
    last: tuple[Checkpoint, str] | None = None
    findings: list[Finding] = field(default_factory=list)


def verify(store: OwnStore, log: NoteVerifier) -> OwnCopy:
    """Verifies a copy with the log's public key.

    A part that does not hold does not hide what follows it: the next one is verified from the hashes that
    were kept of it, which lead to a signed root only if they are right.

    Raises:
        OwnCopyError: the database failed, or what is kept has lost its form.
    """
    copy = OwnCopy()
    for kept in store.parts():
        _go_on(copy, kept, store.authority, log)
    for stray in store.entries(copy.end):
        problem = "stands in the copy beyond what was received"
        copy.findings.append(Finding(Kind.COPY_DAMAGED, f"entry {stray.index}", problem, stray.index))
    return copy


def prove(store: OwnStore, index: int, log: NoteVerifier) -> ProofFile | None:
    """Makes a receipt for an entry of the copy, where what is kept of it leads to a checkpoint.

    Raises:
        OwnCopyError: the database failed.
    """
    found = store.part_of(index)
    if found is None:
        return None
    part, position = found
    try:
        held = CompactRange(0, position.end, position.hashes)
        side.verify(part, held, store.authority, log)
    except LogError:
        return None
    return side.prove(part, held, index)


def _go_on(copy: OwnCopy, kept: Kept, authority: str, log: NoteVerifier) -> None:
    part, grown, problem = kept.part, None, ""
    if part.first != copy.end:
        problem = f"what was received for the entries [{copy.end}, {part.first}) is not there"
    elif copy.tree is None:
        problem = "cannot be verified: what was kept of the part before it is damaged"
    else:
        try:
            grown, head = side.verify(part, copy.tree, authority, log)
            copy.last = head, part.signed_checkpoint
        except LogError as error:
            problem = str(error)
    if grown is not None and grown.hashes != kept.held:
        problem = "does not lead to the hashes that are kept of it"
    if problem:
        place = f"part [{part.first}, {part.end})"
        copy.findings.append(Finding(Kind.COPY_DAMAGED, place, problem, part.first))
    copy.end, copy.tree = part.end, grown or _stored(kept)


def _stored(kept: Kept) -> CompactRange | None:
    try:
        return CompactRange(0, kept.part.end, kept.held)
    except FormatError:
        return None
