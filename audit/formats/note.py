"""Signed notes (c2sp.org/signed-note v1.0.0): a text, and lines of signatures under it.

Strict in what it takes: anything that could be read in two ways is refused.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.errors import FormatError, VerificationError

_ED25519 = 0x01
_KEY_SIZE = 32
_KEY_ID_SIZE = 4
_DASH = "\N{EM DASH} "
MAX_SIGNATURES = 100
_UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who signed, by which key id (4 bytes), and the signature's bytes."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line as it stands under a note, with its newline."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and its signatures."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def signed_by(self, name: str, key_id: bytes) -> list[NoteSignature]:
        """Gives the signature lines that claim to be of a key."""
        return [s for s in self.signatures if (s.name, s.key_id) == (name, key_id)]


class NoteSigner(Protocol):
    """Signs notes. Behind it may be a key file or a hardware module."""

    @property
    def verifier(self) -> NoteVerifier:
        """The public half."""

    def sign(self, text: str) -> NoteSignature:
        """Signs a text."""


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """An Ed25519 verification key with its name."""

    name: str
    public_key: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of `SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)`."""
        return key_id(self.name, _ED25519, self.public_key)

    @property
    def vkey(self) -> str:
        """The textual form: `name+hex(key id)+base64(0x01 ‖ public key)`."""
        return write_vkey(self.name, _ED25519, self.public_key)

    @classmethod
    def parse(cls, vkey: str) -> NoteVerifier:
        """Reads the textual form.

        Raises:
            FormatError: it is no Ed25519 vkey, or its key id does not match its key.
        """
        name, kind, key = parse_vkey(vkey)
        if kind != _ED25519 or len(key) != _KEY_SIZE:
            raise FormatError("not an Ed25519 verifier key of the form name+id+base64")
        return cls(name, key)

    def verify(self, note: Note) -> None:
        """Checks that a note carries this key's signature.

        Raises:
            VerificationError: it carries none, or one that does not hold.
        """
        mine = note.signed_by(self.name, self.key_id)
        if not mine:
            raise VerificationError(f"the note is not signed by {self.name}+{self.key_id.hex()}")
        try:
            for signature in mine:
                key = Ed25519PublicKey.from_public_bytes(self.public_key)
                key.verify(signature.signature, note.text.encode())
        except (InvalidSignature, ValueError) as error:  # ValueError: the key is no point of the curve
            raise VerificationError(f"the signature of {self.name} does not hold") from error


class Ed25519Signer:
    """Signs notes with an Ed25519 private key held in memory."""

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        """Takes the key's name, which for a log is its origin, and the key.

        Raises:
            FormatError: the name is empty or holds a space or a plus sign.
        """
        if not is_key_name(name):
            raise FormatError(f"{name!r} cannot name a key: no spaces, no plus sign, not empty")
        self._key = key
        self._verifier = NoteVerifier(name, key.public_key().public_bytes_raw())

    @property
    def verifier(self) -> NoteVerifier:
        """The public half."""
        return self._verifier

    def sign(self, text: str) -> NoteSignature:
        """Signs a text."""
        return NoteSignature(self._verifier.name, self._verifier.key_id, self._key.sign(text.encode()))


def is_key_name(name: str) -> bool:
    """Tells whether a name can stand on a signature line."""
    return bool(name) and name.isprintable() and "+" not in name and not any(c.isspace() for c in name)


def key_id(name: str, kind: int, key: bytes) -> bytes:
    """Gives the first four bytes of `SHA-256(name ‖ 0x0A ‖ kind ‖ public key)`."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:_KEY_ID_SIZE]


def write_vkey(name: str, kind: int, key: bytes) -> str:
    """Writes a verifier key: `name+hex(key id)+base64(kind ‖ public key)`."""
    encoded = base64.b64encode(bytes([kind]) + key).decode()
    return f"{name}+{key_id(name, kind, key).hex()}+{encoded}"


def parse_vkey(vkey: str) -> tuple[str, int, bytes]:
    """Reads a verifier key of any kind: its name, its signature type, its public key.

    Raises:
        FormatError: it is not one, or its key id does not belong to its key.
    """
    name, _, rest = vkey.strip().partition("+")
    written, _, encoded = rest.partition("+")
    key = _base64(encoded, "the key of a vkey")
    if not is_key_name(name) or not key:
        raise FormatError("a verifier key has the form name+id+base64")
    if key_id(name, key[0], key[1:]).hex() != written:
        raise FormatError("the key id of the verifier key does not belong to its key")
    return name, key[0], key[1:]


def write(text: str, signatures: Iterable[NoteSignature]) -> str:
    """Puts a note together."""
    return f"{text}\n{''.join(s.line for s in signatures)}"


def parse(data: str) -> Note:
    """Takes a note apart.

    Raises:
        FormatError: it is not a note.
    """
    if _UNSAFE.search(data):
        raise FormatError("a note holds no control characters, and only what has a form in UTF-8")
    text, separator, tail = data.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise FormatError("a note has an empty line between its text and its signatures")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise FormatError(f"a note with more than {MAX_SIGNATURES} signatures is not read")
    return Note(text + "\n", tuple(_signature(line) for line in lines))


def _signature(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    signature = _base64(encoded, "a signature line")
    if not line.startswith(_DASH) or not is_key_name(name) or len(signature) <= _KEY_ID_SIZE:
        raise FormatError("a signature line has the form '— name base64'")
    return NoteSignature(name, signature[:_KEY_ID_SIZE], signature[_KEY_ID_SIZE:])


def _base64(text: str, what: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError(f"{what} is not base64") from error
    if base64.b64encode(data).decode() != text:
        raise FormatError(f"{what} is not in canonical base64")
    return data
