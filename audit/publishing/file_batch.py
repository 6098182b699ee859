"""Writing many files durably: each appears whole or not at all, and waiting for the disk is shared.

A file is written aside, brought to the disk, and then given its name. After `flush` all that was written
before it survives a power cut; nothing that is written after it can be there without it.
"""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

_ASIDE = ".new"
_AT_ONCE = 256  # files in a batch
_SYNCING = 16  # that wait for the disk at once: one after another takes ten times as long


class FileBatch:
    """Writes files under a folder. Use as a context manager; one at a time in a folder."""

    def __init__(self, folder: Path) -> None:
        """Takes the folder, which exists."""
        self._folder = folder
        self._aside = folder / _ASIDE
        self._pool = ThreadPoolExecutor(_SYNCING)
        self._waiting: list[tuple[Path, bytes]] = []
        self.files = 0
        self.size = 0

    def __enter__(self) -> Self:
        """Removes what a process that was killed left aside."""
        shutil.rmtree(self._aside, ignore_errors=True)
        self._aside.mkdir()
        return self

    def __exit__(self, *_: object) -> None:
        """Lets go; what was not flushed is not written."""
        self._pool.shutdown()
        shutil.rmtree(self._aside, ignore_errors=True)

    def write(self, path: str, data: bytes) -> None:
        """Writes a file, or replaces it, now or at the next `flush`.

        Raises:
            OSError: the disk is full, or something like it.
        """
        self._waiting.append((self._folder / path, data))
        self.files += 1
        self.size += len(data)
        if len(self._waiting) == _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Makes all that was written durable.

        Raises:
            OSError: the disk is full, or something like it.
        """
        aside = [self._aside / str(number) for number in range(len(self._waiting))]
        list(self._pool.map(_write, aside, [data for _, data in self._waiting]))
        folders: set[Path] = set()
        for new, (path, _) in zip(aside, self._waiting, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            new.replace(path)
            folders.update(p for p in path.parents if p.is_relative_to(self._folder))
        list(self._pool.map(_sync, sorted(folders, reverse=True)))  # names, from the innermost outwards
        self._waiting.clear()


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
