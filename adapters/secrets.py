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


def read_line(secrets: Mapping[str, Path], name: str) -> str:
    """Reads a secret that is one line of text, such as a password that a person chose.

    Raises:
        ValueError: there is none, it is open to others, or it is no such line; the message never holds it.
    """
    text = _read(secrets, name, "utf-8")
    if not text or not text.isprintable():
        raise ValueError(f"secrets.{name}: {secrets[name]} must hold one line of text")
    return text


def read_word(secrets: Mapping[str, Path], name: str) -> str:
    """Reads a secret that is one word of ASCII, such as a key that a register handed out.

    Raises:
        ValueError: there is none, it is open to others, or it is no such word; the message never holds it.
    """
    text = _read(secrets, name, "ascii")
    if not text or not text.isprintable() or any(c.isspace() for c in text):
        raise ValueError(f"secrets.{name}: {secrets[name]} must hold one word of ASCII, and nothing else")
    return text


def _read(secrets: Mapping[str, Path], name: str, encoding: str) -> str:
    path = private_file(secrets, name)
    try:
        return path.read_text(encoding).strip()
    except (OSError, UnicodeDecodeError):
        return ""
