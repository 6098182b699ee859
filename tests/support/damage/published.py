"""Mutations of an exported log, and what the verifiers say of each."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from audit.formats import checkpoint
from audit.formats.checkpoint import Checkpoint
from audit.formats.note import NoteVerifier
from audit.formats.tiles import (
    CHECKPOINT,
    ENTRIES,
    Tile,
    bundle_hashes,
    bundles_of,
    edge_of,
    parse_path,
    read_bundle,
    tiles_of,
    write_bundle,
)
from audit.publishing.published import Folder
from audit.verification.verify_tiles import verify_tiles
from tests.support.damage.files import same_to_lenient_readers, write
from tests.support.damage.verdict import Verdict
from tests.support.outside import accepts, fsck, go_verifier

Files = dict[str, bytes | None]  # by path; nothing for a file that is removed


@dataclass(frozen=True)
class Mutation:
    """A change of some files.

    Attributes:
        kind: what sort of change it is.
        what: which one it is, for people.
        files: what they hold after it.
        committed: whether it is to what a checkpoint commits to. What follows a tile's last hash is not,
            though ours finds it.
        placed: whether something is left to tell where it is. Where a partial bundle and its tile are both
            altered nothing is: only the root stands above them.
    """

    kind: str
    what: str
    files: Files
    committed: bool = True
    placed: bool = True


@dataclass(frozen=True)
class PublishedBench:
    """An exported log, an earlier export of it, and the verifiers."""

    folder: Path
    files: dict[str, bytes]
    before: dict[str, bytes]
    verifier: NoteVerifier
    known: Checkpoint
    go: Path

    @classmethod
    def of(cls, folder: Path, before: Path, verifier: NoteVerifier) -> PublishedBench:
        """Reads both exports; the later one's checkpoint is what was last verified."""
        (folder.parent / "known").write_bytes((folder / CHECKPOINT).read_bytes())
        (folder.parent / "vkey").write_text(verifier.vkey)
        known = checkpoint.verify((folder / CHECKPOINT).read_text(), verifier)
        return cls(folder, _read(folder), _read(before), verifier, known, go_verifier())

    def case(self, chosen: random.Random) -> Verdict:
        """Draws a mutation that changes something, and has it judged."""
        return self.judge(draw(self, chosen))

    def judge(self, mutation: Mutation) -> Verdict:
        """Does a mutation, asks the verifiers, and undoes it."""
        for path, data in mutation.files.items():
            write(self.folder / path, data)
        try:
            places = self._ours()
            return Verdict(
                mutation.kind,
                _where(mutation.files),
                mutation.what,
                bool(places),
                not places or places <= mutation.files.keys() | (set() if mutation.placed else {"tree"}),
                bool(fsck(self.folder, self.folder.parent / "vkey")),
                not accepts(self.go, "tiles", self.verifier.vkey, self.folder, self.folder.parent / "known"),
                mutation.committed and self._commits_to(mutation.files),
            )
        finally:
            for path in mutation.files:
                write(self.folder / path, self.files.get(path))

    def needed(self) -> list[str]:
        """Names the files that are needed at the last checkpoint."""
        size = self.known.size
        return [CHECKPOINT, *(tile.path for tile in (*tiles_of(size), *bundles_of(size)))]

    def _commits_to(self, files: Files) -> bool:
        """Whether one of them is needed at the last checkpoint: narrower partial tiles are not."""
        needed = self.needed()
        return any(path in needed and self.files.get(path) != data for path, data in files.items())

    def _ours(self) -> set[str]:
        """The places that are found in a whole verification, or in one that knows the last checkpoint."""
        whole = verify_tiles(Folder(self.folder), self.verifier)
        since = verify_tiles(Folder(self.folder), self.verifier, self.known)
        return {f.place for report in (whole, since) for f in report.findings}


def draw(bench: PublishedBench, chosen: random.Random) -> Mutation:
    """Draws a mutation that changes something."""
    while True:
        mutation = chosen.choice(_KINDS)(bench, chosen)
        if any(bench.files.get(path) != data for path, data in mutation.files.items()):
            return mutation


def _where(files: Files) -> str:
    """What sort of files they are."""
    kinds = {"/".join(path.split("/")[:2]) if path != CHECKPOINT else path for path in files}
    return kinds.pop() if len(kinds) == 1 else "several"


def _flip(bench: PublishedBench, chosen: random.Random) -> Mutation:
    path = chosen.choice(sorted(bench.files))
    data = bytearray(bench.files[path])
    at, bit = chosen.randrange(len(data)), chosen.randrange(8)
    data[at] ^= 1 << bit
    told = path != CHECKPOINT or not same_to_lenient_readers(bytes(data), bench.files[path])
    return Mutation("flip", f"bit {bit} of byte {at} of {path}", {path: bytes(data)}, committed=told)


def _overwrite(bench: PublishedBench, chosen: random.Random) -> Mutation:
    path = chosen.choice(sorted(bench.files))
    data = bench.files[path]
    at, length = chosen.randrange(len(data)), chosen.randrange(1, 64)
    put = chosen.choice([bytes(length), b"\xff" * length, chosen.randbytes(length)])
    changed = (data[:at] + put + data[at + length :])[: len(data)]
    return Mutation("overwrite", f"{length} bytes at {at} of {path}", {path: changed})


