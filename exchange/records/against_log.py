"""The own copy and one's receipts, held against the published log: entry by entry, both ways.

Every entry of the published log that concerns the authority must stand in the copy, every record of the copy
and every receipt must stand in the log at its index, and the log must extend what the copy was received from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from audit.errors import FormatError, VerificationError
from audit.formats import checkpoint, merkle, side
from audit.formats.checkpoint import Checkpoint
from audit.formats.compact_range import CompactRange
from audit.formats.merkle import leaf_hash, subtree
from audit.formats.note import NoteVerifier
from audit.formats.proof_file import ProofFile
from audit.formats.tiles import CHECKPOINT, TILE_HEIGHT, TILE_WIDTH, bundles_of, read_bundle
from audit.publishing.published import Published, read_tile
from audit.publishing.published_nodes import PublishedNodes
from audit.witness import fork_evidence
from exchange.records import own
from exchange.records.findings import Finding, Kind
from exchange.records.own import OwnCopy
from exchange.records.receipts import KeptReceipt
from exchange.records.store import OwnStore

Progress = Callable[[int, int], None]


@dataclass
class Compared:
    """What holding a copy against the published log came to.

    Attributes:
        log: the published checkpoint, where it could be read.
        concerning: entries of the log, below the copy's end, that concern the authority.
        newer: such entries that came after it.
        findings: what does not agree.
    """

    log: Checkpoint | None = None
    concerning: int = 0
    newer: int = 0
    findings: list[Finding] = field(default_factory=list)


def compare(
    store: OwnStore,
    copy: OwnCopy,
    receipts: Mapping[int, KeptReceipt],
    source: Published,
    log: NoteVerifier,
    progress: Progress,
) -> Compared:
    """Holds a copy and receipts against a published log.

    Args:
        store: the copy.
        copy: what it was found to be by itself.
        receipts: those of the own side, by index.
        source: the published log.
        log: its public key.
        progress: called with entries done and entries in all.

    Raises:
        Unreachable: the published log cannot be read.
        OwnCopyError: the copy cannot be read.
    """
    with closing(source):
        try:
            signed = (source.read(CHECKPOINT) or b"").decode()
            head = checkpoint.verify(signed, log)
        except (FormatError, VerificationError, UnicodeDecodeError) as error:
            problem = "is not text" if isinstance(error, UnicodeDecodeError) else str(error)
            return Compared(findings=[Finding(Kind.LOG_DAMAGED, CHECKPOINT, problem)])
        walk = _Walk(store, copy, receipts, source, _Head(head, signed))
        walk.run(progress)
        return Compared(head, walk.concerning, walk.newer, [*walk.findings, *_proved(walk, store, log)])


@dataclass(frozen=True, slots=True)
class _Head:
    tree: Checkpoint
    signed: str


class _Walk:
    """Goes through the published log once, and notes where it and what is held here do not agree."""

    def __init__(
        self,
        store: OwnStore,
        copy: OwnCopy,
        receipts: Mapping[int, KeptReceipt],
        source: Published,
        head: _Head,
    ) -> None:
        self._store = store
        self.copy = copy
        self.receipts = receipts
        self.head = head
        self.nodes = PublishedNodes(source, head.tree.size)
        self._source = source
        self._tree = CompactRange()
        self._fork: Finding | None = None
        self.concerning = self.newer = 0
        self.findings: list[Finding] = []
        self.holds = False  # until all entries were read and led to the signed root
        self.missing: dict[int, bytes] = {}
        self.differing: dict[int, bytes] = {}
        self.contradicted: dict[int, bytes] = {}

    def run(self, progress: Progress) -> None:
        size = self.head.tree.size
        for tile in bundles_of(size):
            try:
                leaves = read_bundle(read_tile(self._source, tile), tile.width)
                self._bundle(tile.first, leaves)
            except FormatError as error:
                # Without these entries nothing can be said of the tree, and little of what follows.
                self.findings.append(Finding(Kind.LOG_DAMAGED, tile.path, str(error), tile.first))
                return
            progress(tile.first + tile.width, size)
        self.holds = self._tree.root() == self.head.tree.root
        if self.holds and self._fork:
            self.findings.append(self._fork)
        if not self.holds:
            problem = "the published entries do not lead to the signed root: hjemmel log verify says where"
            self.findings.append(Finding(Kind.LOG_DAMAGED, CHECKPOINT, problem))

    def _bundle(self, first: int, leaves: list[bytes]) -> None:
        end = first + len(leaves)
        held = {e.index: e.leaf for e in self._store.entries(first, end)} if first < self.copy.end else {}
        for index, leaf in enumerate(leaves, first):
            self._entry(index, leaf, held.get(index))
        hashes = [leaf_hash(leaf) for leaf in leaves]
        mark = self.copy.last[0].size if self.copy.last else 0
        if len(leaves) == TILE_WIDTH and not first < mark < end:
            self._tree.add(TILE_HEIGHT, subtree(b"".join(hashes)))
            self._at(mark)
            return
        for hash_ in hashes:
            self._tree.add(0, hash_)
            self._at(mark)

    def _entry(self, index: int, leaf: bytes, mine: bytes | None) -> None:
        who = side.concerned(leaf)
        if who is None or self._store.authority in who:
            self.concerning += index < self.copy.end
            self.newer += index >= self.copy.end
            if mine is None and index < self.copy.end:
                self.missing[index] = leaf
        if mine not in {None, leaf}:
            self.differing[index] = leaf
        if index in self.receipts and self.receipts[index].leaf != leaf:
            self.contradicted[index] = leaf

    def _at(self, mark: int) -> None:
        """Where the copy's last checkpoint stood: the log must have had the same root there."""
        if self._tree.end != mark or self.copy.last is None or self._tree.root() == self.copy.last[0].root:
            return
        ours, theirs = self.copy.last[1], self.head
        try:
            proof = merkle.consistency_proof(mark, theirs.tree.size, self.nodes.read)
            found = fork_evidence.evidence(ours, theirs.signed, self._tree.root(), proof)
        except FormatError:  # its tiles are damaged as well
            found = fork_evidence.evidence(ours, theirs.signed)
        problem = f"the log signed another history of {mark} entries than it publishes"
        evidence = {"fork.evidence": found.text, "copy.checkpoint": ours, "log.checkpoint": theirs.signed}
        self._fork = Finding(Kind.FORKED, CHECKPOINT, problem, None, evidence)


