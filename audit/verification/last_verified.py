"""The checkpoint that a verification ended with, kept in a file for the next one to begin from."""

from __future__ import annotations

import os
from pathlib import Path

from audit.errors import FormatError
from audit.formats import checkpoint
from audit.formats.checkpoint import Checkpoint
from audit.formats.note import NoteVerifier


def read(path: Path, verifier: NoteVerifier) -> Checkpoint | None:
    """Gives the checkpoint that was kept, or nothing where there is no file yet.

    Raises:
        FormatError, VerificationError: it is no checkpoint of this log.
    """
    try:
        return checkpoint.verify(path.read_text("utf-8"), verifier)
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} holds no checkpoint") from error


def write(path: Path, note: str) -> None:
    """Keeps a checkpoint; after a crash the file holds this one or the one before."""
    aside = path.with_name(f".{path.name}.new")
    with aside.open("w", encoding="utf-8") as file:
        file.write(note)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
