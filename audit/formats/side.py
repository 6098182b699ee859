"""One authority's side of a log: its own entries, and of all others the hashes only.

A side comes in parts. Each begins where the last one ended and brings the entries that concern the
authority in [first, end), the hashes of what lies between them, the hashes of what follows up to a signed
checkpoint, and that checkpoint. Whoever holds the compact range of [0, first) can compute the root:

    [0, first)     held since the last part         own      the entries' own hashes
    others         the gaps between own entries     later    [end, size of the checkpoint)

If it is the signed one, then every entry stands at its index, nothing between them was altered, and the log
still extends what it was when the last part came. What this does not prove is that no entry among the others
concerns the authority: that is the sender's word, which the published log confirms or refutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from audit.errors import FormatError, VerificationError
from audit.formats import checkpoint, entry, merkle, note
from audit.formats.checkpoint import Checkpoint
from audit.formats.compact_range import CompactRange, count
from audit.formats.entry import EVENT_KINDS, QUERIED, Entry, Event
from audit.formats.merkle import complete_subtrees, leaf_hash, node_hash
from audit.formats.note import NoteVerifier
from audit.formats.proof_file import ProofFile

_PARTIES = ("caller", "consumer", "provider", "processor")


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """An entry that concerns the authority: its index in the log, and its leaf."""

    index: int
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """What one authority's side has in [first, end) of the log.

    Attributes:
        first: index at which the part begins.
        end: index before which it ends.
        own: the entries that concern the authority, by index.
        others: hashes of the complete subtrees that cover each gap between them, left to right.
        later: likewise of what follows, up to the checkpoint's size.
        signed_checkpoint: the tree that all of it stands in.
    """

    first: int
    end: int
    own: tuple[OwnEntry, ...]
    others: tuple[bytes, ...]
    later: tuple[bytes, ...]
    signed_checkpoint: str


def concerns(content: Entry | Event, authority: str) -> bool:
    """Tells whether an entry is on an authority's side.

    Those of exchanges are on the side of whoever took part, and an authority's look into the log is on its
    own. Those about the exchange itself, erasures and changes of policy, are on everybody's, and so are an
    auditor's looks: they hold nobody's data, and which records an erasure covers is not told in it, so that
    nobody could be left out by it either.
    """
    of_everybody = isinstance(content, Event) and not (content.kind == QUERIED and content.caller)
    return of_everybody or authority in content.parties()


def concerned(leaf: bytes) -> frozenset[str] | None:
    """Tells the same of a leaf that was recorded here: who is concerned, or nothing for everybody.

    Reads no more than it needs, for whoever goes through a whole log.

    Raises:
        FormatError: it is no entry.
    """
    try:
        document: dict[str, Any] = orjson.loads(leaf)
        if document["kind"] in EVENT_KINDS:
            return frozenset({document["caller"]}) if _is_own_look(document) else None
        return frozenset(document[name] for name in _PARTIES) - {"", None}
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise FormatError("an entry of the log cannot be read: run hjemmel log verify") from error


def _is_own_look(document: dict[str, Any]) -> bool:
    return document["kind"] == QUERIED and bool(document["caller"])


def verify(
    part: Part, held: CompactRange, authority: str, log: NoteVerifier
) -> tuple[CompactRange, Checkpoint]:
    """Checks a part against what was held before it, and the log's key.

    Args:
        part: what came.
        held: the compact range of [0, part.first), from the part before.
        authority: whose side it is.
        log: the log's public key.

    Returns:
        The compact range of [0, part.end), and the checkpoint.

    Raises:
        FormatError: it does not hold together, or is of another log.
        VerificationError: it does not go on where the last part ended, holds what is not the authority's, or
            does not lead to the signed root.
    """
    signed = checkpoint.verify(part.signed_checkpoint, log)
    if part.first != held.end:
        raise VerificationError(f"the part begins at {part.first}, and the last one ended at {held.end}")
    if not part.first <= part.end <= signed.size:
        raise VerificationError(f"the part ends at {part.end}, not between {part.first} and {signed.size}")
    grown = _put_together(part, held.copy(), authority)
    whole = grown.copy()
    whole.extend(signed.size, part.later)
    if whole.root() != signed.root:
        raise VerificationError(
            f"the part [{part.first}, {part.end}) does not lead to the root that is signed for {signed.size}"
        )
    return grown, signed


def prove(part: Part, held: CompactRange, index: int) -> ProofFile:
    """Makes a receipt for an own entry out of a part that holds: anyone can check it with the log's key.

    Args:
        part: that the entry came in.
        held: the compact range of [0, part.first).
        index: of the entry.
    """
    nodes = _Nodes(part, held)
    size = checkpoint.parse(note.parse(part.signed_checkpoint).text).size
    leaf = next(own.leaf for own in part.own if own.index == index)
    proof = tuple(merkle.inclusion_proof(index, size, nodes.read))
    return ProofFile(index, proof, part.signed_checkpoint, leaf)


class _Nodes:
    """The nodes of a tree as far as a part tells them: all that the paths of its own entries pass by."""

    def __init__(self, part: Part, held: CompactRange) -> None:
        size = checkpoint.parse(note.parse(part.signed_checkpoint).text).size
        self._known = dict(zip(complete_subtrees(0, held.end), held.hashes, strict=True))
        at, begin = 0, part.first
        for own in part.own:
            at = self._cover(begin, own.index, part.others, at)
            self._known[0, own.index] = leaf_hash(own.leaf)
            begin = own.index + 1
        self._cover(begin, part.end, part.others, at)
        self._cover(part.end, size, part.later, 0)

    def read(self, level: int, index: int) -> bytes:
        """Gives a node; see `merkle.NodeReader`."""
        if (level, index) not in self._known:
            below = (self.read(level - 1, 2 * index), self.read(level - 1, 2 * index + 1))
            self._known[level, index] = node_hash(*below)
        return self._known[level, index]

    def _cover(self, begin: int, end: int, hashes: tuple[bytes, ...], at: int) -> int:
        nodes = complete_subtrees(begin, end)
        self._known.update(zip(nodes, hashes[at:], strict=False))
        return at + len(nodes)


def _put_together(part: Part, tree: CompactRange, authority: str) -> CompactRange:
    at = 0
    for own in part.own:
        if not tree.end <= own.index < part.end:
            raise VerificationError(
                f"entry {own.index} is out of order, or not in [{part.first}, {part.end})"
            )
        if not concerns(entry.decode_any(own.leaf)[0], authority):
            raise VerificationError(f"entry {own.index} is not on the side of {authority}")
        gap = count(tree.end, own.index)
        tree.extend(own.index, part.others[at : at + gap])
        at += gap
        tree.add(0, leaf_hash(own.leaf))
    tree.extend(part.end, part.others[at:])
    return tree