def _proved(walk: _Walk, store: OwnStore, log: NoteVerifier) -> Iterator[Finding]:
    """Makes findings of entries that do not agree, each with the receipts that show it.

    Where the published log does not hold, only what its own tiles prove is held against anybody else.
    """
    for index, leaf in sorted({**walk.missing, **walk.differing, **walk.contradicted}.items()):
        place, evidence = f"entry {index}", _published(walk, index, leaf, log)
        if not evidence and not walk.holds:
            problem = "as it is published does not lead to the signed root"
            yield Finding(Kind.LOG_DAMAGED, place, problem, index)
            continue
        if index in walk.missing:
            problem = (
                f"concerns {store.authority}, and is missing from the copy, which goes to {walk.copy.end}"
            )
            yield Finding(Kind.NOT_IN_COPY, place, problem, index, evidence)
        if index in walk.differing:
            mine = own.prove(store, index, log)
            problem = "is another in the copy than in the published log; "
            problem += "the log signed both" if mine else "that of the copy is not what was received"
            both = {**evidence, f"{index}-in-the-copy.tlog-proof": mine.text} if mine else evidence
            yield Finding(Kind.NOT_IN_LOG if mine else Kind.COPY_DAMAGED, place, problem, index, both)
        if index in walk.contradicted:
            receipt = walk.receipts[index]
            problem = f"is another in the published log than the receipt {receipt.name} proves"
            both = {**evidence, f"{index}-receipt.tlog-proof": receipt.text}
            yield Finding(Kind.NOT_IN_LOG, place, problem, index, both)


def _published(walk: _Walk, index: int, leaf: bytes, log: NoteVerifier) -> dict[str, str]:
    """A receipt of an entry out of the published log, where its tiles lead to the signed root."""
    try:
        hashes = tuple(merkle.inclusion_proof(index, walk.head.tree.size, walk.nodes.read))
        proof = ProofFile(index, hashes, walk.head.signed, leaf)
        proof.verify(leaf, log)
    except (FormatError, VerificationError):
        return {}
    return {f"{index}-in-the-log.tlog-proof": proof.text}
