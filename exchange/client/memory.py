"""Remembering the last checkpoint, so that a log cannot show one history today and another tomorrow.

Each new checkpoint must extend the remembered one, by a proof that the log has to give. The check is
written as a generator that yields the proof it needs, so that the synchronous and the asynchronous
client share it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path

from audit import checkpoint
from audit.checkpoint import Checkpoint
from audit.errors import LogError, VerificationError
from audit.merkle import verify_consistency
from audit.note import NoteVerifier
from exchange.client.errors import ClientError, ForkDetected

#: Asks for the consistency proof between two sizes, is sent the hashes, or nothing where the log has none.
Asking = Generator[tuple[int, int], Sequence[bytes] | None, None]


class CheckpointMemory:
    """The last checkpoint seen of one log, in a file where there is one.

    The file is read anew each time, so that clients that share one also share what they saw.
    """

    def __init__(self, log: NoteVerifier, path: Path | None) -> None:
        """Takes the log's key, and the file."""
        self._log = log
        self._path = path
        self._signed: str | None = None

    @property
    def signed(self) -> str | None:
        """The signed checkpoint that is remembered."""
        if self._path is not None:
            with suppress(FileNotFoundError):
                self._signed = self._path.read_text("utf-8", "replace")
        return self._signed

    def meet(self, new: Checkpoint, signed: str) -> Asking:
        """Checks a verified checkpoint against the remembered one, and remembers the larger.

        Raises:
            ForkDetected: the two cannot both be true.
            ClientError: the file cannot be read or written.
        """
        try:
            old = self._remembered()
        except OSError as error:
            raise self._unusable(error) from error
        if old is not None:
            first, second = sorted((old, new), key=lambda c: c.size)
            proof: Sequence[bytes] | None = ()
            if 0 < first.size < second.size:
                proof = yield first.size, second.size
            try:
                _extends(first, second, proof)
            except VerificationError as error:
                message = f"the log shows two histories: {error}; keep both checkpoints as evidence"
                raise ForkDetected(message, self._signed or "", signed) from error
        if old is None or new.size > old.size:
            try:
                self._keep(signed)
            except OSError as error:
                raise self._unusable(error) from error

    def _remembered(self) -> Checkpoint | None:
        signed = self.signed
        if signed is None:
            return None
        try:
            return checkpoint.verify(signed, self._log)
        except LogError as error:
            message = f"{self._path} is not a checkpoint of this log: {error}"
            raise ForkDetected(message, signed, "") from error

    def _keep(self, signed: str) -> None:
        self._signed = signed
        if self._path:
            descriptor, name = tempfile.mkstemp(prefix=f".{self._path.name}-", dir=self._path.parent)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(signed)
                Path(name).replace(self._path)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise

    def _unusable(self, error: OSError) -> ClientError:
        return ClientError(
            f"the log's checkpoint cannot be remembered in {self._path} ({error.strerror}): "
            "give the credentials a memory file that can be written"
        )


def _extends(first: Checkpoint, second: Checkpoint, proof: Sequence[bytes] | None) -> None:
    if proof is None:
        raise VerificationError(f"it has no proof that {second.size} entries extend {first.size}")
    verify_consistency(first.size, second.size, proof, first.root, second.root)
