"""Secrets that registers want, in files: readable by their owner alone, or refused."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path


def private_file(secrets: Mapping[str, Path], name: str) -> Path:
    """Gives the file of a secret, after looking at who may read it.

    Raises:
        ValueError: it is not configured, is missing, or group or others have access.
    """
    path = secrets.get(name)
    if path is None:
        raise ValueError(f"secrets.{name} is missing: name the file that holds it")
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise ValueError(f"secrets.{name}: {path} cannot be read ({error.strerror})") from error
    if mode & 0o077:
        raise ValueError(f"secrets.{name}: {path} is open to others (mode {mode:04o}): run chmod 600 {path}")
    return path


def read_secret(secrets: Mapping[str, Path], name: str) -> str:
    """Reads a secret that is one line of text.

    Raises:
        ValueError: there is none, it is open to others, or it is no text.
    """
    path = private_file(secrets, name)
    try:
        value = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"secrets.{name}: {path} holds no line of ASCII") from error
    if not value or not value.isprintable() or any(c.isspace() for c in value):
        raise ValueError(f"secrets.{name}: {path} must hold one word, and nothing else")
    return value
