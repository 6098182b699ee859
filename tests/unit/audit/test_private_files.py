"""Private keys lie in files of mode 0600, or are not used."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from audit.files import KeyFileError, read_private, write_private
from audit.log import load_signer
from tests.support.logs import signing_key_pem


def test_written_file_is_its_owners_alone(tmp_path: Path) -> None:
    """A key file is made with mode 0600, and read back."""
    path = tmp_path / "key"
    write_private(path, b"secret")
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    assert b"secret" == read_private(path)


def test_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    """A key that is there stays there."""
    path = tmp_path / "key"
    write_private(path, b"first")
    with pytest.raises(KeyFileError, match="cannot be written"):
        write_private(path, b"second")
    assert b"first" == read_private(path)


@pytest.mark.parametrize("mode", [0o601, 0o602, 0o604, 0o610, 0o620, 0o640, 0o644, 0o666, 0o777])
def test_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    """Any access of group or others makes a key file unusable, and the message says what to do."""
    path = tmp_path / "key"
    path.write_bytes(b"secret")
    path.chmod(mode)
    with pytest.raises(KeyFileError, match=f"mode 0{mode:o}.*chmod 600"):
        read_private(path)


@pytest.mark.parametrize("mode", [0o400, 0o600, 0o700])
def test_file_of_its_owner_alone_is_read(tmp_path: Path, mode: int) -> None:
    """What only the owner can reach is taken."""
    path = tmp_path / "key"
    path.write_bytes(b"secret")
    path.chmod(mode)
    assert b"secret" == read_private(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    """The message names the file, and how to make one."""
    with pytest.raises(KeyFileError, match=r"nowhere.*hjemmel pki init"):
        read_private(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no private key in PEM form"),
        (b"garbage", "no private key in PEM form"),
        (
            ec.generate_private_key(ec.SECP256R1()).private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ),
            "no Ed25519 key",
        ),
    ],
    ids=["empty", "garbage", "another kind"],
)
def test_file_without_a_log_key_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    """A log is signed with an Ed25519 key in PEM form, or not at all."""
    write_private(tmp_path / "log.pem", content)
    with pytest.raises(KeyFileError, match=problem):
        load_signer("hjemmel.example/log", tmp_path / "log.pem")


def test_encrypted_key_is_refused_with_its_reason(tmp_path: Path) -> None:
    """A key under a password is a KeyFileError too, not a crash."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        BestAvailableEncryption,
    )

    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
    )
    write_private(tmp_path / "log.pem", pem)
    with pytest.raises(KeyFileError):
        load_signer("hjemmel.example/log", tmp_path / "log.pem")


def test_log_key_signs_under_its_origin(tmp_path: Path) -> None:
    """A key that is well kept is loaded, and its name is the log's origin."""
    write_private(tmp_path / "log.pem", signing_key_pem())
    assert "hjemmel.example/log" == load_signer("hjemmel.example/log", tmp_path / "log.pem").verifier.name