def _truncate(bench: PublishedBench, chosen: random.Random) -> Mutation:
    path = chosen.choice(sorted(bench.files))
    length = chosen.randrange(len(bench.files[path]))
    return Mutation("truncate", f"{path} to {length} bytes", {path: bench.files[path][:length]})


def _extend(bench: PublishedBench, chosen: random.Random) -> Mutation:
    path = chosen.choice(sorted(bench.files))
    more = chosen.randbytes(chosen.randrange(1, 100))
    changed = bench.files[path] + more
    return Mutation("extend", f"{path} by {len(more)} bytes", {path: changed}, committed=False)


def _delete(bench: PublishedBench, chosen: random.Random) -> Mutation:
    path = chosen.choice(bench.needed())  # a narrower tile may go
    return Mutation("delete", path, {path: None})


def _swap_files(bench: PublishedBench, chosen: random.Random) -> Mutation:
    one, other = chosen.sample(sorted(bench.files), 2)
    files: Files = {one: bench.files[other], other: bench.files[one]}
    placed = {one, other} != {tile.path for tile in _edge_pair(bench)}
    return Mutation("swap files", f"{one} and {other}", files, placed=placed)


def _swap_entries(bench: PublishedBench, chosen: random.Random) -> Mutation:
    path, entries = _bundle(bench, chosen)
    one, other = chosen.sample(range(len(entries)), 2)
    entries[one], entries[other] = entries[other], entries[one]
    return Mutation("swap entries", f"{one} and {other} of {path}", {path: write_bundle(entries)})


def _swap_hashes(bench: PublishedBench, chosen: random.Random) -> Mutation:
    path = chosen.choice([p for p, d in sorted(bench.files.items()) if _is_tile(p) and len(d) > 32])
    data = bytearray(bench.files[path])
    one, other = (32 * n for n in chosen.sample(range(len(data) // 32), 2))
    data[one : one + 32], data[other : other + 32] = data[other : other + 32], data[one : one + 32]
    return Mutation("swap hashes", f"{one // 32} and {other // 32} of {path}", {path: bytes(data)})


def _entry_and_hash(bench: PublishedBench, chosen: random.Random) -> Mutation:
    """An entry and the tile over it are altered alike."""
    path, entries = _bundle(bench, chosen)
    at = chosen.randrange(len(entries))
    entries[at] = chosen.choice([b"", entries[at] + b" ", entries[at][::-1]])
    bundle = parse_path(path)
    data = write_bundle(entries)
    tile = Tile(0, bundle.index, bundle.width)
    files: Files = {path: data, tile.path: bundle_hashes(data, len(entries))}
    return Mutation("entry and hash", f"entry {at} of {path}", files, placed=bundle.is_complete)


def _remove_entry(bench: PublishedBench, chosen: random.Random) -> Mutation:
    path, entries = _bundle(bench, chosen)
    at = chosen.randrange(len(entries))
    return Mutation("remove entry", f"{at} of {path}", {path: write_bundle(entries[:at] + entries[at + 1 :])})


def _roll_back(bench: PublishedBench, chosen: random.Random) -> Mutation:
    """The checkpoint is put back, or every file is."""
    files: Files = {CHECKPOINT: bench.before[CHECKPOINT]}
    if chosen.random() < 0.5:
        files = {path: bench.before.get(path) for path in bench.files.keys() | bench.before.keys()}
    return Mutation("roll back", f"{len(files)} files", files)


def _forge(bench: PublishedBench, chosen: random.Random) -> Mutation:
    """The checkpoint says another size or root under the old signature."""
    lines = bench.files[CHECKPOINT].decode().split("\n")
    if chosen.random() < 0.5:
        lines[1] = str(chosen.randrange(bench.known.size))
    else:
        lines[2] = bench.before[CHECKPOINT].decode().split("\n")[2]
    return Mutation("forge", f"checkpoint of {lines[1]}", {CHECKPOINT: "\n".join(lines).encode()})


_KINDS: tuple[Callable[[PublishedBench, random.Random], Mutation], ...] = (
    *(_flip, _flip, _flip, _overwrite, _truncate, _extend, _delete, _swap_files, _swap_entries),
    *(_swap_hashes, _entry_and_hash, _remove_entry, _roll_back, _forge),
)


def _bundle(bench: PublishedBench, chosen: random.Random) -> tuple[str, list[bytes]]:
    path = chosen.choice([p for p in sorted(bench.files) if p.startswith("tile/entries/")])
    return path, read_bundle(bench.files[path], parse_path(path).width)


def _edge_pair(bench: PublishedBench) -> tuple[Tile, Tile]:
    """The partial bundle and its tile."""
    tile = edge_of(bench.known.size)[0]
    return tile, replace(tile, level=ENTRIES)


def _is_tile(path: str) -> bool:
    return path.startswith("tile/") and not path.startswith("tile/entries/")


def _read(folder: Path) -> dict[str, bytes]:
    paths = [CHECKPOINT, *Folder(folder).paths()]
    return {path: (folder / path).read_bytes() for path in paths}
