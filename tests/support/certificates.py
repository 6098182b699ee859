"""Certificates that the development authority issued, and that it would never have issued."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from tests.support.raw import TlsIdentity

_DAY = timedelta(days=1)


def issue(
    keys: Path | None, identifiers: Sequence[str], *, begins: timedelta = -_DAY, ends: timedelta = _DAY
) -> TlsIdentity:
    """Makes a client certificate.

    Args:
        keys: folder of the authority that signs; an authority nobody knows where there is none.
        identifiers: its organizationIdentifier attributes, e.g. `NTRDK-91000008`.
        begins: when it begins to hold, from now.
        ends: when it ends to hold, from now.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    authority_key, issuer = _authority(keys)
    names = [x509.NameAttribute(NameOID.COMMON_NAME, "Somebody")]
    names += [x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, i) for i in identifiers]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(names))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .sign(authority_key, hashes.SHA256())
    )
    return TlsIdentity(
        certificate.public_bytes(Encoding.PEM),
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def fingerprint(identity: TlsIdentity) -> str:
    """The SHA-256 by which a certificate is bound to a participant."""
    certificate = x509.load_pem_x509_certificate(identity.certificate)
    return certificate.fingerprint(hashes.SHA256()).hex()


def _authority(keys: Path | None) -> tuple[ec.EllipticCurvePrivateKey, x509.Name]:
    if keys is None:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Hjemmel development CA")])
        return ec.generate_private_key(ec.SECP256R1()), name
    key = load_pem_private_key((keys / "ca.key").read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key, x509.load_pem_x509_certificate((keys / "ca.pem").read_bytes()).subject
