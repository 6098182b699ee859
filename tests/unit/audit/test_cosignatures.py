"""Cosignatures against the specification's own example, and against what must not hold."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from audit.errors import FormatError, VerificationError
from audit.formats import cosignature, note
from audit.formats.cosignature import CosignatureSigner, CosignatureVerifier
from audit.formats.note import Ed25519Signer, NoteSignature

# The checkpoint and the cosignature that tlog-cosignature v1.0.1 prints.
TEXT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
LOG_LINE = (
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gG"
    "zGku9nTo+zyWE+xeMcTOAYQ8=\n"
)
LINE = (
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyi"
    "n1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
PUBLISHED_TIME = 1679315147
TIME = 1_790_000_000


@pytest.fixture
def witness() -> CosignatureSigner:
    return CosignatureSigner("witness.example/w1", Ed25519PrivateKey.generate())


def ml_dsa(name: str, text: str, time: int, *, end: int = 20852163) -> tuple[CosignatureVerifier, str]:
    """Cosigns as the specification's structure says, spelt out byte for byte."""
    key = MLDSA44PrivateKey.generate()
    verifier = CosignatureVerifier(name, 6, key.public_key().public_bytes_raw())
    first, _, last = text[:-1].split("\n")
    origin, root = first.encode(), base64.b64decode(last)
    message = bytes.fromhex("737562747265652f76310a00")  # subtree/v1\n\0
    message += len(name).to_bytes(1) + name.encode() + time.to_bytes(8)
    message += len(origin).to_bytes(1) + origin + bytes(8) + end.to_bytes(8) + root
    line = NoteSignature(name, verifier.key_id, time.to_bytes(8) + key.sign(message))
    return verifier, note.write(text, [line])


def test_the_published_cosignature_is_read() -> None:
    """The specification's example: a time, and 64 bytes of signature by the key that its id names."""
    line = note.parse(f"{TEXT}\n{LOG_LINE}{LINE}").signatures[1]
    assert ("witness.example.com/w1", "8d66cf3f") == (line.name, line.key_id.hex())
    assert (PUBLISHED_TIME, 72) == (int.from_bytes(line.signature[:8]), len(line.signature))
    assert (line,) == cosignature.parse_lines(LINE)


def test_what_is_signed_is_what_the_specification_prints() -> None:
    """The five lines of its example, for its checkpoint and time, are what our key signs."""
    key = Ed25519PrivateKey.generate()
    made = CosignatureSigner("w", key).sign(TEXT, PUBLISHED_TIME)
    lines = (
        "cosignature/v1",
        "time 1679315147",
        "example.com/behind-the-sofa",
        "20852163",
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
    )
    key.public_key().verify(made.signature[8:], "".join(f"{line}\n" for line in lines).encode())


def test_cosignature_holds_with_its_time(witness: CosignatureSigner) -> None:
    """A checkpoint cosigned twice by one witness has the later time; the vkey reads back as it was."""
    once = cosignature.add(f"{TEXT}\n{LOG_LINE}", [witness.sign(TEXT, TIME)])
    twice = once + witness.sign(TEXT, TIME + 5).line
    verifier = CosignatureVerifier.parse(witness.verifier.vkey)
    assert (TIME, TIME + 5) == (verifier.verify(note.parse(once)), verifier.verify(note.parse(twice)))


def test_newer_cosignature_replaces_the_older(witness: CosignatureSigner) -> None:
    """Adding keeps the log's signature first, and one line a witness."""
    signed = cosignature.add(f"{TEXT}\n{LOG_LINE}", [witness.sign(TEXT, TIME)])
    later = witness.sign(TEXT, TIME + 60)
    assert f"{TEXT}\n{LOG_LINE}{later.line}" == cosignature.add(signed, [later])


