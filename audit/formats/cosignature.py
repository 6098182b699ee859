"""Cosignatures (c2sp.org/tlog-cosignature v1.0.1): a witness says when it saw a tree that only grew.

    — <witness> base64(key id[4] ‖ time[8] ‖ signature)

Ed25519 (0x04) signs `cosignature/v1`, the time and the checkpoint's whole text; ML-DSA-44 (0x06) signs a
structure with both names, the size and the root. We make the first kind and verify both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from audit.errors import FormatError, VerificationError
from audit.formats import checkpoint, note
from audit.formats.note import Note, NoteSignature, NoteVerifier, is_key_name

_NOTE = 0x01
_ED25519 = 0x04
_ML_DSA_44 = 0x06
_KEY_SIZES = {_ED25519: 32, _ML_DSA_44: 1312}
_TIME_SIZE = 8
_MAX_TIME = (1 << 63) - 1
_MAX_NAME = 255  # bytes, in what ML-DSA-44 signs


@dataclass(frozen=True, slots=True)
class CosignatureVerifier:
    """A witness's public key with its name, of either kind."""

    name: str
    kind: int
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that its signature lines begin with."""
        return note.key_id(self.name, self.kind, self.public_key)

    @property
    def vkey(self) -> str:
        """The textual form: `name+hex(key id)+base64(kind ‖ public key)`."""
        return note.write_vkey(self.name, self.kind, self.public_key)

    @classmethod
    def parse(cls, vkey: str) -> CosignatureVerifier:
        """Reads the textual form.

        Raises:
            FormatError: it is no vkey of a cosigner.
        """
        name, kind, key = note.parse_vkey(vkey)
        if _KEY_SIZES.get(kind) != len(key):
            raise FormatError("not a witness's verifier key: its type must be 0x04 or 0x06")
        return cls(name, kind, key)

    def verify(self, cosigned: Note) -> int:
        """Checks that a checkpoint carries this key's cosignature; gives its time (POSIX seconds).

        Where it carries several, each must hold, and the newest counts.

        Raises:
            FormatError: the note is no checkpoint.
            VerificationError: it carries none, or one that does not hold.
        """
        mine = cosigned.signed_by(self.name, self.key_id)
        if not mine:
            raise VerificationError(f"the checkpoint is not cosigned by {self.name}")
        return max(self._verify(cosigned.text, line.signature) for line in mine)

    def _verify(self, text: str, stamped: bytes) -> int:
        time = int.from_bytes(stamped[:_TIME_SIZE])
        if len(stamped) <= _TIME_SIZE or not 0 < time <= _MAX_TIME:
            raise VerificationError(f"the cosignature of {self.name} has no time")
        signature = stamped[_TIME_SIZE:]
        try:
            if self.kind == _ED25519:
                ed25519 = Ed25519PublicKey.from_public_bytes(self.public_key)
                ed25519.verify(signature, _ed25519_message(text, time))
            else:
                ml_dsa = MLDSA44PublicKey.from_public_bytes(self.public_key)
                ml_dsa.verify(signature, _ml_dsa_message(self.name, text, time))
        except (InvalidSignature, ValueError) as error:  # ValueError: the key is no point of the curve
            raise VerificationError(f"the cosignature of {self.name} does not hold") from error
        except UnsupportedAlgorithm as error:
            raise VerificationError("ML-DSA-44 cannot be verified here: cryptography lacks it") from error
        return time


#: What can sign a checkpoint: a log's own key, or one that signs as cosigners do.
LogVerifier = NoteVerifier | CosignatureVerifier


class CosignatureSigner:
    """Cosigns checkpoints with an Ed25519 private key held in memory."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        """Takes the witness's name and its key, which must cosign under no other name.

        Raises:
            FormatError: the name is empty or holds a space or a plus sign.
        """
        if not is_key_name(name):
            raise FormatError(f"{name!r} cannot name a witness: no spaces, no plus sign, not empty")
        self._key = key
        self.verifier = CosignatureVerifier(name, _ED25519, key.public_key().public_bytes_raw())

    def sign(self, text: str, time: int) -> NoteSignature:
        """Cosigns a checkpoint's text as of a time (POSIX seconds)."""
        signature = self._key.sign(_ed25519_message(text, time))
        return NoteSignature(self.verifier.name, self.verifier.key_id, time.to_bytes(_TIME_SIZE) + signature)


def parse_log_key(vkey: str) -> LogVerifier:
    """Reads the vkey of a log: Ed25519 as in notes, or ML-DSA-44 as in cosignatures.

    Raises:
        FormatError: it is neither.
    """
    _, kind, _ = note.parse_vkey(vkey)
    return NoteVerifier.parse(vkey) if kind != _ML_DSA_44 else CosignatureVerifier.parse(vkey)


def add(signed: str, cosignatures: Iterable[NoteSignature]) -> str:
    """Puts cosignatures under a signed checkpoint; one of the same key is replaced.

    Raises:
        FormatError: it is no note.
    """
    parsed = note.parse(signed)
    lines = {(s.name, s.key_id): s for s in (*parsed.signatures, *cosignatures)}
    return note.write(parsed.text, lines.values())


def parse_lines(data: str) -> tuple[NoteSignature, ...]:
    """Reads signature lines as a witness answers them.

    Raises:
        FormatError: they are not signature lines.
    """
    return note.parse(f"\n\n{data}").signatures


def _ed25519_message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _ml_dsa_message(name: str, text: str, time: int) -> bytes:
    """The `cosigned_message` of a whole tree: its start is zero."""
    head = checkpoint.parse_extended(text)
    cosigner, origin = name.encode(), head.origin.encode()
    if max(len(cosigner), len(origin)) > _MAX_NAME or head.size >> 64:
        raise VerificationError("ML-DSA-44 signs no names longer than 255 bytes")
    return b"".join(
        (
            b"subtree/v1\n\0",
            bytes([len(cosigner)]) + cosigner,
            time.to_bytes(8),
            bytes([len(origin)]) + origin,
            (0).to_bytes(8),
            head.size.to_bytes(8),
            head.root,
        )
    )
