"""A witness (c2sp.org/tlog-witness v1.0.0): cosigns a log's checkpoint only if it extends the last one.

The order of the checks is the specification's, and so is the status each of them answers with:

    1  the request can be read                                   400
    2  the log is known, by the checkpoint's origin              404
    3  a trusted key of it signed, and no such signature fails   403
    4  old is not beyond the checkpoint                          400
    5  old is the size that was cosigned last                    409, with that size
    6  the checkpoint extends that one                           422
    7  remember it, durably; only then answer                    200, with the cosignature

Steps 5 to 7 are one transaction. What a crash leaves behind:

    before the commit      nothing; nobody was told anything
    after the commit       the new checkpoint is remembered; whoever asked learns so by a 409, and asks on
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from audit.errors import FormatError, VerificationError
from audit.formats import checkpoint, cosignature, merkle, note
from audit.formats.checkpoint import Checkpoint
from audit.formats.cosignature import CosignatureSigner, LogVerifier
from audit.formats.note import Note
from audit.witness import fork_evidence, witness_protocol
from audit.witness.witness_protocol import (
    BAD_REQUEST,
    CONFLICT,
    FORBIDDEN,
    MAX_SIZE,
    NOT_FOUND,
    OK,
    SIZE_TYPE,
    UNPROCESSABLE,
    AddCheckpoint,
)
from audit.witness.witness_state import WitnessState

_log = logging.getLogger(__name__)
_TEXT = "text/plain"


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer: an HTTP status, a content type, a body."""

    status: int
    body: str = ""
    content_type: str = _TEXT


class _Refused(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.reply = Reply(status, f"{why}\n")


class Witness:
    """Decides what to cosign. Safe to call from several threads."""

    def __init__(
        self,
        signer: CosignatureSigner,
        logs: Sequence[LogVerifier],
        state: WitnessState,
        evidence: Path,
    ) -> None:
        """Takes its key, the logs that it knows, its memory, and a folder for evidence of forks."""
        self._signer = signer
        self._logs: dict[str, list[LogVerifier]] = {}
        for verifier in logs:
            self._logs.setdefault(verifier.name, []).append(verifier)
        self._origins = {sha256(origin.encode()).hexdigest(): origin for origin in self._logs}
        self._state = state
        self._evidence = evidence

    @property
    def vkey(self) -> str:
        """Its public key."""
        return self._signer.verifier.vkey

    def add_checkpoint(self, body: bytes) -> Reply:
        """Answers a request.

        Raises:
            WitnessStateError: the memory failed; nothing was cosigned.
        """
        try:
            request, parsed, head = self._read(body)
            verifier = self._trusted(parsed, head)
            return self._advance(request, parsed, head, verifier)
        except _Refused as refused:
            return refused.reply

    def latest(self, origin_hash: str) -> str | None:
        """Gives the newest cosigned checkpoint of a log, by the SHA-256 of its origin in hexadecimal."""
        origin = self._origins.get(origin_hash)
        return self._state.cosigned(origin) if origin is not None else None

    def _read(self, body: bytes) -> tuple[AddCheckpoint, Note, Checkpoint]:
        try:
            request = witness_protocol.parse_request(body)
            parsed = note.parse(request.signed)
            head = checkpoint.parse_extended(parsed.text)
        except FormatError as error:
            raise _Refused(BAD_REQUEST, str(error)) from error
        if head.size > MAX_SIZE:
            raise _Refused(BAD_REQUEST, "no log has so many entries")
        return request, parsed, head

    def _trusted(self, parsed: Note, head: Checkpoint) -> LogVerifier:
        known = self._logs.get(head.origin)
        if known is None:
            raise _Refused(NOT_FOUND, "unknown log")
        mine = [v for v in known if parsed.signed_by(v.name, v.key_id)]
        try:
            for verifier in mine:
                verifier.verify(parsed)
        except VerificationError as error:
            raise _Refused(FORBIDDEN, str(error)) from error
        if not mine:
            raise _Refused(FORBIDDEN, "signed by no key that is trusted for this log")
        return mine[0]

    def _advance(
        self, request: AddCheckpoint, parsed: Note, head: Checkpoint, verifier: LogVerifier
    ) -> Reply:
        if request.old > head.size:
            raise _Refused(BAD_REQUEST, "old is larger than the checkpoint")
        with self._state.latest(head.origin) as (old, old_note, replace):
            size = old.size if old else 0
            if old and old.size == head.size and old.root != head.root:
                self._keep_evidence(verifier, old_note or "", request.signed)
            if request.old != size:
                return Reply(CONFLICT, f"{size}\n", SIZE_TYPE)
            self._check_extends(old, head, request)
            line = self._signer.sign(parsed.text, int(time.time()))
            mine = [s for s in parsed.signatures if (s.name, s.key_id) == (verifier.name, verifier.key_id)]
            replace(note.write(parsed.text, [*mine, line]))
        return Reply(OK, line.line)

    @staticmethod
    def _check_extends(old: Checkpoint | None, head: Checkpoint, request: AddCheckpoint) -> None:
        root = old.root if old else merkle.EMPTY_ROOT
        if head.size == 0 and head.root != merkle.EMPTY_ROOT:
            raise _Refused(UNPROCESSABLE, "an empty tree has the root of an empty tree")
        try:
            merkle.verify_consistency(request.old, head.size, request.proof, root, head.root)
        except VerificationError as error:
            raise _Refused(UNPROCESSABLE, str(error)) from error

    def _keep_evidence(self, verifier: LogVerifier, old: str, new: str) -> None:
        """Writes down that a log signed two roots for one size; one file a log and size is enough."""
        size = checkpoint.parse_extended(note.parse(old).text).size
        path = self._evidence / f"fork-{sha256(verifier.name.encode()).hexdigest()[:16]}-{size}.evidence"
        _log.error("log_forked", extra={"log": verifier.name, "size": size, "evidence": str(path)})
        if not path.exists():
            with suppress(OSError):  # the refusal does not wait for a disk
                path.write_text(fork_evidence.evidence(old, new).text, "utf-8")


def read_logs(text: str) -> tuple[LogVerifier, ...]:
    """Reads the logs that a witness knows: one vkey a line; empty lines and those with `#` first are none.

    Raises:
        FormatError: a line is no vkey of a log; the message says which.
    """
    found: list[LogVerifier] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            found.append(cosignature.parse_log_key(line))
        except FormatError as error:
            raise FormatError(f"line {number}: {error}") from error
    return tuple(found)