def test_one_bad_line_of_a_known_witness_spoils_the_note(witness: CosignatureSigner) -> None:
    """Beside a good cosignature, a bad one under the same name and key id is refused, not passed over."""
    signed = note.write(TEXT, [witness.sign(TEXT, TIME), witness.sign(TEXT + "extra\n", TIME)])
    with pytest.raises(VerificationError, match="does not hold"):
        witness.verifier.verify(note.parse(signed))


@pytest.mark.parametrize("change", ["text", "time", "signature", "cut", "zero"])
def test_altered_cosignature_is_refused(witness: CosignatureSigner, change: str) -> None:
    """The text, the time and the signature are all under the signature; a time of zero says nothing."""
    made, text = witness.sign(TEXT, TIME), TEXT
    stamped = bytearray(made.signature)
    if change == "text":
        text = TEXT.replace("20852163", "20852164")
    elif change == "time":
        stamped[7] ^= 1
    elif change == "signature":
        stamped[-1] ^= 1
    elif change == "cut":
        del stamped[8:]
    else:
        stamped = bytearray(witness.sign(TEXT, 0).signature)
    signed = note.write(text, [NoteSignature(made.name, made.key_id, bytes(stamped))])
    with pytest.raises(VerificationError):
        witness.verifier.verify(note.parse(signed))


def test_a_logs_signature_is_no_cosignature(witness: CosignatureSigner) -> None:
    """The same key under the same name, used as a note's key, has another key id and another message."""
    key = Ed25519PrivateKey.generate()
    as_witness = CosignatureSigner("both.example", key).verifier
    signed = note.write(TEXT, [Ed25519Signer("both.example", key).sign(TEXT)])
    with pytest.raises(VerificationError, match="not cosigned"):
        as_witness.verify(note.parse(signed))


def test_ml_dsa_cosignature_holds() -> None:
    """A signature over the structure of the specification is accepted, and its time given."""
    verifier, signed = ml_dsa("pq.example/w", TEXT, TIME)
    assert TIME == CosignatureVerifier.parse(verifier.vkey).verify(note.parse(signed))


def test_ml_dsa_cosignature_of_another_tree_is_refused() -> None:
    """Another size than the checkpoint's under the signature is refused."""
    verifier, signed = ml_dsa("pq.example/w", TEXT, TIME, end=20852164)
    with pytest.raises(VerificationError, match="does not hold"):
        verifier.verify(note.parse(signed))


def test_ml_dsa_name_that_cannot_be_signed_is_refused() -> None:
    """A name of more than 255 bytes has no place in the structure."""
    _, signed = ml_dsa("w", TEXT, TIME)
    line = note.parse(signed).signatures[0]
    long = CosignatureVerifier("w" * 256, 6, bytes(1312))
    moved = note.write(TEXT, [NoteSignature(long.name, long.key_id, line.signature)])
    with pytest.raises(VerificationError):
        long.verify(note.parse(moved))


@pytest.mark.parametrize("kind", [1, 2, 5, 255])
def test_other_kinds_of_keys_are_no_witnesses(kind: int) -> None:
    """A log's key given for a witness's is refused when it is read."""
    with pytest.raises(FormatError):
        CosignatureVerifier.parse(note.write_vkey("w", kind, bytes(32)))


def test_key_that_is_no_point_is_refused_quietly(witness: CosignatureSigner) -> None:
    """A public key that decodes to nothing verifies nothing, and does not crash whoever asks it."""
    nonsense = CosignatureVerifier("w", 4, b"\x02" + bytes(30) + b"\xff")
    line = NoteSignature("w", nonsense.key_id, witness.sign(TEXT, TIME).signature)
    with pytest.raises(VerificationError):
        nonsense.verify(note.parse(note.write(TEXT, [line])))


@pytest.mark.parametrize("name", ["", "two words", "a+b"])
def test_witness_needs_a_name_that_can_stand_in_a_line(name: str) -> None:
    """A name that a signature line cannot hold is refused."""
    with pytest.raises(FormatError):
        CosignatureSigner(name, Ed25519PrivateKey.generate())
