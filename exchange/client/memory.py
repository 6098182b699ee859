"""Remembering the last checkpoint, so that a log cannot show one history today and another tomorrow.

Each new checkpoint must extend the remembered one, by a proof that the log has to give. Where it does not,
both are written down as evidence (`audit.witness.fork_evidence`). The check is written as a generator that
yields the proofs it needs, so that the synchronous and the asynchronous client share it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from audit.errors import LogError, VerificationError
from audit.formats import checkpoint
from audit.formats.checkpoint import Checkpoint
from audit.formats.merkle import proof_from_before, proven_prefix, verify_consistency
from audit.formats.note import NoteVerifier
from audit.witness import fork_evidence
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
            ForkDetected: the two cannot both be true, or the log does not show that they can.
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
                remembered = self._signed or ""
                root, proof = yield from _larger_trees_own(first, second, proof)
                raise self._forked(error, remembered, signed, root, proof) from error
        if old is None or new.size > old.size:
            try:
                self._keep(signed)
            except OSError as error:
                raise self._unusable(error) from error

    def _forked(
        self,
        error: VerificationError,
        remembered: str,
        shown: str,
        root: bytes | None,
        proof: Sequence[bytes],
    ) -> ForkDetected:
        found = fork_evidence.evidence(remembered, shown, root, proof)
        message = f"the log shows two histories: {error}; keep both checkpoints as evidence"
        path = None
        if self._path is not None:
            name = f"fork-{sha256(found.text.encode()).hexdigest()[:16]}.evidence"
            path = self._path.with_name(name)
            try:
                path.write_text(found.text, "utf-8")
                message += f": they are in {path}"
            except OSError as failure:  # the alarm does not wait for a disk
                path = None
                message += f" (they could not be written: {failure.strerror})"
        return ForkDetected(message, remembered, shown, found, path)

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


def _larger_trees_own(
    first: Checkpoint, second: Checkpoint, proof: Sequence[bytes] | None
) -> Generator[tuple[int, int], Sequence[bytes] | None, tuple[bytes | None, Sequence[bytes]]]:
    """Finds the root that the larger tree has at the smaller size, with its proof, if the log tells it.

    With that the two checkpoints prove the fork by themselves. The proof of a size that is a power of two
    leaves its root unsaid; there the proof of the size before it is asked for.
    """
    if not proof:
        return None, ()
    root = proven_prefix(first.size, second.size, proof, second.root)
    if root is not None:
        return root, proof
    if first.size.bit_count() == 1 and first.size > 2:  # noqa: PLR2004  # see `proof_from_before`
        with suppress(ClientError, VerificationError):
            before = yield first.size - 1, second.size
            told = proof_from_before(first.size, before or ())
            if told is not None:
                root, proof = told
                verify_consistency(first.size, second.size, proof, root, second.root)
                return root, proof
    return None, ()


def _extends(first: Checkpoint, second: Checkpoint, proof: Sequence[bytes] | None) -> None:
    if proof is None:
        raise VerificationError(f"it has no proof that {second.size} entries extend {first.size}")
    verify_consistency(first.size, second.size, proof, first.root, second.root)
