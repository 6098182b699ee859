"""The participants: authorities that may connect, with their certificates, keys and delegations.

They stand in one JSON file, read anew when it changes, so that a revocation takes effect within a
second and without a restart. A file that does not hold is refused whole, and the last good one stays
in force.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from exchange.model.identifiers import is_cvr

_log = logging.getLogger(__name__)
_LOOK_EVERY = 1.0  # seconds


class ParticipantsError(ValueError):
    """The file of participants is wrong; the message names the place."""


def _cvr(value: str) -> str:
    if not is_cvr(value):
        raise ValueError("not a CVR number: 8 digits with a valid check digit")
    return value


Cvr = Annotated[str, AfterValidator(_cvr)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Delegation(_Strict):
    """What a consumer lets a processor do in its name. Days are inclusive."""

    processor: Cvr
    datasets: tuple[str, ...]
    purposes: tuple[str, ...]
    valid_from: date
    valid_to: date | None = None

    def covers(self, processor: str, dataset: str, purpose: str, day: date) -> bool:
        """Tells whether this lets a processor ask for a dataset and purpose on a day."""
        return (
            self.processor == processor
            and dataset in self.datasets
            and purpose in self.purposes
            and self.valid_from <= day
            and (self.valid_to is None or day <= self.valid_to)
        )


class _Entry(_Strict):
    cvr: Cvr
    name: str
    status: Literal["active", "revoked"]
    certificates: tuple[str, ...]
    jwks: dict[str, list[dict[str, Any]]]
    delegations: tuple[Delegation, ...] = ()


class _File(_Strict):
    participants: tuple[_Entry, ...]


@dataclass(frozen=True, slots=True)
class Participant:
    """An organisation that takes part.

    Attributes:
        certificates: SHA-256 fingerprints (hex) of the certificates bound to it.
        keys: its request keys by key id (kid), with the one algorithm each is used with.
        delegations: what it lets processors do in its name.
    """

    cvr: str
    name: str
    active: bool
    certificates: frozenset[str]
    keys: Mapping[str, jwt.PyJWK]
    delegations: tuple[Delegation, ...]


class FileParticipants:
    """The participants of one file."""

    def __init__(self, path: Path) -> None:
        """Reads the file.

        Raises:
            ParticipantsError: it is missing or wrong.
        """
        self._path = path
        self._seen = 0.0
        self._changed = self._stat()
        self._participants = read(path)

    def find(self, cvr: str) -> Participant | None:
        """Finds a participant by its CVR number."""
        now = time.monotonic()
        if now - self._seen > _LOOK_EVERY:
            self._seen = now
            self._refresh()
        return self._participants.get(cvr)

    def _refresh(self) -> None:
        changed = self._stat()
        if changed == self._changed:
            return
        self._changed = changed
        try:
            self._participants = read(self._path)
        except ParticipantsError as error:
            _log.error("participants_refused", extra={"problem": str(error)})

    def _stat(self) -> tuple[int, int]:
        try:
            status = self._path.stat()
        except OSError:
            return (0, 0)
        return (status.st_mtime_ns, status.st_size)


def read(path: Path) -> Mapping[str, Participant]:
    """Reads a file of participants whole.

    Raises:
        ParticipantsError: it is missing, no JSON, or holds something that cannot be.
    """
    try:
        document = _File.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ParticipantsError(f"{path} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ParticipantsError(f"{path}: {place}: {first['msg']}") from error
    participants = {}
    for entry in document.participants:
        if entry.cvr in participants:
            raise ParticipantsError(f"{path}: {entry.cvr} is listed twice")
        participants[entry.cvr] = Participant(
            entry.cvr,
            entry.name,
            entry.status == "active",
            frozenset(entry.certificates),
            _keys(path, entry),
            entry.delegations,
        )
    return participants


def _keys(path: Path, entry: _Entry) -> dict[str, jwt.PyJWK]:
    keys = {}
    for number, document in enumerate(entry.jwks.get("keys", [])):
        if "d" in document:
            raise ParticipantsError(f"{path}: {entry.cvr}: key {number} is a private key: remove it")
        try:
            key = jwt.PyJWK(document)
        except (jwt.PyJWTError, NotImplementedError, TypeError, ValueError) as error:
            problem = str(error) or "is no key"
            raise ParticipantsError(f"{path}: {entry.cvr}: key {number}: {problem}") from error
        if not isinstance(key.key_id, str) or not key.key_id or key.key_id in keys or not _is_allowed(key):
            raise ParticipantsError(
                f"{path}: {entry.cvr}: key {number} needs a kid of its own and alg ES256 or EdDSA, "
                "with a key of P-256 or Ed25519"
            )
        keys[key.key_id] = key
    return keys


def _is_allowed(key: jwt.PyJWK) -> bool:
    if isinstance(key.key, EllipticCurvePublicKey):
        return key.algorithm_name == "ES256" and isinstance(key.key.curve, SECP256R1)
    return key.algorithm_name == "EdDSA" and isinstance(key.key, Ed25519PublicKey)
