"""A development PKI: a certificate authority, organisation certificates, request keys, log keys.

For tests and the demo. In production the certificates come from a trust service (OCES3), and the
request keys from each authority.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from audit.files import KeyFileError, write_private
from audit.formats.note import NoteVerifier

_VALIDITY = timedelta(days=825)
_FILES = (
    *("ca.pem", "ca.key", "broker.pem", "broker.key", "log.key", "log.vkey", "vault.key"),
    *("policy.key", "policy.pub.pem", "participants.json"),
)
_BACKDATED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation to make a certificate and a request key for."""

    slug: str
    cvr: str
    name: str
    active: bool = True
    delegations: tuple[dict[str, Any], ...] = ()


def init(
    folder: Path,
    organisations: tuple[Organisation, ...],
    *,
    audience: str,
    origin: str,
    hosts: tuple[str, ...],
) -> None:
    """Makes everything a broker and its participants need, below one folder.

    ca.pem, ca.key; broker.pem, broker.key; log.key and log.vkey; vault.key; policy.key and
    policy.pub.pem, for bundles; participants.json; and for each organisation a folder with cert.pem,
    cert.key, request.key and client.json.

    Raises:
        KeyFileError: the folder holds keys already; they are never overwritten.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in (*(folder / name for name in _FILES), *(folder / o.slug for o in organisations)):
        if path.exists():
            raise KeyFileError(f"{path} exists, and no key is ever overwritten: choose another folder")
    authority = _Authority.create(folder)
    broker_key = ec.generate_private_key(ec.SECP256R1())
    names = [_alternative_name(h) for h in hosts]
    broker = authority.issue(
        _name("Hjemmel broker"),
        broker_key.public_key(),
        [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH],  # also of the log's service
        names,
    )
    _write_key(folder / "broker.key", broker_key)
    (folder / "broker.pem").write_bytes(broker.public_bytes(Encoding.PEM))
    log_key = ed25519.Ed25519PrivateKey.generate()
    _write_key(folder / "log.key", log_key)
    vkey = NoteVerifier(origin, log_key.public_key().public_bytes_raw()).vkey
    (folder / "log.vkey").write_text(vkey + "\n")
    write_private(folder / "vault.key", os.urandom(32))
    policy_key = ec.generate_private_key(ec.SECP256R1())  # OPA verifies no Ed25519
    _write_key(folder / "policy.key", policy_key)
    public = policy_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "policy.pub.pem").write_bytes(public)
    participants = [_organisation(folder / o.slug, o, authority, audience) for o in organisations]
    (folder / "participants.json").write_text(
        json.dumps({"participants": participants}, indent=2, ensure_ascii=False) + "\n"
    )


class _Authority:
    """The development certificate authority."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._certificate = certificate

    @classmethod
    def create(cls, folder: Path) -> _Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Hjemmel development CA")
        certificate = (
            _builder(name, name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(certificates=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        _write_key(folder / "ca.key", key)
        (folder / "ca.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        return cls(key, certificate)

    def issue(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        usages: list[x509.ObjectIdentifier],
        names: list[x509.GeneralName],
    ) -> x509.Certificate:
        builder = (
            _builder(subject, self._certificate.subject, key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _organisation(
    folder: Path, organisation: Organisation, authority: _Authority, audience: str
) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    tls_key = ec.generate_private_key(ec.SECP256R1())
    certificate = authority.issue(
        _name(organisation.name, organisation.cvr),
        tls_key.public_key(),
        [ExtendedKeyUsageOID.CLIENT_AUTH],
        [],
    )
    _write_key(folder / "cert.key", tls_key)
    (folder / "cert.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    request_key = ec.generate_private_key(ec.SECP256R1())
    _write_key(folder / "request.key", request_key)
    key_id = f"{organisation.slug}-1"
    client = {
        "cvr": organisation.cvr,
        "name": organisation.name,
        "certificate": "cert.pem",
        "certificate_key": "cert.key",
        "request_key": "request.key",
        "request_key_id": key_id,
        "algorithm": "ES256",
        "audience": audience,
        "ca": "../ca.pem",
        "log_vkey": "../log.vkey",
    }
    (folder / "client.json").write_text(json.dumps(client, indent=2, ensure_ascii=False) + "\n")
    return {
        "cvr": organisation.cvr,
        "name": organisation.name,
        "status": "active" if organisation.active else "revoked",
        "certificates": [certificate.fingerprint(hashes.SHA256()).hex()],
        "jwks": {"keys": [public_jwk(request_key.public_key(), key_id)]},
        "delegations": list(organisation.delegations),
    }


def public_jwk(key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey, key_id: str) -> dict[str, Any]:
    """Gives the JWK (RFC 7517) of a public request key."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        document = jwt.algorithms.ECAlgorithm.to_jwk(key, as_dict=True)
        return {**document, "kid": key_id, "alg": "ES256", "use": "sig"}
    document = jwt.algorithms.OKPAlgorithm.to_jwk(key, as_dict=True)
    return {**document, "kid": key_id, "alg": "EdDSA", "use": "sig"}


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _VALIDITY)
    )


def _name(common_name: str, cvr: str | None = None) -> x509.Name:
    attributes = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "DK"),
        x509.NameAttribute(NameOID.COMMON_NAME, common_name),
    ]
    if cvr:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, common_name))
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, f"NTRDK-{cvr}"))
    return x509.Name(attributes)


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> None:
    write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
