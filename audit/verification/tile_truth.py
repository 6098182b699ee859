"""Which of a log's published files are at fault, judged from the signed root downwards.

Every hash of the tree is told twice: by the tile that holds it and by what lies below it. Where the two
differ, the one that leads to the signed root is right. So damage is told apart from what was damaged,
and each file is judged by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from itertools import product

from audit.formats.checkpoint import Checkpoint
from audit.formats.tiles import ENTRIES, TILE_WIDTH, Tile, cut, edge_of, root_of_edge
from audit.verification.findings import Finding
from audit.verification.tile_pairs import Pair, Run

_NOT_COMMITTED = "is not what the checkpoint commits to"


class Judge:
    """Judges the files of a log of which all below a tile of level 0 was read."""

    def __init__(
        self, tree: Checkpoint, first: int, pairs: Mapping[int, Pair], read: Callable[[Tile], Run]
    ) -> None:
        """Takes what the log committed to and what was read.

        Args:
            tree: the signed checkpoint.
            first: index of the first tile of level 0 that was read; those before it are not judged.
            pairs: what was read of level 0, by index.
            read: reads a tile of a higher level.
        """
        self._tree = tree
        self._begin = first * TILE_WIDTH
        self._pairs = pairs
        self._stored = cache(read)
        self._derived = cache(self._derive)
        self._findings: list[tuple[Tile, str]] = []
        self._known: dict[tuple[int, int], bytes] = {}
        self.leads_to_root = False  # until `run` has found it so

    def run(self) -> list[Finding]:
        """Gives what is wrong with which file, the earliest entry first."""
        edge = edge_of(self._tree.size)
        truth = self._edge_truth(edge)
        self.leads_to_root = truth is not None
        for level, tile in enumerate(edge):
            if tile.width:
                self._judge(tile, root_of_edge([truth[level]]) if truth is not None else None)
        ordered = sorted(self._findings, key=lambda found: (found[0].first, found[0]))
        found = [Finding(tile.path, problem) for tile, problem in ordered]
        if truth is None:
            found.append(Finding("tree", "neither the tiles nor the entries lead to the signed root"))
        return found

    def hashes(self, level: int, index: int) -> bytes | None:
        """Gives a tile that was proved to be the checkpoint's own, after `run`."""
        return self._known.get((level, index))

    def _edge_truth(self, edge: list[Tile]) -> tuple[bytes, ...] | None:
        """Chooses between what is told of each partial tile: what leads to the root is right."""
        told = [
            [run.hashes for run in self._told(tile) if run.root] if tile.width else [b""] for tile in edge
        ]
        return next((choice for choice in product(*told) if root_of_edge(choice) == self._tree.root), None)

    def _told(self, tile: Tile) -> tuple[Run, Run]:
        if tile.level:
            return self._stored(tile), self._derived(tile)
        pair = self._pairs[tile.index]
        return pair.tile, pair.bundle

    def _derive(self, tile: Tile) -> Run:
        """Makes a tile from those below; where these leave a choice, as it is stored."""
        stored = cut(self._stored(tile).hashes) or [b""] * tile.width
        hashes = []
        for below, kept in zip(self._below(tile), stored, strict=True):
            told = [run.root for run in self._told(below) if run.root] if below else []
            hashes.append(kept if kept in told or not told else told[-1])
        run = b"".join(hashes)
        return Run(root_of_edge([run]), run) if all(hashes) else Run(None)

    def _below(self, tile: Tile) -> list[Tile | None]:
        """Names the tiles under each hash of a tile, but those that were not read."""
        under = [Tile(tile.level - 1, tile.index * TILE_WIDTH + i) for i in range(tile.width)]
        return [t if t.end > self._begin else None for t in under]

    def _judge(self, tile: Tile, root: bytes | None) -> None:
        """Holds a tile, and what lies below it, to its true root, where that is known."""
        told = self._told(tile)
        right = next((run for run in told if root and run.root == root), None)
        names = (tile, Tile(ENTRIES, tile.index, tile.width)) if tile.level == 0 else (tile,)
        for name, run in zip(names, told, strict=False):
            other = (right or told[-1]).root
            if run.root is None or (other and run.root != other) or (root and not right):
                self._findings.append((name, self._problem(name, run, right)))
        if right:
            self._known[tile.level, tile.index] = right.hashes
        if tile.level:
            true = cut(right.hashes) if right else [None] * tile.width
            for below, hash_ in zip(self._below(tile), true, strict=True):
                if below:
                    self._judge(below, hash_)

    @staticmethod
    def _problem(tile: Tile, run: Run, right: Run | None) -> str:
        if run.problem:
            return run.problem
        if right is None:
            return f"{_NOT_COMMITTED}, or what lies above or beside it is not"
        both = zip(cut(run.hashes), cut(right.hashes), strict=True)
        wrong = [i for i, (ours, true) in enumerate(both) if ours != true]
        first = tile.index * TILE_WIDTH + wrong[0]
        what = f"entry {first}" if tile.level == ENTRIES else f"hash {wrong[0]}"
        more = f", nor are {len(wrong) - 1} more" if len(wrong) > 1 else ""
        return f"{what} {_NOT_COMMITTED}{more}"
