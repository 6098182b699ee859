"""Remembering the last checkpoint, so that a log cannot show one history today and another tomorrow.

Each new checkpoint must extend the remembered one, by a proof that the log has to give. The check is
written as a generator that yields the proof it needs, so that the synchronous and the asynchronous
client share it.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from pathlib import Path

from audit import checkpoint
from audit.checkpoint import Checkpoint
from audit.errors import LogError, VerificationError
from audit.merkle import verify_consistency
from audit.note import NoteVerifier
from exchange.client.errors import ForkDetected

#: Asks for the consistency proof between two sizes, is sent the hashes.
Asking = Generator[tuple[int, int], Sequence[bytes], None]


class CheckpointMemory:
    """The last checkpoint seen of one log, in a file where there is one."""

    def __init__(self, log: NoteVerifier, path: Path | None) -> None:
        """Takes the log's key, and the file."""
        self._log = log
        self._path = path
        self._signed = path.read_text("utf-8") if path and path.exists() else None

    @property
    def signed(self) -> str | None:
        """The signed checkpoint that is remembered."""
        return self._signed

    def meet(self, new: Checkpoint, signed: str) -> Asking:
        """Checks a verified checkpoint against the remembered one, and remembers the larger.

        Raises:
            ForkDetected: the two cannot both be true.
        """
        old = self._remembered()
        if old is not None:
            first, second = sorted((old, new), key=lambda c: c.size)
            proof: Sequence[bytes] = ()
            if 0 < first.size < second.size:
                proof = yield first.size, second.size
            try:
                verify_consistency(first.size, second.size, proof, first.root, second.root)
            except VerificationError as error:
                message = f"the log shows two histories: {error}; keep both checkpoints as evidence"
                raise ForkDetected(message, self._signed or "", signed) from error
        if old is None or new.size > old.size:
            self._keep(signed)

    def _remembered(self) -> Checkpoint | None:
        if self._signed is None:
            return None
        try:
            return checkpoint.verify(self._signed, self._log)
        except LogError as error:
            message = f"{self._path} is not a checkpoint of this log: {error}"
            raise ForkDetected(message, self._signed, "") from error

    def _keep(self, signed: str) -> None:
        self._signed = signed
        if self._path:
            new = self._path.with_suffix(f".{os.getpid()}")
            new.write_text(signed, "utf-8")
            new.replace(self._path)
