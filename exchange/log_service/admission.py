"""Which processes may write to a log from another host: those on the list, and by default nobody."""

from __future__ import annotations

from collections.abc import Collection

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from exchange.errors import Refused
from exchange.identity.certificate import caller_of

_ORGANISATION = "organisation:"
_FINGERPRINT = "sha256:"


class Admission:
    """A list of certificates and organisations."""

    def __init__(self, allowed: Collection[str]) -> None:
        """Takes the list: `organisation:<CVR number>` or `sha256:<fingerprint>` each."""
        self._allowed = frozenset(allowed)

    def admits(self, pem: bytes) -> bool:
        """Tells whether the holder of a client certificate may write. TLS has verified the chain."""
        try:
            fingerprint = x509.load_pem_x509_certificate(pem).fingerprint(hashes.SHA256()).hex()
        except ValueError:
            return False
        if f"{_FINGERPRINT}{fingerprint}" in self._allowed:
            return True
        try:
            return f"{_ORGANISATION}{caller_of(pem).cvr}" in self._allowed
        except Refused:  # it names no organisation
            return False
