"""Exporting a log to a folder: the files of c2sp.org/tlog-tiles, for anyone to copy and to verify.

Tiles and bundles come first and the checkpoint last, so that whatever the checkpoint commits to is
there. What a kill or a power cut leaves behind, at each point:

    before the checkpoint      files that no checkpoint commits to yet; they are written again
    after the checkpoint       the whole export

Everything is derived from the entries and held to the signed root before the checkpoint is written: a
log that was tampered with is not published over one that was not.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from audit.errors import LogError, VerificationError
from audit.formats import checkpoint
from audit.formats.checkpoint import Checkpoint
from audit.formats.merkle import EMPTY_ROOT
from audit.formats.note import NoteVerifier
from audit.formats.tiles import (
    CHECKPOINT,
    ENTRIES,
    TILE_WIDTH,
    Tile,
    TileTree,
    bundle_hashes,
    root_of_edge,
    write_bundle,
)
from audit.publishing.file_batch import FileBatch
from audit.storage import database
from audit.storage.tile_source import TileSource, bundles, signed_head

VKEY = "log.vkey"
_LOCK = ".exporting"
_LOOK = "run hjemmel log verify"
Progress = Callable[[int, int], None]


class ExportError(LogError):
    """A log cannot be exported to a folder; the message says why."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was exported.

    Attributes:
        checkpoint: what the folder stands at now.
        since: the size that it stood at before.
        files: how many files were written.
        size: their bytes.
    """

    checkpoint: Checkpoint
    since: int
    files: int
    size: int


def export(
    engine: sa.Engine, verifier: NoteVerifier, folder: Path, progress: Progress | None = None
) -> Exported:
    """Brings a folder to the log's newest checkpoint; writes what it does not have yet.

    Args:
        engine: the log's database.
        verifier: the log's public key.
        folder: made where it is missing.
        progress: called with entries done and entries in all.

    Raises:
        ExportError: the folder holds another log or a later state, or somebody exports to it already.
        FormatError, VerificationError: the log itself does not hold.
        NotFound: the log was never opened for writing.
        OSError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder), FileBatch(folder) as files, database.snapshot(engine) as connection:
        head = signed_head(connection, verifier)
        old = _standing(folder, verifier)
        tree = _grown_from(connection, old, head.tree)
        complete = []
        for tile, data in _new_files(connection, tree, old.size, head.tree.size):
            files.write(tile.path, data)
            if tile.is_complete:
                complete.append(tile)
            if progress and tile.level == ENTRIES:
                progress(tile.first + tile.width, head.tree.size)
        if tree.root() != head.tree.root:
            raise VerificationError(f"the entries do not lead to the signed checkpoint: {_LOOK}")
        files.write(VKEY, verifier.vkey.encode() + b"\n")
        files.flush()
        _remove_partial(folder, complete)
        files.write(CHECKPOINT, head.note.encode())
        files.flush()
    return Exported(head.tree, old.size, files.files, files.size)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps a second export away for as long as this process lives."""
    with (folder / _LOCK).open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ExportError(f"another process exports to {folder}") from error
        yield


def _standing(folder: Path, verifier: NoteVerifier) -> Checkpoint:
    """The checkpoint that a folder stands at."""
    path = folder / CHECKPOINT
    if not path.exists():
        return Checkpoint(verifier.name, 0, EMPTY_ROOT)
    try:
        return checkpoint.verify(path.read_text("utf-8"), verifier)
    except (LogError, UnicodeDecodeError) as error:
        raise ExportError(f"{path} is no checkpoint of this log ({error}): export elsewhere") from error


def _grown_from(connection: sa.Connection, old: Checkpoint, new: Checkpoint) -> TileTree:
    """Gives the tree that the folder holds in complete tiles, once it is a beginning of the log's."""
    if old.size > new.size:
        raise ExportError(
            f"the folder stands at {old.size} entries and the log at {new.size}: the log was put back"
        )
    edge = TileSource(connection, old.size).edge()
    if root_of_edge(edge) != old.root:
        raise ExportError(f"the log does not extend what the folder holds: {_LOOK}")
    return TileTree(old.size - old.size % TILE_WIDTH, [b"", *edge[1:]])


def _new_files(connection: sa.Connection, tree: TileTree, old: int, new: int) -> Iterator[tuple[Tile, bytes]]:
    """Grows a tree to a new size; gives the bundles and tiles that it did not have at the old one."""
    for bundle in bundles(connection, new, old):
        data = write_bundle(bundle)
        named = Tile(ENTRIES, tree.size // TILE_WIDTH, len(bundle))
        if not named.is_in(old):
            yield named, data
        yield from tree.add(bundle_hashes(data, len(bundle)))
    for tile, hashes in tree.edge():
        if not tile.is_in(old):
            yield tile, hashes


def _remove_partial(folder: Path, complete: list[Tile]) -> None:
    """Removes the partial tiles of which the complete ones are there now, as tlog-tiles allows.

    Those that are merely narrower stay: somebody may be reading at an earlier checkpoint.
    """
    for tile in complete:
        shutil.rmtree(folder / f"{tile.path}.p", ignore_errors=True)
