"""Checkpoints are read in their one form, and only from the log that is asked for."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import FormatError, VerificationError
from audit.formats import checkpoint, note
from audit.formats.checkpoint import Checkpoint
from audit.formats.note import Ed25519Signer

ORIGIN = "hjemmel.example/log"
SIGNER = Ed25519Signer(ORIGIN, Ed25519PrivateKey.generate())
ROOT = base64.b64encode(bytes(range(32))).decode()


@given(st.integers(0, 2**62), st.binary(min_size=32, max_size=32))
def test_signed_checkpoint_is_read_back(size: int, root: bytes) -> None:
    """What was signed is what is read."""
    tree = Checkpoint(ORIGIN, size, root)
    assert tree == checkpoint.verify(tree.sign(SIGNER), SIGNER.verifier)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n7\n{ROOT}",
        f"{ORIGIN}\n7\n{ROOT}\n\n",
        f"{ORIGIN}\n7\n{ROOT}\nextension\n",
        f"\n7\n{ROOT}\n",
        f"{ORIGIN}\n07\n{ROOT}\n",
        f"{ORIGIN}\n+7\n{ROOT}\n",
        f"{ORIGIN}\n-7\n{ROOT}\n",
        f"{ORIGIN}\n 7\n{ROOT}\n",
        f"{ORIGIN}\n7_0\n{ROOT}\n",
        f"{ORIGIN}\n\u0667\n{ROOT}\n",  # a digit, though not an ASCII one
        f"{ORIGIN}\n\n{ROOT}\n",
        f"{ORIGIN}\n{10**19}\n{ROOT}\n",
        f"{ORIGIN}\n7\n{ROOT[:-4]}\n",
        f"{ORIGIN}\n7\n{ROOT} \n",
        f"{ORIGIN}\n7\n{ROOT[:-2]}9=\n",  # the same 32 bytes, other spare bits
        f"{ORIGIN}\n7\n\n",
        f"{ORIGIN}\n7\nnot base64\n",
    ],
)
def test_text_in_another_form_is_no_checkpoint(text: str) -> None:
    """Three lines, a plain decimal size, 32 bytes in canonical base64: or refused."""
    with pytest.raises(FormatError):
        checkpoint.parse(text)


def test_another_logs_checkpoint_is_refused() -> None:
    """A checkpoint of another origin does not count, even where this log's key signed it."""
    text = Checkpoint("elsewhere.example/log", 7, bytes(32)).text
    with pytest.raises(FormatError, match="another log"):
        checkpoint.verify(note.write(text, [SIGNER.sign(text)]), SIGNER.verifier)


def test_another_keys_checkpoint_is_refused() -> None:
    """A checkpoint that another key of the same name signed does not count."""
    other = Ed25519Signer(ORIGIN, Ed25519PrivateKey.generate())
    with pytest.raises(VerificationError):
        checkpoint.verify(Checkpoint(ORIGIN, 7, bytes(32)).sign(other), SIGNER.verifier)
