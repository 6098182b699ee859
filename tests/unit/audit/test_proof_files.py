"""Receipts as files: what is written is read, and nothing else is."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import FormatError, LogError, VerificationError
from audit.formats import merkle, proof_file
from audit.formats.checkpoint import Checkpoint
from audit.formats.merkle import Frontier, leaf_hash
from audit.formats.note import Ed25519Signer
from audit.formats.proof_file import ProofFile

SIGNER = Ed25519Signer("hjemmel.example/log", Ed25519PrivateKey.generate())
ENTRIES = [f"entry {n}".encode() for n in range(11)]


def proof_of(index: int) -> ProofFile:
    """A proof of one of the entries above, with the entry."""
    tree = Frontier(0, ())
    for entry in ENTRIES:
        tree.append(leaf_hash(entry))
    path = merkle.inclusion_proof(index, tree.size, tree.read)
    signed = Checkpoint(SIGNER.verifier.name, tree.size, tree.root()).sign(SIGNER)
    return ProofFile(index, tuple(path), signed, ENTRIES[index])


WHOLE = proof_of(5)
TEXT = WHOLE.text
HASH = base64.b64encode(bytes(32)).decode()


@given(
    st.integers(0, 2**62),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.none() | st.binary(max_size=200),
    st.text(max_size=100),
)
def test_what_is_written_is_read(index: int, hashes: list[bytes], extra: bytes | None, signed: str) -> None:
    """Any proof file comes back from its text as it was."""
    proof = ProofFile(index, tuple(hashes), signed, extra)
    assert proof == proof_file.parse(proof.text)


@pytest.mark.parametrize("index", range(len(ENTRIES)))
def test_receipt_of_every_entry_verifies(index: int) -> None:
    """A receipt read from its file proves its entry, and tells the checkpoint."""
    proof = proof_file.parse(proof_of(index).text)
    assert proof.extra is not None
    assert len(ENTRIES) == proof.verify(proof.extra, SIGNER.verifier).size


def test_receipt_proves_no_other_entry() -> None:
    """With another entry than its own a receipt does not verify."""
    with pytest.raises(VerificationError):
        WHOLE.verify(ENTRIES[4], SIGNER.verifier)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n\n",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\n\n",
        TEXT.replace("@v1", "@v2"),
        " " + TEXT,
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("index 5", "index 05"),
        TEXT.replace("index 5", "index -5"),
        TEXT.replace("index 5", "index  5"),
        TEXT.replace("index 5", "index 5 "),
        TEXT.replace("index 5", "index \uff15"),
        TEXT.replace("index 5", f"index {10**19}"),
        TEXT.replace("index 5\n", ""),
        TEXT.replace("index 5\n", "index 5\nindex 5\n"),
        TEXT.replace("index 5\n", f"index 5\n{HASH[:-4]}\n"),
        TEXT.replace("index 5\n", f"index 5\n{HASH} \n"),
        TEXT.replace("index 5\n", f"index 5\n{HASH[:-2]}B=\n"),
        TEXT.replace("index 5\n", "index 5\n" + f"{HASH}\n" * 64),
        TEXT.replace("extra ", "Extra "),
        TEXT.replace("extra ", "extra  "),
        TEXT.replace("extra ", f"extra {HASH}\nextra "),
        TEXT + "\n" * proof_file.MAX_SIZE,
    ],
)
def test_text_in_another_form_is_no_receipt(text: str) -> None:
    """The header, an optional extra, a plain index, whole hashes in canonical base64: or refused."""
    assert text != TEXT
    with pytest.raises(FormatError):
        proof_file.parse(text)


@given(st.integers(0, len(TEXT) - 1), st.characters(codec="utf-8"))
def test_no_character_of_a_receipt_can_be_changed(at: int, character: str) -> None:
    """With any one character replaced, a receipt is refused or does not verify."""
    changed = TEXT[:at] + character + TEXT[at + 1 :]
    if changed == TEXT:
        return
    with pytest.raises(LogError):
        _verified(changed)


@given(st.integers(0, len(TEXT) - 1), st.integers(1, 8))
def test_no_piece_of_a_receipt_can_be_cut_out(at: int, width: int) -> None:
    """With a piece missing, at the end as anywhere else, a receipt is refused or does not verify."""
    with pytest.raises(LogError):
        _verified(TEXT[:at] + TEXT[at + width :])


def _verified(text: str) -> None:
    proof = proof_file.parse(text)
    proof.verify(proof.extra or b"", SIGNER.verifier)
