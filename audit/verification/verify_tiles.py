"""Verifying a published log with its public key alone: every tile, every bundle, the root.

Needs no database and nothing of the log's operator but the key. What it says holds for the very bytes
that it read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from audit.errors import FormatError, LogError, VerificationError
from audit.formats import checkpoint
from audit.formats.checkpoint import Checkpoint
from audit.formats.merkle import HASH_SIZE
from audit.formats.note import NoteVerifier
from audit.formats.tiles import CHECKPOINT, TILE_WIDTH, Tile, edge_of, parse_path, root_of_edge
from audit.publishing.published import Published
from audit.verification.findings import Finding
from audit.verification.tile_pairs import read_pairs, read_run
from audit.verification.tile_truth import Judge

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class TilesReport:
    """What a verification found. The log holds when there is no finding.

    Attributes:
        checkpoint: what everything was held against, where it could be read.
        note: the signed note that it came in.
        since: the size that was verified before, up to which entries are not read again while all holds.
        entries: how many entries were read.
        findings: what does not hold, the first bad place first.
    """

    checkpoint: Checkpoint | None
    note: str
    since: int
    entries: int
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def verify_tiles(
    source: Published,
    verifier: NoteVerifier,
    since: Checkpoint | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> TilesReport:
    """Verifies a published log from its first entry to its checkpoint.

    Args:
        source: where it is read.
        verifier: the log's public key.
        since: a checkpoint that was verified before. What it commits to is not read again; that the log
            still extends it is proved.
        workers: how many processes; by default one a core, and none for a small log.
        progress: called with entries done and entries in all.

    Raises:
        Unreachable: the log cannot be read.
    """
    with closing(source):
        return _verify(source, verifier, since, workers, progress)


def _verify(
    source: Published,
    verifier: NoteVerifier,
    since: Checkpoint | None,
    workers: int | None,
    progress: Progress | None,
) -> TilesReport:
    old = since.size if since else 0
    data = source.read(CHECKPOINT)
    try:
        if data is None:
            raise FormatError("is missing")
        note = data.decode()
        tree = checkpoint.verify(note, verifier)
        if since:
            _check_not_rolled_back(since, tree)
    except (LogError, UnicodeDecodeError) as error:
        problem = "is not text" if isinstance(error, UnicodeDecodeError) else str(error)
        return TilesReport(None, "", old, 0, (Finding(CHECKPOINT, problem),))
    first = old // TILE_WIDTH
    while True:
        pairs = read_pairs(source, tree.size, first, workers, progress)
        judge = Judge(tree, first, pairs, lambda tile: read_run(source, tile))
        findings = judge.run()
        if judge.leads_to_root or not first:
            break
        first = 0  # what does not hold may lie before: all is read, to say where
    findings += _strays(source, judge, tree.size)
    if since and judge.leads_to_root and not _extends(source, judge, since):
        forked = f"does not extend what was verified at {old} entries: it was forked"
        findings.insert(0, Finding("tree", forked))
    return TilesReport(tree, note, old, tree.size - first * TILE_WIDTH, tuple(findings))


def _check_not_rolled_back(since: Checkpoint, tree: Checkpoint) -> None:
    if tree.size < since.size:
        raise VerificationError(f"was rolled back: {since.size} entries were verified, it has {tree.size}")
    if tree.size == since.size and tree.root != since.root:
        raise VerificationError(f"was forked: another root was verified at {since.size} entries")


def _extends(source: Published, judge: Judge, since: Checkpoint) -> bool:
    """Computes the root at the earlier size from tiles that lead to the present one."""
    edge = [_proved(source, judge, tile) if tile.width else b"" for tile in edge_of(since.size)]
    return root_of_edge([hashes or b"" for hashes in edge]) == since.root


def _proved(source: Published, judge: Judge, tile: Tile) -> bytes | None:
    """Gives hashes that lead to the signed root; nothing where they were not read or are not known."""
    hashes = judge.hashes(tile.level, tile.index)
    if hashes == b"":  # the tile was in order, and not kept
        hashes = read_run(source, tile.complete()).hashes
    return None if hashes is None else hashes[: tile.width * HASH_SIZE]


def _strays(source: Published, judge: Judge, size: int) -> Iterator[Finding]:
    """Finds files that are no part of the log. Those of a later checkpoint are still to come."""
    edge = edge_of(size)  # judged already
    for path in sorted(source.paths()):
        try:
            tile = parse_path(path)
        except FormatError as error:
            yield Finding(path, str(error))
            continue
        hashes = replace(tile, level=max(tile.level, 0))
        if tile.is_complete or not tile.is_in(size) or hashes in edge:
            continue
        # A partial tile of an earlier checkpoint is what the tile begins with now.
        proved = _proved(source, judge, hashes)
        if proved is not None and read_run(source, tile).hashes != proved:
            yield Finding(path, "is not what the tile that it became begins with")
