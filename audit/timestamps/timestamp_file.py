"""Evidence that an entry existed by a time, as a file: the token, and a receipt under the stamped checkpoint.

    hjemmel-timestamp@v1
    token <base64 of the TimeStampToken>
    c2sp.org/tlog-proof@v1
    extra <base64 of the entry>
    index <n>
    <hashes of the inclusion proof>

    <the signed checkpoint: what follows the empty line is what was stamped, byte for byte>

The entry is proved to stand in the very tree that was stamped, so that no consistency proof is needed.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from audit.errors import FormatError, VerificationError
from audit.formats import proof_file
from audit.formats.note import NoteVerifier
from audit.formats.proof_file import ProofFile
from audit.timestamps import timestamp
from audit.timestamps.timestamp import Roots, Token

_HEADER = "hjemmel-timestamp@v1"
_TOKEN = "token "  # noqa: S105  # the word that a line begins with


@dataclass(frozen=True, slots=True)
class Evidence:
    """That an entry existed by a time.

    Attributes:
        token: the TimeStampToken, DER.
        proof: the receipt of the entry, which it carries, under the checkpoint that was stamped.
    """

    token: bytes
    proof: ProofFile

    @property
    def entry(self) -> bytes:
        """The entry's bytes.

        Raises:
            FormatError: the receipt carries none.
        """
        if self.proof.extra is None:
            raise FormatError("the receipt in the evidence carries no entry (no 'extra' line)")
        return self.proof.extra

    @property
    def text(self) -> str:
        """The file's content."""
        return f"{_HEADER}\n{_TOKEN}{base64.b64encode(self.token).decode()}\n{self.proof.text}"

    def verify(self, verifier: NoteVerifier, roots: Roots) -> Token:
        """Checks all of it, and gives the token with the time by which the entry existed.

        Raises:
            FormatError: a part is not what it claims to be.
            VerificationError: a signature, hash or proof does not hold.
        """
        self.proof.verify(self.entry, verifier)
        return timestamp.verify(self.token, self.proof.signed_checkpoint, roots)

    def check_is_of(self, receipt: ProofFile) -> None:
        """Checks that the evidence is of the entry that a receipt is of.

        Raises:
            VerificationError: it is of another entry, or of another at the same place.
        """
        if self.proof.index != receipt.index:
            raise VerificationError(f"the timestamp is of entry {self.proof.index}, not of {receipt.index}")
        if self.entry != receipt.extra:
            raise VerificationError(
                f"entry {receipt.index} of the receipt is not the one that was stamped: the log was rewritten"
            )


def parse(text: str) -> Evidence:
    """Reads a file of evidence, in the canonical form only.

    Raises:
        FormatError: it is not one.
    """
    header, _, rest = text.partition("\n")
    line, _, proof = rest.partition("\n")
    if header != _HEADER or not line.startswith(_TOKEN):
        raise FormatError(f"a timestamp begins with the line {_HEADER} and a line '{_TOKEN}<base64>'")
    try:
        token = base64.b64decode(line.removeprefix(_TOKEN), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError("the token of the timestamp is not base64") from error
    evidence = Evidence(token, proof_file.parse(proof))
    if evidence.text != text:
        raise FormatError("the timestamp is not in canonical form")
    return evidence
