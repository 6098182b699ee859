"""A signed bundle, held against OPA's own verification: the whole of it as signed, or nothing."""

from __future__ import annotations

import base64
import gzip
import io
import json
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from audit.files import KeyFileError, write_private
from exchange.policy.bundle import SCOPE, BundleSigner, pack
from exchange.policy.policy_set import PolicySet
from tests.support.opa import tool

Files = dict[str, bytes]
SIGNATURES = "/.signatures.json"


def unpacked(bundle: bytes) -> Files:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(bundle))) as archive:
        files = {member.name: archive.extractfile(member) for member in archive.getmembers()}
        return {name: file.read() for name, file in files.items() if file}


def packed(*files: tuple[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as archive:
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(written.getvalue())


def public(signer: BundleSigner) -> bytes:
    return signer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class Verified(NamedTuple):
    """What OPA said to a bundle."""

    accepted: bool
    said: str


class Opa:
    """OPA's verification, as its server does it when it loads a bundle."""

    def __init__(self, folder: Path, signer: BundleSigner) -> None:
        self._folder = folder
        self._signer = signer
        (folder / "policy.pub.pem").write_bytes(public(signer))

    def verify(self, bundle: bytes, scope: str = SCOPE) -> Verified:
        (self._folder / "bundle.tar.gz").write_bytes(bundle)
        given = {
            "verification-key": self._folder / "policy.pub.pem",
            "verification-key-id": self._signer.key_id,
            "signing-alg": self._signer.algorithm,
            "scope": scope,
            "output": self._folder / "built.tar.gz",
        }
        options = [f"--{name}={value}" for name, value in given.items()]
        command = [tool("opa"), "build", "--bundle", self._folder / "bundle.tar.gz", *options]
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
        return Verified(done.returncode == 0, done.stdout + done.stderr)


@pytest.fixture
def signer(keys: Path) -> BundleSigner:
    """The key that `hjemmel pki init` makes."""
    return BundleSigner.load(keys / "policy.key", "policy-1")


@pytest.fixture
def opa(tmp_path: Path, signer: BundleSigner) -> Opa:
    """OPA with the public half of it."""
    return Opa(tmp_path, signer)


def test_signed_bundle_is_accepted(opa: Opa, signer: BundleSigner, policies: PolicySet) -> None:
    """OPA finds every file as it was signed."""
    assert (True, "") == opa.verify(pack(policies, signer))


def test_bundle_signed_by_an_rsa_key_is_accepted(tmp_path: Path, policies: PolicySet) -> None:
    """Where an organisation's keys are RSA, they will do."""
    signer = BundleSigner(rsa.generate_private_key(65537, 2048), "policy-1")
    assert (True, "") == Opa(tmp_path, signer).verify(pack(policies, signer))


def test_digests_are_those_of_opa_whatever_the_data_holds(
    opa: Opa, signer: BundleSigner, policies: PolicySet
) -> None:
    """Characters that JSON escapes, keys beyond the basic plane, odd numbers: all are signed right."""
    odd = [chr(n) for n in (*range(0x20), 0x22, 0x26, 0x3C, 0x3E, 0x5C, 0x7F, 0x85, 0xE5, 0x2028, 0x2029)]
    odd += ["\ue000", "\ufffd", "\U0001f600", "a\u2028b"]
    numbers = [0, -1, 0.1, 1e16, 1e-7, 1.5e300, 2**63 - 1, -(2**63), 1.0]
    data = {**policies.data, "odd": {**{key: key for key in odd}, "numbers": numbers, "empty": [{}, [], ""]}}
    assert (True, "") == opa.verify(pack(PolicySet(policies.modules, data), signer))


# What must not pass


def changed(path: str, old: bytes, new: bytes) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        assert old in files[path]
        files[path] = files[path].replace(old, new, 1)

    return change


def added(path: str, content: bytes) -> Callable[[Files], None]:
    return lambda files: files.update({path: content})


def token(files: Files) -> str:
    return str(json.loads(files[SIGNATURES])["signatures"][0])


def signatures(*tokens: str) -> Callable[[Files], None]:
    return added(SIGNATURES, json.dumps({"signatures": tokens}).encode())


def without_algorithm(files: Files) -> None:
    _, claims, _ = token(files).split(".")
    header = base64.urlsafe_b64encode(b'{"alg":"none","kid":"policy-1"}').rstrip(b"=").decode()
    signatures(f"{header}.{claims}.")(files)


def with_claims(**claims: Any) -> Callable[[Files], None]:
    """Changes what is signed, and keeps the signature."""

    def change(files: Files) -> None:
        header, body, signature = token(files).split(".")
        old = json.loads(base64.urlsafe_b64decode(body + "=="))
        new = base64.urlsafe_b64encode(json.dumps({**old, **claims}).encode()).rstrip(b"=").decode()
        signatures(f"{header}.{new}.{signature}")(files)

    return change


TAMPERED = {
    "a byte of the data": changed("/data.json", b'"92000028"', b'"92000029"'),
    "a byte of a module": changed(
        "/decision/decision.rego", b"default allow := false", b"default allow := true "
    ),
    "the revision": changed("/.manifest", b'"revision":"', b'"revision":"0'),
    "the roots": changed("/.manifest", b'[""]', b'["decision"]'),
    "a module added": added("/extra.rego", b"package decision\n\nallow := true\n"),
    "data added": added("/extra/data.json", b"{}"),
    "a manifest of another form added": added("/.manifest.pb", b""),
    "a module removed": lambda files: files.pop("/terms/terms.rego"),
    "the data removed": lambda files: files.pop("/data.json"),
    "the signature removed": lambda files: files.pop(SIGNATURES),
    "no signature in the file": signatures(),
    "an empty signature": signatures(""),
    "a signature without algorithm": without_algorithm,
    "other digests under the signature": with_claims(files=[]),
    "another scope under the signature": with_claims(scope="other"),
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED.keys())
def test_what_is_not_as_signed_is_refused(
    opa: Opa, signer: BundleSigner, policies: PolicySet, tamper: Callable[[Files], Any]
) -> None:
    """Whatever differs from what was signed, OPA loads none of it."""
    files = unpacked(pack(policies, signer))
    assert opa.verify(packed(*files.items())).accepted
    tamper(files)
    assert not opa.verify(packed(*files.items())).accepted


def test_file_that_is_there_twice_is_refused(opa: Opa, signer: BundleSigner, policies: PolicySet) -> None:
    """A second copy under the same name does not slip in behind the one that was signed."""
    files = unpacked(pack(policies, signer))
    twice = ("/decision/decision.rego", b"package decision\n\nallow := true\n")
    assert not opa.verify(packed(*files.items(), twice)).accepted


def test_another_key_is_refused(opa: Opa, signer: BundleSigner, policies: PolicySet) -> None:
    """A key of the same kind, under the same name, is not the key."""
    other = replace(signer, key=ec.generate_private_key(ec.SECP256R1()))
    verified = opa.verify(pack(policies, other))
    assert not verified.accepted
    assert "failed to verify JWT signature" in verified.said


def test_public_key_as_a_secret_is_refused(opa: Opa, signer: BundleSigner, policies: PolicySet) -> None:
    """Who only knows the public key cannot sign with it as a shared secret."""
    files = unpacked(pack(policies, signer))
    claims = jwt.decode(token(files), options={"verify_signature": False})
    secret = jwt.api_jws.PyJWS(algorithms=["HS256"])
    secret._algorithms["HS256"].prepare_key = lambda key: key  # type: ignore[method-assign]
    forged = secret.encode(json.dumps(claims).encode(), public(signer), "HS256", {"kid": "policy-1"})
    signatures(forged)(files)
    assert not opa.verify(packed(*files.items())).accepted


@pytest.mark.parametrize("scope", ["", "other", "hjemmel.policy2"])
def test_another_scope_is_refused(opa: Opa, signer: BundleSigner, policies: PolicySet, scope: str) -> None:
    """A bundle that the same key signed for something else is not law, in either direction."""
    assert not opa.verify(pack(policies, replace(signer, scope=scope))).accepted
    assert "scope mismatch" in opa.verify(pack(policies, signer), scope).said


def test_key_that_opa_does_not_know_is_refused(
    tmp_path: Path, signer: BundleSigner, policies: PolicySet
) -> None:
    """An OPA that lets the signature name its key finds only the keys that it was given."""
    (tmp_path / "bundle.tar.gz").write_bytes(pack(policies, replace(signer, key_id="policy-2")))
    config = {
        "keys": {"policy-1": {"key": public(signer).decode(), "algorithm": "ES256"}},
        "bundles": {"hjemmel": {"resource": f"file://{tmp_path}/bundle.tar.gz", "signing": {"scope": SCOPE}}},
    }
    (tmp_path / "opa.json").write_text(json.dumps(config))
    command = [tool("opa"), "exec", "--config-file", tmp_path / "opa.json", "--decision", "batch/decisions"]
    command += ["--timeout", "3s", tmp_path / "opa.json"]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "verification key corresponding to ID policy-2 not found" in done.stdout + done.stderr


# Keys


def pem(key: Any, password: bytes | None = None) -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))


