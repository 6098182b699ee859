"""Notes and keys are read in their one canonical form, or not at all."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import FormatError, LogError, VerificationError
from audit.formats import note
from audit.formats.note import Ed25519Signer, NoteVerifier

SIGNER = Ed25519Signer("example.org/log", Ed25519PrivateKey.from_private_bytes(bytes(32)))
VKEY = SIGNER.verifier.vkey
NAME, KEY_ID, KEY = VKEY.split("+", 2)
TEXT = "first line\nsecond line\n"
NOTE = note.write(TEXT, [SIGNER.sign(TEXT)])
LINE = NOTE.removeprefix(TEXT + "\n")


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "+",
        "++",
        NAME,
        f"{NAME}+{KEY_ID}",
        f"{NAME}+{KEY_ID}+",
        f"+{KEY_ID}+{KEY}",
        f"a name+{KEY_ID}+{KEY}",
        f"other{NAME}+{KEY_ID}+{KEY}",  # the key id covers the name
        f"{NAME}+{KEY_ID.upper() if KEY_ID != KEY_ID.upper() else 'ABCDEF01'}+{KEY}",
        f"{NAME}+0{KEY_ID}+{KEY}",
        f"{NAME}+{KEY_ID}+{KEY[:-4]}",
        f"{NAME}+{KEY_ID}+{KEY}=",
        f"{NAME}+{KEY_ID}+ {KEY}",
        f"{NAME}+{KEY_ID}+{KEY}\n{KEY}",
        f"{NAME}+{KEY_ID}+{KEY.replace('A', '-', 1)}",
        f"{NAME}+{KEY_ID}+{base64.b64encode(bytes([4]) + bytes(32)).decode()}",  # another type
        f"{NAME}+{KEY_ID}+{base64.b64encode(bytes([1]) + bytes(32)).decode()}",  # another key
    ],
)
def test_vkey_in_another_form_is_refused(vkey: str) -> None:
    """Anything but name, matching lower-case key id and a whole Ed25519 key is refused."""
    with pytest.raises(FormatError):
        NoteVerifier.parse(vkey)


def test_vkey_may_end_its_line() -> None:
    """A key file's newline is not part of the key."""
    assert SIGNER.verifier == NoteVerifier.parse(VKEY + "\n")


@pytest.mark.parametrize("name", ["", "with space", "with+plus", "with\ttab", "with\nline", " "])
def test_name_that_cannot_stand_on_a_signature_line_is_refused(name: str) -> None:
    """A signer is not made under a name that its signature lines could not carry."""
    with pytest.raises(FormatError):
        Ed25519Signer(name, Ed25519PrivateKey.generate())


@pytest.mark.parametrize(
    "data",
    [
        "",
        "\n\n",
        TEXT,
        TEXT + "\n",
        TEXT + LINE,
        NOTE[:-1],
        NOTE + "\n",
        NOTE + "x",
        NOTE.replace("\n", "\r\n"),
        NOTE.replace("first", "fi\x00rst"),
        NOTE.replace("— ", "- "),
        NOTE.replace("— ", "—"),
        NOTE.replace("— ", "—  "),
        NOTE.replace(f" {NAME} ", " "),
        NOTE.replace(f" {NAME} ", f" {NAME}  "),
        NOTE.replace(f" {NAME} ", " na+me "),
        NOTE.replace("=", ""),
        NOTE[:-1] + " \n",
        f"{TEXT}\n— {NAME} {base64.b64encode(SIGNER.verifier.key_id).decode()}\n",
        TEXT + "\n" + LINE * 101,
    ],
)
def test_note_in_another_form_is_refused(data: str) -> None:
    """What is not text, an empty line and signature lines in canonical base64 is no note."""
    with pytest.raises(FormatError):
        note.parse(data)


def test_text_may_hold_empty_lines() -> None:
    """The signatures begin after the last empty line, so that a text may hold others."""
    text = "one\n\ntwo\n"
    parsed = note.parse(note.write(text, [SIGNER.sign(text)]))
    assert text == parsed.text
    SIGNER.verifier.verify(parsed)


@given(st.integers(0, len(NOTE) - 1), st.characters(codec="utf-8"))
def test_no_character_of_a_note_can_be_changed(at: int, character: str) -> None:
    """With any one character replaced, the note is refused or its signature does not hold."""
    changed = NOTE[:at] + character + NOTE[at + 1 :]
    if changed == NOTE:
        return
    with pytest.raises(LogError):
        SIGNER.verifier.verify(note.parse(changed))


@given(st.text(st.characters(min_codepoint=32) | st.just("\n"), max_size=80))
def test_any_text_is_a_note_or_refused(data: str) -> None:
    """Parsing answers with a note or a FormatError, and a note is written back as it was."""
    try:
        parsed = note.parse(data)
    except FormatError:
        return
    assert data == note.write(parsed.text, parsed.signatures)


def test_lone_surrogates_are_no_text() -> None:
    """A string that has no UTF-8 form is refused like other garbage."""
    with pytest.raises(LogError):
        SIGNER.verifier.verify(note.parse(NOTE.replace("first", "fi\ud800rst")))


def test_another_keys_signature_is_not_this_keys() -> None:
    """A note that another key of the same name signed is not signed by this one."""
    other = Ed25519Signer(NAME, Ed25519PrivateKey.generate())
    with pytest.raises(VerificationError, match="not signed by"):
        SIGNER.verifier.verify(note.parse(note.write(TEXT, [other.sign(TEXT)])))


def test_a_forged_key_id_does_not_help() -> None:
    """A signature that claims this key's id, made by another key, does not hold."""
    other = Ed25519Signer(NAME, Ed25519PrivateKey.generate()).sign(TEXT)
    forged = note.NoteSignature(NAME, SIGNER.verifier.key_id, other.signature)
    with pytest.raises(VerificationError, match="does not hold"):
        SIGNER.verifier.verify(note.parse(note.write(TEXT, [forged])))
