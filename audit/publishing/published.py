"""Where a published log is read: a folder of its files, or a server of them."""

from __future__ import annotations

import http.client
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from audit.errors import FormatError, LogError
from audit.formats.merkle import HASH_SIZE
from audit.formats.tiles import ENTRIES, TILE_WIDTH, Tile, read_bundle, write_bundle

_TIMEOUT = 30.0  # seconds
_MAX_FILE = TILE_WIDTH * (2 + 65_535)  # the largest bundle
_GONE = frozenset({404, 410})


class Unreachable(LogError):
    """A published log could not be read; nothing is said about whether it holds."""


class Published(Protocol):
    """The files of a published log. Is handed to other processes, so that it can be pickled."""

    def read(self, path: str) -> bytes | None:
        """Gives a file, or nothing where there is none.

        Raises:
            Unreachable: it cannot be told.
        """

    def paths(self) -> Iterator[str]:
        """Names all files of tiles and bundles, where they can be listed."""

    def close(self) -> None:
        """Lets go of what is held open; more can be read all the same."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of files, e.g. one that was exported or copied from a server."""

    path: Path

    def read(self, path: str) -> bytes | None:
        """Gives a file; see `Published`."""
        try:
            return (self.path / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Unreachable(f"{self.path / path} cannot be read: {error.strerror}") from error

    def paths(self) -> Iterator[str]:
        """Names all files of tiles and bundles; see `Published`."""
        for folder, _, names in os.walk(self.path / "tile"):
            yield from (str(Path(folder, name).relative_to(self.path)) for name in names)

    def close(self) -> None:
        """Holds nothing open; see `Published`."""


@dataclass(slots=True)
class Served:
    """A server of the files.

    Attributes:
        url: the log's prefix, `http` or `https`.
        authorities: PEM file with who vouches for the server, where the system does not know it.
    """

    url: str
    authorities: Path | None = None
    _connection: http.client.HTTPConnection | None = field(default=None, init=False, repr=False)

    def read(self, path: str) -> bytes | None:
        """Gives a file; see `Published`."""
        try:
            try:
                return self._get(path)
            except (http.client.RemoteDisconnected, ConnectionError):  # kept open for too long
                self.close()
                return self._get(path)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(f"{self.url} cannot be read: {type(error).__name__}") from error

    def paths(self) -> Iterator[str]:
        """Names nothing: a server does not list; see `Published`."""
        return iter(())

    def close(self) -> None:
        """Ends the connection; see `Published`."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def __getstate__(self) -> tuple[str, Path | None]:
        """Leaves the connection behind."""
        return self.url, self.authorities

    def __setstate__(self, state: tuple[str, Path | None]) -> None:
        """Begins without a connection."""
        self.url, self.authorities = state
        self._connection = None

    def _get(self, path: str) -> bytes | None:
        if self._connection is None:
            self._connection = self._connect()
        self._connection.request("GET", f"{urlsplit(self.url).path.rstrip('/')}/{path}")
        answer = self._connection.getresponse()
        data = answer.read(_MAX_FILE + 1)
        if answer.status in _GONE:
            return None
        if answer.status != http.client.OK or len(data) > _MAX_FILE:
            self.close()
            raise Unreachable(f"{self.url} answered {path} with status {answer.status}")
        return data

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        if parts.scheme == "http":
            return http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT)
        if parts.scheme != "https":
            raise Unreachable(f"{self.url} is neither an http nor an https URL")
        context = ssl.create_default_context(cafile=str(self.authorities) if self.authorities else None)
        return http.client.HTTPSConnection(parts.netloc, timeout=_TIMEOUT, context=context)


def read_tile(source: Published, tile: Tile) -> bytes:
    """Gives a tile or bundle of exactly the width that was asked for.

    A partial one that is not there any more is cut from the complete one, as tlog-tiles has it.

    Raises:
        FormatError: it is missing, or not of this width.
        Unreachable: it cannot be told.
    """
    data = source.read(tile.path)
    if data is None and not tile.is_complete:
        whole = source.read(tile.complete().path)
        data = _cut(whole, tile) if whole is not None else None
    if data is None:
        raise FormatError("is missing")
    if tile.level != ENTRIES and len(data) != tile.width * HASH_SIZE:
        raise FormatError(f"is not {tile.width} hashes of 32 bytes")
    return data


def _cut(whole: bytes, tile: Tile) -> bytes:
    if tile.level == ENTRIES:
        return write_bundle(read_bundle(whole, TILE_WIDTH)[: tile.width])
    return whole[: tile.width * HASH_SIZE]