UNFIT = {
    "Ed25519": lambda: pem(ed25519.Ed25519PrivateKey.generate()),
    "another curve": lambda: pem(ec.generate_private_key(ec.SECP384R1())),
    "a short RSA key": lambda: pem(rsa.generate_private_key(65537, 1024)),
    "a password": lambda: pem(ec.generate_private_key(ec.SECP256R1()), b"secret"),
    "a public key": lambda: public(BundleSigner(ec.generate_private_key(ec.SECP256R1()), "x")),
    "no PEM": lambda: b"policy",
}


@pytest.mark.parametrize("make", UNFIT.values(), ids=UNFIT.keys())
def test_key_that_opa_could_not_verify_by_is_refused(tmp_path: Path, make: Callable[[], bytes]) -> None:
    """The file is named, before anything is signed with it."""
    write_private(tmp_path / "unfit.key", make())
    with pytest.raises(KeyFileError, match=r"unfit\.key"):
        BundleSigner.load(tmp_path / "unfit.key", "policy-1")


def test_key_that_others_can_read_is_refused(keys: Path, tmp_path: Path) -> None:
    """As with every private key."""
    (tmp_path / "open.key").write_bytes((keys / "policy.key").read_bytes())
    (tmp_path / "open.key").chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        BundleSigner.load(tmp_path / "open.key", "policy-1")
