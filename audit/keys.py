"""Ed25519 private keys in PEM files."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from audit.files import KeyFileError, read_private


def load_ed25519(path: Path) -> Ed25519PrivateKey:
    """Reads a private key.

    Raises:
        KeyFileError: the file is missing, open to others, or holds no Ed25519 key.
    """
    try:
        key = load_pem_private_key(read_private(path), password=None)
    except (ValueError, TypeError) as error:  # TypeError: it is under a password
        raise KeyFileError(f"{path} holds no private key in PEM form without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} holds no Ed25519 key")
    return key
