"""Secrets of a connection, in files that only their owner may read."""

from __future__ import annotations

import stat
from pathlib import Path

from adapters.port import Connection


def secret_file(connection: Connection, name: str) -> Path:
    """Finds the file of a secret.

    Raises:
        ValueError: it is not named, not there, or open to others; the message says what to do.
    """
    path = connection.secrets.get(name)
    if path is None:
        raise ValueError(f"secrets.{name} is missing: name the file that holds it")
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise ValueError(f"secrets.{name}: {path} cannot be read ({error.strerror})") from error
    if mode & 0o077:
        raise ValueError(f"secrets.{name}: {path} is open to others (mode {mode:04o}): run chmod 600 {path}")
    return path


def read_secret(connection: Connection, name: str) -> str:
    """Reads a secret of one line.

    Raises:
        ValueError: there is none; the message never holds it.
    """
    path = secret_file(connection, name)
    try:
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if not text or not text.isprintable():
        raise ValueError(f"secrets.{name}: {path} must hold one line of text")
    return text
