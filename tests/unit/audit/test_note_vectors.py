"""Notes and keys against those that others publish.

Go's own implementation (golang.org/x/mod/sumdb/note), and the examples of c2sp.org/signed-note and
c2sp.org/tlog-checkpoint.
"""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import VerificationError
from audit.formats import checkpoint, note
from audit.formats.note import Ed25519Signer, NoteVerifier

TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"  # published beside it
SIGNATURES = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpR"
    "Zb6KE6RyyBwJnAM=\n"
)
SECOND = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33"
    "WWd1RvMc+QQ=\n"
)
SUMDB_VKEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"

C2SP_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1"
    "ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
C2SP_CHECKPOINT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def test_the_specifications_note_verifies() -> None:
    """The example of c2sp.org/signed-note: its key is read and written back, its signature holds."""
    verifier = NoteVerifier.parse(C2SP_VKEY)
    assert C2SP_VKEY == verifier.vkey
    verifier.verify(note.parse(C2SP_NOTE))
    for place in range(C2SP_NOTE.index("\n")):
        altered = C2SP_NOTE[:place] + chr(ord(C2SP_NOTE[place]) ^ 1) + C2SP_NOTE[place + 1 :]
        with pytest.raises(VerificationError):
            verifier.verify(note.parse(altered))


def test_the_specifications_checkpoint_is_read() -> None:
    """The example of c2sp.org/tlog-checkpoint, byte for byte."""
    read = checkpoint.parse(C2SP_CHECKPOINT)
    assert ("example.com/behind-the-sofa", 20852163, "0ac5186a") == (
        read.origin,
        read.size,
        read.root.hex()[:8],
    )
    assert C2SP_CHECKPOINT == read.text


def test_a_note_signed_by_go_verifies() -> None:
    """The note of Go's example is read, and its signature holds."""
    parsed = note.parse(f"{TEXT}\n{SIGNATURES}")
    assert TEXT == parsed.text
    NoteVerifier.parse(VKEY).verify(parsed)


def test_a_second_signature_does_not_disturb_the_first() -> None:
    """A note with two signers verifies for each key that is known."""
    parsed = note.parse(f"{TEXT}\n{SIGNATURES}{SECOND}")
    assert ("PeterNeumann", "EnochRoot") == tuple(s.name for s in parsed.signatures)
    NoteVerifier.parse(VKEY).verify(parsed)


def test_our_signature_is_gos_signature() -> None:
    """The same key over the same text gives the bytes that Go's example prints."""
    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(SECRET)[1:])
    signer = Ed25519Signer("PeterNeumann", key)
    assert VKEY == signer.verifier.vkey
    assert f"{TEXT}\n{SIGNATURES}" == note.write(TEXT, [signer.sign(TEXT)])


def test_the_key_of_gos_checksum_database_is_read() -> None:
    """The vkey that every Go installation carries is read and written back unchanged."""
    verifier = NoteVerifier.parse(SUMDB_VKEY)
    assert "sum.golang.org" == verifier.name
    assert SUMDB_VKEY == verifier.vkey
