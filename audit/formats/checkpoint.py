"""Checkpoints (c2sp.org/tlog-checkpoint v1.0.0): a tree's size and root, signed by the log."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from audit.errors import FormatError
from audit.formats import note
from audit.formats.merkle import HASH_SIZE
from audit.formats.note import NoteSigner, NoteVerifier

_LINES = 3  # after the origin: size, root, and nothing


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: its origin, how many entries it has, and their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def sign(self, signer: NoteSigner) -> str:
        """Gives the signed note of this checkpoint."""
        return note.write(self.text, [signer.sign(self.text)])


def parse(text: str) -> Checkpoint:
    """Reads the three lines, in the canonical form only.

    Raises:
        FormatError: they are not a checkpoint, or carry extension lines.
    """
    origin, *lines = text.split("\n")
    if len(lines) != _LINES or lines[-1] or not origin:
        raise FormatError("a checkpoint has exactly three lines: origin, size, root")
    if re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[0], re.ASCII) is None:
        raise FormatError("the size of a checkpoint is a decimal number without leading zeros")
    try:
        root = base64.b64decode(lines[1], validate=True)
    except ValueError as error:
        raise FormatError("the root of a checkpoint is base64") from error
    checkpoint = Checkpoint(origin, int(lines[0]), root)
    if len(root) != HASH_SIZE or checkpoint.text != text:
        raise FormatError("the root of a checkpoint is 32 bytes in canonical base64")
    return checkpoint


def parse_extended(text: str) -> Checkpoint:
    """Reads a checkpoint that extension lines may follow, of which nothing is said or believed.

    Raises:
        FormatError: it is not a checkpoint, or an extension line is empty.
    """
    lines = text.split("\n")
    if lines[-1] or not all(lines[_LINES:-1]):
        raise FormatError("extension lines of a checkpoint are not empty, and end in a newline")
    return parse("\n".join([*lines[:_LINES], ""]))


def verify(signed: str, verifier: NoteVerifier) -> Checkpoint:
    """Reads a signed checkpoint and checks the log's signature and origin.

    Raises:
        FormatError: it is not a checkpoint.
        VerificationError: it is not signed by this log.
    """
    parsed = note.parse(signed)
    verifier.verify(parsed)
    checkpoint = parse(parsed.text)
    if checkpoint.origin != verifier.name:
        raise FormatError(f"the checkpoint is of another log than {verifier.name}")
    return checkpoint
