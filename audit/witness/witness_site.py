"""Where a witness lives: a folder with its key, the logs that it knows, its memory, and evidence.

witness.key     its private key, 0600        memory.db   what it cosigned last; never put an old one back
witness.vkey    its public key               evidence/   forks that it was shown
logs            vkeys of the logs that it knows, one a line
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from audit.errors import FormatError
from audit.files import write_private
from audit.formats.cosignature import CosignatureSigner, CosignatureVerifier
from audit.keys import load_ed25519
from audit.witness.witness import Witness, read_logs
from audit.witness.witness_state import WitnessState

_LOGS = "# Public keys (vkeys) of the logs that this witness cosigns, one a line.\n"


@dataclass(frozen=True, slots=True)
class WitnessSite:
    """A witness's folder."""

    folder: Path

    @property
    def vkey(self) -> Path:
        """The file of its public key."""
        return self.folder / "witness.vkey"

    @property
    def logs(self) -> Path:
        """The file of the logs that it knows."""
        return self.folder / "logs"

    @property
    def _key(self) -> Path:
        return self.folder / "witness.key"

    @property
    def _memory(self) -> Path:
        return self.folder / "memory.db"

    def init(self, name: str, logs: Sequence[str]) -> CosignatureVerifier:
        """Makes a new witness in the folder; gives its public key.

        Raises:
            FormatError: the name cannot be a key's, or a log's vkey is none.
            KeyFileError, WitnessStateError: there is a witness already.
            OSError: the folder cannot be written.
        """
        key = Ed25519PrivateKey.generate()
        verifier = CosignatureSigner(name, key).verifier
        text = _LOGS + "".join(f"{vkey.strip()}\n" for vkey in logs)
        read_logs(text)
        self.folder.mkdir(parents=True, exist_ok=True)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(self._key, pem)  # refuses a folder that has one
        WitnessState.create(self._memory, verifier.vkey).close()
        self.vkey.write_text(verifier.vkey + "\n", "utf-8")
        self.logs.write_text(text, "utf-8")
        (self.folder / "evidence").mkdir(exist_ok=True)
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)  # the names, too
        finally:
            os.close(descriptor)
        return verifier

    @contextmanager
    def opened(self) -> Iterator[Witness]:
        """Opens the witness.

        Raises:
            FormatError: a file is not what it should be; the message says which.
            KeyFileError: the key is missing or open to others.
            WitnessStateError: the memory is missing or another key's.
        """
        try:
            vkey = CosignatureVerifier.parse(self.vkey.read_text("utf-8"))
            logs = read_logs(self.logs.read_text("utf-8"))
        except (FormatError, OSError, UnicodeDecodeError) as error:
            raise FormatError(f"{self.folder} is no witness's folder: {error}") from error
        signer = CosignatureSigner(vkey.name, load_ed25519(self._key))
        if signer.verifier != vkey:
            raise FormatError(f"{self.vkey} is not of the key beside it")
        state = WitnessState.open(self._memory, vkey.vkey)
        try:
            yield Witness(signer, logs, state, self.folder / "evidence")
        finally:
            state.close()
