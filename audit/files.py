"""Private keys in files: 0600 or refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from audit.errors import LogError


class KeyFileError(LogError):
    """A key file is missing or readable by others; the message says what to do."""


def read_private(path: Path) -> bytes:
    """Reads a file that only its owner may read.

    Raises:
        KeyFileError: there is none, or group or others have access.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise KeyFileError(f"{path} is open to others (mode {mode:04o}): run chmod 600 {path}")
        return path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read ({error.strerror}): run hjemmel pki init") from error


def write_private(path: Path, data: bytes) -> None:
    """Writes a new file that only its owner may read; an existing one is never overwritten.

    Raises:
        KeyFileError: the file exists or cannot be made.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise KeyFileError(f"{path} cannot be written ({error.strerror})") from error
