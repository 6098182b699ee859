"""Evidence of a fork: two checkpoints that one log signed and that cannot both be true.

    hjemmel/fork-evidence@v1
    checkpoint <base64 of the signed checkpoint with fewer entries>
    checkpoint <base64 of the other>
    root <base64>                      where the sizes differ, and the fork is proven
    <base64 hashes, one a line>

`root` is what the larger tree had at the smaller size, and the hashes prove that (RFC 9162 section
2.1.4): the log signed another root for that size. Anyone can check it with the log's public key alone.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from audit.errors import FormatError, VerificationError
from audit.formats import checkpoint, merkle, note
from audit.formats.checkpoint import Checkpoint
from audit.formats.cosignature import LogVerifier
from audit.formats.merkle import HASH_SIZE
from audit.formats.proof_file import MAX_HASHES

_HEADER = "hjemmel/fork-evidence@v1"
MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Fork:
    """What evidence shows.

    Attributes:
        first: the checkpoint with fewer entries, or as many.
        second: the other.
        proven: whether the file alone proves that both cannot be true. Where not, the log has to show
            that the second extends the first: if it cannot, it is forked.
    """

    first: Checkpoint
    second: Checkpoint
    proven: bool


@dataclass(frozen=True, slots=True)
class ForkEvidence:
    """Two signed checkpoints, and what shows that they contradict each other.

    Attributes:
        first: the signed checkpoint with fewer entries, or as many.
        second: the other.
        root: that the second's tree had at the first's size, where it is known.
        proof: that it had.
    """

    first: str
    second: str
    root: bytes | None = None
    proof: tuple[bytes, ...] = ()

    @property
    def text(self) -> str:
        """The file's content."""
        lines = [_HEADER]
        lines += [f"checkpoint {_encode(signed.encode())}" for signed in (self.first, self.second)]
        if self.root is not None:
            lines += [f"root {_encode(self.root)}", *map(_encode, self.proof)]
        return "\n".join([*lines, ""])

    def check(self, log: LogVerifier) -> Fork:
        """Checks everything that stands in it.

        Raises:
            FormatError: a checkpoint is malformed or of another log.
            VerificationError: a signature or proof does not hold, or the two do not contradict each other.
        """
        first, second = _signed(self.first, log), _signed(self.second, log)
        if first.size > second.size:
            raise FormatError("the checkpoint with fewer entries stands first")
        if first.size == second.size:
            if first.root == second.root:
                raise VerificationError("no fork: the two checkpoints are of the same tree")
            return Fork(first, second, proven=True)
        if self.root is None:
            return Fork(first, second, proven=False)
        merkle.verify_consistency(first.size, second.size, self.proof, self.root, second.root)
        if self.root == first.root or first.size == 0:
            raise VerificationError("no fork: the second checkpoint extends the first")
        return Fork(first, second, proven=True)


def evidence(one: str, other: str, root: bytes | None = None, proof: Sequence[bytes] = ()) -> ForkEvidence:
    """Puts evidence together, the smaller checkpoint first.

    Raises:
        FormatError: one is no signed checkpoint.
    """
    first, second = sorted((one, other), key=lambda s: checkpoint.parse_extended(note.parse(s).text).size)
    return ForkEvidence(first, second, root, tuple(proof))


def parse(data: bytes) -> ForkEvidence:
    """Reads a file of evidence, in the canonical form only.

    Raises:
        FormatError: it is not one.
    """
    try:
        header, *lines = data.decode("ascii").split("\n")
        one, other = (base64.b64decode(_after(line, "checkpoint "), validate=True) for line in lines[:2])
        root = None if lines[2] == "" else base64.b64decode(_after(lines[2], "root "), validate=True)
        proof = tuple(base64.b64decode(line, validate=True) for line in lines[3:-1])
        found = ForkEvidence(one.decode(), other.decode(), root, proof)
    except (ValueError, IndexError) as error:
        raise FormatError("not a file of fork evidence") from error
    sizes = {len(h) for h in (found.root, *proof) if h is not None}
    if (
        header != _HEADER
        or not sizes <= {HASH_SIZE}
        or len(proof) > MAX_HASHES
        or found.text.encode() != data
    ):
        raise FormatError(f"not a file of fork evidence: it begins with {_HEADER}, in canonical form")
    return found


def _after(line: str, prefix: str) -> str:
    if not line.startswith(prefix):
        raise ValueError(prefix)
    return line.removeprefix(prefix)


def _signed(signed: str, log: LogVerifier) -> Checkpoint:
    parsed = note.parse(signed)
    log.verify(parsed)
    head = checkpoint.parse_extended(parsed.text)
    if head.origin != log.name:
        raise FormatError(f"the checkpoint is of another log than {log.name}")
    return head


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
