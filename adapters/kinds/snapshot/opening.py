"""Files as they are downloaded: plain, .gz, or .zip with one file in it."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

from adapters.kinds.snapshot.errors import SnapshotError

DAMAGED: Final = (OSError, EOFError, zlib.error, zipfile.BadZipFile)
_CHUNK: Final = 1 << 20
_BOM: Final = b"\xef\xbb\xbf"

Progress = Callable[[int, int], None]
"""Called with (compressed bytes read, bytes in all)."""


def digest_of(path: Path) -> str:
    """The SHA-256 of a file as it was downloaded, hex.

    Raises:
        SnapshotError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be read: {error.strerror}") from error


@contextmanager
def opened(path: Path, progress: Progress) -> Iterator[IO[bytes]]:
    """Opens what is in the file, without a byte order mark, and tells how far it was read.

    Raises:
        SnapshotError: a .zip with none or several files in it.
    """
    with path.open("rb") as raw:
        content = _unpacked(path, raw)
        with (
            content,
            io.BufferedReader(_Told(content, raw, path.stat().st_size, progress), _CHUNK) as buffered,
        ):
            if buffered.peek(len(_BOM))[: len(_BOM)] == _BOM:
                buffered.read(len(_BOM))
            yield cast("IO[bytes]", buffered)


def _unpacked(path: Path, raw: IO[bytes]) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    if path.suffix != ".zip":
        return raw
    packed = zipfile.ZipFile(raw)
    members = [m for m in packed.infolist() if not m.is_dir() and "metadata" not in m.filename.lower()]
    if len(members) != 1:
        raise SnapshotError(
            f"{path}: there must be one file in it, beside metadata, but there are {len(members)}"
        )
    return packed.open(members[0])


class _Told(io.RawIOBase):
    """A stream that tells its progress with every chunk."""

    def __init__(self, content: IO[bytes], raw: IO[bytes], total: int, progress: Progress) -> None:
        self._content, self._raw, self._total, self._progress = content, raw, total, progress

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # whatever holds bytes
        chunk = self._content.read(len(view))
        view[: len(chunk)] = chunk
        self._progress(min(self._raw.tell(), self._total), self._total)
        return len(chunk)
