"""A policy set as a bundle for an OPA server, signed so that OPA itself can tell whose it is.

The bundle is a gzipped tar of the modules, the data and a manifest that states the set's revision. The
signature is a JWT over the digest of each file (OPA documentation, "Bundles: Signing"). An OPA that is
given the key and the scope refuses a bundle that is unsigned, signed by another key, or differs in a file.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from audit.files import KeyFileError, read_private
from exchange.policy.policy_set import PolicySet

#: What a signature is for: a key that signs other bundles too cannot pass one of them off as law.
SCOPE = "hjemmel.policy"
_SIGNATURES = "/.signatures.json"
_MIN_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class BundleSigner:
    """Signs bundles.

    Attributes:
        key: the private key; P-256 signs as ES256, RSA as RS256. OPA verifies no EdDSA.
        key_id: the name under which OPA is configured with the public key.
        scope: what the signature is for; OPA must be configured with the same.
    """

    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    key_id: str
    scope: str = SCOPE

    @classmethod
    def load(cls, path: Path, key_id: str) -> BundleSigner:
        """Reads the key from a PEM file of mode 0600.

        Raises:
            KeyFileError: it is missing, open to others, or no key that OPA can verify by.
        """
        try:
            key = load_pem_private_key(read_private(path), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyFileError(f"{path} is no private key in PEM without a password") from error
        if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
            return cls(key, key_id)
        if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _MIN_RSA_BITS:
            return cls(key, key_id)
        raise KeyFileError(f"{path} signs no bundle: OPA needs a P-256 key, or RSA of {_MIN_RSA_BITS} bits")

    @property
    def algorithm(self) -> str:
        """The JWA name of the algorithm, as OPA's configuration spells it."""
        return "RS256" if isinstance(self.key, rsa.RSAPrivateKey) else "ES256"

    def sign(self, files: Mapping[str, bytes]) -> bytes:
        """Gives the file of signatures for files by path; JSON among them is in the form of `_json`."""
        digests = [
            {"name": path.removeprefix("/"), "hash": sha256(content).hexdigest(), "algorithm": "SHA-256"}
            for path, content in sorted(files.items())
        ]
        claims = {"files": digests, "keyid": self.key_id, "scope": self.scope}
        token = jwt.encode(claims, self.key, self.algorithm, headers={"kid": self.key_id})
        return _json({"signatures": [token]})


def pack(policies: PolicySet, signer: BundleSigner | None = None) -> bytes:
    """Packs a set as a bundle. Unsigned, the same set gives the same bytes."""
    files = {f"/{path}": text.encode() for path, text in policies.modules.items()}
    files["/data.json"] = _json(policies.data)
    # The root is the bundle's own as a whole, so that OPA lets nobody write beside it through its API.
    files["/.manifest"] = _json({"revision": policies.revision, "roots": [""]})
    if signer is not None:
        files[_SIGNATURES] = signer.sign(files)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, content in sorted(files.items()):
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)


def _json(document: Mapping[str, Any]) -> bytes:
    """Writes JSON in the very form that OPA hashes: keys sorted, no spaces, as Go escapes it.

    So the digest that a signature needs is the one of the file's bytes, as for a module.
    """
    written = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    for separator in ("\u2028", "\u2029"):
        written = written.replace(separator.encode(), f"\\u{ord(separator):04x}".encode())
    return written
