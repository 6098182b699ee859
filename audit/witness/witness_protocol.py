"""What a log and a witness say to each other (c2sp.org/tlog-witness v1.0.0), without any I/O.

POST <prefix>/add-checkpoint            old <n>, proof lines, an empty line, the checkpoint

200  signature lines                    404  a log that the witness does not know
409  the size that the witness saw      403  no signature that it trusts
422  a proof that does not hold         400  not a request, or old beyond the checkpoint
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from audit.errors import FormatError, LogError
from audit.formats import cosignature, note
from audit.formats.checkpoint import Checkpoint
from audit.formats.cosignature import CosignatureVerifier
from audit.formats.merkle import HASH_SIZE
from audit.formats.note import Note, NoteSignature

ADD_CHECKPOINT = "add-checkpoint"
SIZE_TYPE = "text/x.tlog.size"
MAX_SIZE = (1 << 63) - 1
MAX_PROOF = 63
#: Bytes of a request: 63 hashes, and a checkpoint with sixteen post-quantum signatures and more.
MAX_REQUEST = 256 * 1024
#: Bytes of an answer.
MAX_ANSWER = 64 * 1024

OK = 200
BAD_REQUEST = 400
FORBIDDEN = 403
NOT_FOUND = 404
CONFLICT = 409
UNPROCESSABLE = 422

_NUMBER = "0|[1-9][0-9]{0,18}"
_AHEAD = 300  # seconds that a witness's clock may be before ours
_REFUSALS = {
    BAD_REQUEST: "says that the request is malformed",
    FORBIDDEN: "does not trust this log's key: give it the log's vkey",
    NOT_FOUND: "does not know this log: give it the log's vkey",
    UNPROCESSABLE: "says that this checkpoint does not extend the one it saw: was the log altered or forked?",
}


class WitnessError(LogError):
    """A witness did not cosign; the message says why, as far as it told."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request to cosign.

    Attributes:
        old: the size of the checkpoint that the witness saw last.
        proof: that the new checkpoint extends it.
        signed: the new checkpoint.
    """

    old: int
    proof: tuple[bytes, ...]
    signed: str

    @property
    def text(self) -> str:
        """The body of the request."""
        lines = [base64.b64encode(h).decode() for h in self.proof]
        return "\n".join([f"old {self.old}", *lines, "", self.signed])


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A witness's cosignature of what it was asked to cosign, verified, and its time."""

    line: NoteSignature
    time: int


@dataclass(frozen=True, slots=True)
class Stale:
    """A witness saw another size last than it was told."""

    size: int


def parse_request(data: bytes) -> AddCheckpoint:
    """Reads the body of a request.

    Raises:
        FormatError: it is not one.
    """
    try:
        head, separator, signed = data.decode().partition("\n\n")
    except UnicodeDecodeError as error:
        raise FormatError("a request is UTF-8") from error
    first, *lines = head.split("\n")
    old = re.fullmatch(f"old ({_NUMBER})", first, re.ASCII)
    if not separator or old is None or int(old[1]) > MAX_SIZE or len(lines) > MAX_PROOF:
        raise FormatError("a request is 'old N', at most 63 lines of hashes, an empty line, a checkpoint")
    try:
        proof = tuple(base64.b64decode(line, validate=True) for line in lines)
    except ValueError as error:
        raise FormatError("a line of the proof is not base64") from error
    request = AddCheckpoint(int(old[1]), proof, signed)
    if any(len(h) != HASH_SIZE for h in proof) or request.text.encode() != data:
        raise FormatError("the lines of a proof are 32 bytes each, in canonical base64")
    return request


def read_answer(
    witness: CosignatureVerifier,
    asked: Checkpoint,
    status: int,
    content_type: str,
    body: bytes,
    now: float,
) -> Cosigned | Stale:
    """Reads what a witness answered, and believes nothing that does not verify.

    Args:
        witness: who should have answered.
        asked: what it was asked to cosign.
        status: of HTTP.
        content_type: of the answer.
        body: the answer, at most `MAX_ANSWER` bytes of it.
        now: the time (POSIX seconds).

    Raises:
        WitnessError: it refused, or its answer does not hold.
    """
    if status == OK:
        return _cosigned(witness, asked, body, now)
    if status == CONFLICT and content_type == SIZE_TYPE:
        size = re.fullmatch(rf"({_NUMBER})\n".encode(), body)
        if size is None:
            raise WitnessError("says that it saw another size, and not which")
        return Stale(int(size[1]))
    raise WitnessError(_REFUSALS.get(status, f"answered with HTTP status {status}"))


def _cosigned(witness: CosignatureVerifier, asked: Checkpoint, body: bytes, now: float) -> Cosigned:
    try:
        lines = cosignature.parse_lines(body.decode())
        mine = Note(asked.text, lines).signed_by(witness.name, witness.key_id)
        time = witness.verify(Note(asked.text, tuple(mine)))
    except (LogError, UnicodeDecodeError) as error:
        raise WitnessError(f"gave no cosignature that holds: {error}") from error
    if time > now + _AHEAD:
        raise WitnessError("dates its cosignatures in the future: its clock or ours is wrong")
    newest = max(mine, key=lambda line: line.signature[:8])
    return Cosigned(newest, time)


def lines_of(signed: str, witness: CosignatureVerifier) -> list[NoteSignature]:
    """Gives the lines of a cosigned checkpoint that are a witness's, unverified."""
    return note.parse(signed).signed_by(witness.name, witness.key_id)
