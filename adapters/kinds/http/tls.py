"""TLS towards a register: whom the broker trusts, and which certificate it shows."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from adapters.port import AccessRefused, Cause, Connection
from adapters.secrets import private_file

OPTIONS = frozenset({"ca", "certificate", "unsafe_plain_http"})


class Tls:
    """The TLS context of a connection, and until when its certificate holds.

    Options: `ca` (file with the authorities to trust, instead of the system's), `certificate` (the
    broker's own, PEM) with the secret `certificate_key`.
    """

    def __init__(self, connection: Connection) -> None:
        """Reads the files.

        Raises:
            ValueError: a file cannot be used; the message says which.
        """
        options = connection.options
        ca = options.get("ca")
        try:
            self.context = ssl.create_default_context(cafile=ca)
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"options.ca: {ca} holds no certificates that can be read") from error
        self._ends: datetime | None = None
        if "certificate" in options:
            self._show(connection, Path(options["certificate"]))

    def _show(self, connection: Connection, certificate: Path) -> None:
        key = private_file(connection.secrets, "certificate_key")
        try:
            loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
            self.context.load_cert_chain(certificate, key)
        except (OSError, ValueError) as error:  # SSLError is an OSError
            raise ValueError(
                f"options.certificate: {certificate} and {key} are no certificate and its key"
            ) from error
        self._ends = loaded.not_valid_after_utc

    def check(self) -> None:
        """Sees to it that an expired certificate is called that; a handshake would only break off.

        Raises:
            AccessRefused: it has expired.
        """
        if self._ends is not None and datetime.now(UTC) >= self._ends:
            raise AccessRefused(Cause.CREDENTIALS_EXPIRED)


def check_url(url: str, options: Mapping[str, str], name: str = "url") -> None:
    """Holds a URL to HTTPS; without it, keys and personal data would travel in the clear.

    Raises:
        ValueError: it is no URL of HTTP, carries credentials or a query, or is not encrypted although it
            leaves this machine.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{name} must begin with https:// and name a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(f"{name} must hold no credentials, query or fragment")
    unsafe = options.get("unsafe_plain_http", "false")
    if unsafe not in {"true", "false"}:
        raise ValueError("options.unsafe_plain_http must be true or false")
    if parts.scheme == "http" and unsafe == "false" and not _is_here(parts.hostname):
        raise ValueError(f"{name} must begin with https://; without it, keys and personal data can be read")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
