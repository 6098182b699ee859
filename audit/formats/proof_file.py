"""Receipts as files (c2sp.org/tlog-proof, 2025-12): index, inclusion proof and signed checkpoint.

The `extra` line carries the entry itself, so that one file says what was recorded and proves it.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from audit.errors import FormatError
from audit.formats import checkpoint
from audit.formats.checkpoint import Checkpoint
from audit.formats.merkle import HASH_SIZE, leaf_hash, verify_inclusion
from audit.formats.note import NoteVerifier

HEADER = "c2sp.org/tlog-proof@v1"
#: Most bytes of a file: an entry and a hundred signatures fit many times over.
MAX_SIZE = 1 << 20
MAX_HASHES = 63  # of a tree whose size fits 63 bits


@dataclass(frozen=True, slots=True)
class ProofFile:
    """A proof that an entry stands at an index of a log.

    Attributes:
        index: the entry's index.
        hashes: the audit path, from the leaf upwards.
        signed_checkpoint: the note of the checkpoint that the path leads to.
        extra: the entry's bytes, or nothing where the verifier has them already.
    """

    index: int
    hashes: tuple[bytes, ...]
    signed_checkpoint: str
    extra: bytes | None = None

    @property
    def text(self) -> str:
        """The file's content."""
        extra = [] if self.extra is None else [f"extra {base64.b64encode(self.extra).decode()}"]
        path = [base64.b64encode(h).decode() for h in self.hashes]
        return "\n".join([HEADER, *extra, f"index {self.index}", *path, "", self.signed_checkpoint])

    def verify(self, entry: bytes, verifier: NoteVerifier) -> Checkpoint:
        """Checks the signature, and that the entry stands where the proof says.

        Raises:
            FormatError: the checkpoint is malformed or of another log.
            VerificationError: the signature or the inclusion proof does not hold.
        """
        head = checkpoint.verify(self.signed_checkpoint, verifier)
        self.verify_in(head, entry)
        return head

    def verify_in(self, head: Checkpoint, entry: bytes) -> None:
        """Checks that the entry stands where the proof says, in a tree that is believed already.

        Raises:
            VerificationError: the inclusion proof does not hold.
        """
        verify_inclusion(leaf_hash(entry), self.index, head.size, self.hashes, head.root)


def parse(text: str) -> ProofFile:
    """Reads a proof file, in the canonical form only.

    Raises:
        FormatError: it is not one.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MAX_SIZE:
        raise FormatError(f"a receipt is at most {MAX_SIZE} bytes")
    head, separator, signed = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines[0] != HEADER or not lines[1:]:
        raise FormatError(f"a receipt begins with the line {HEADER}")
    extra = None
    if lines[1].startswith("extra "):
        extra = _base64(lines.pop(1).removeprefix("extra "))
    index = re.fullmatch(r"index (0|[1-9][0-9]{0,18})", lines[1] if len(lines) > 1 else "", re.ASCII)
    hashes = tuple(_base64(line) for line in lines[2:])
    if index is None or len(hashes) > MAX_HASHES or any(len(h) != HASH_SIZE for h in hashes):
        raise FormatError("a receipt has a line 'index N' and then lines of 32-byte hashes in base64")
    proof = ProofFile(int(index[1]), hashes, signed, extra)
    if proof.text != text:
        raise FormatError("the receipt is not in canonical form")
    return proof


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError("a line of the receipt is not base64") from error
