"""What a client signs and connects with, and what it trusts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import grpc
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from audit.errors import FormatError
from audit.files import read_private
from audit.formats import tlog_policy
from audit.formats.note import NoteVerifier
from audit.formats.tlog_policy import Policy

RequestKey = EllipticCurvePrivateKey | Ed25519PrivateKey


class CredentialsError(ValueError):
    """A file of the credentials is missing or wrong; the message says which."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An organisation's certificate and keys, and the log's public key.

    Attributes:
        cvr: CVR number of the organisation.
        certificate: its certificate chain, PEM.
        certificate_key: the certificate's private key, PEM.
        request_key: the private key that requests are signed with.
        request_key_id: its name in the organisation's JWKS.
        algorithm: ES256 or EdDSA, as the key is.
        audience: name of the exchange that requests are signed for.
        ca: authority that issued the broker's certificate, PEM.
        log: the public key of the audit log.
        memory: file in which the last checkpoint is remembered; nothing to remember it in memory only.
            Evidence of a fork is written beside it.
        policy: whose cosignatures a fetched receipt must carry; nothing where the log's word is enough.
    """

    cvr: str
    certificate: bytes
    certificate_key: bytes
    request_key: RequestKey
    request_key_id: str
    algorithm: str
    audience: str
    ca: bytes
    log: NoteVerifier
    memory: Path | None = None
    policy: Policy | None = None

    @classmethod
    def load(cls, folder: Path) -> Credentials:
        """Reads `client.json` in a folder and the files that it names.

        Raises:
            CredentialsError: a file or field is missing or wrong.
            KeyFileError: a private key is missing or open to others.
        """
        try:
            document = json.loads((folder / "client.json").read_text("utf-8"))
            key = load_pem_private_key(read_private(folder / document["request_key"]), password=None)
            if not isinstance(key, EllipticCurvePrivateKey | Ed25519PrivateKey) or _algorithm(key) is None:
                raise CredentialsError("the request key must be of P-256 or Ed25519")
            if document["algorithm"] != _algorithm(key):
                raise CredentialsError(f"the request key signs with {_algorithm(key)}: correct the algorithm")
            log = NoteVerifier.parse((folder / document["log_vkey"]).read_text("utf-8"))
            policy = tlog_policy.read(folder / document["policy"]) if "policy" in document else None
            if policy and policy.logs and log not in policy.logs:
                raise CredentialsError(f"{document['policy']} does not list the log {log.vkey}")
            return cls(
                cvr=document["cvr"],
                certificate=(folder / document["certificate"]).read_bytes(),
                certificate_key=read_private(folder / document["certificate_key"]),
                request_key=key,
                request_key_id=document["request_key_id"],
                algorithm=document["algorithm"],
                audience=document["audience"],
                ca=(folder / document["ca"]).read_bytes(),
                log=log,
                memory=folder / "last-checkpoint",
                policy=policy,
            )
        except OSError as error:
            raise CredentialsError(f"{error.filename} cannot be read: {error.strerror}") from error
        except KeyError as error:
            raise CredentialsError(f"{folder / 'client.json'} lacks the field {error}") from error
        except (TypeError, ValueError, FormatError) as error:
            raise CredentialsError(f"the credentials in {folder} do not hold: {error}") from error

    def channel(self) -> grpc.ChannelCredentials:
        """Credentials for mutual TLS."""
        return grpc.ssl_channel_credentials(self.ca, self.certificate_key, self.certificate)


def _algorithm(key: RequestKey) -> str | None:
    if isinstance(key, Ed25519PrivateKey):
        return "EdDSA"
    return "ES256" if isinstance(key.curve, SECP256R1) else None
