"""Identifiers are checked by kind before anything is looked up."""

from __future__ import annotations

import re
import uuid
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.registers import Registers
from exchange.model.identifiers import SUBJECT_KEYS, is_cvr, is_personnummer, is_request_id, is_uuid

WEIGHTS = (2, 7, 6, 5, 4, 3, 2, 1)
#: Things that are never an identifier of any kind: other scripts' digits, spaces, signs, lengths.
NEVER = (
    *("", " ", "0", "-1", "+5", "1 ", " 1", "1\n", "1.0", "1e5", "0x10", "null", "*", "%", "'", '"'),
    *("١٢٣٤٥٦٧٨", "\uff19\uff11\uff10\uff10\uff10\uff10\uff10\uff18", "²", "1" * 11, "1" * 36, "a" * 36),
    *("91000008\n", "91000008\x00", "9100 0008", "DK91000008", "91000008.0", "9100000x"),
    *("{12345678-1234-1234-1234-123456789abc}", "12345678123412341234123456789abc"),
    "12345678-1234-1234-1234-123456789ABC",
)


#: What the kinds that say their form only take of it.
TAKEN = {
    "number": {"0", "1" * 11},
    "code": {v for v in NEVER if re.fullmatch("[A-Za-z0-9._-]{1,64}", v)},
}


@pytest.mark.parametrize("kind", list(SUBJECT_KEYS))
def test_no_kind_takes_rubbish(kind: str) -> None:
    """What is no identifier is none of any kind, but for kinds of which only the form is known."""
    check, form = SUBJECT_KEYS[kind]
    assert form
    assert TAKEN.get(kind, set()) == {value for value in NEVER if check(value)}


@given(st.integers(0, 99_999_999))
def test_cvr_number_has_a_check_digit(number: int) -> None:
    """Eight digits whose weighted sum is divisible by eleven, and no others."""
    text = f"{number:08}"
    expected = sum(w * int(d) for w, d in zip(WEIGHTS, text, strict=True)) % 11 == 0
    assert expected == is_cvr(text)


@given(st.sampled_from(["91000008", "92000028", "90000055"]), st.integers(0, 7), st.integers(1, 9))
def test_mistyped_cvr_number_is_noticed(cvr: str, place: int, change: int) -> None:
    """One digit typed wrongly is always found."""
    digit = (int(cvr[place]) + change) % 10
    assert not is_cvr(cvr[:place] + str(digit) + cvr[place + 1 :])


@given(
    born=st.dates(date(1900, 1, 1), date(2099, 12, 31)), serial=st.integers(0, 9999), generated=st.booleans()
)
def test_personnummer_begins_with_a_date(born: date, serial: int, *, generated: bool) -> None:
    """Every date of birth is one, also sixty days into the range where no real person is."""
    day = born.day + (60 if generated else 0)
    assert is_personnummer(f"{day:02}{born:%m%y}{serial:04}")


@pytest.mark.parametrize(
    "value",
    [
        "0001011234",
        "3201011234",
        "6001011234",
        "9201011234",
        "0113011234",
        "0100011234",
        "3102011234",
        "9004011234"[:2] + "02011234",
        "010101123",
        "01010112345",
        "010101-1234",
        "010101123a",
    ],
)
def test_what_begins_with_no_date_is_no_personnummer(value: str) -> None:
    """Day, month and the days of the month are checked; separators are not taken."""
    assert not is_personnummer(value)


def test_generated_persons_have_personnumre_of_nobody(generated: Registers) -> None:
    """Every generated personnummer passes, and lies where no real person's does."""
    numbers = {str(r["personnummer"]) for r in generated.tables["cpr.person"].records()}
    assert len(numbers) >= 200
    assert all(is_personnummer(n) and int(n[:2]) > 60 for n in numbers)


@given(st.uuids())
def test_uuid_is_taken_in_its_canonical_form_only(value: uuid.UUID) -> None:
    """Lower case with hyphens; no braces, no urn, no capitals."""
    assert is_uuid(str(value))
    others = {str(value).upper(), value.hex, value.urn, f"{{{value}}}", f" {value}"} - {str(value)}
    assert not any(is_uuid(other) for other in others)


@given(st.uuids(version=4))
def test_request_id_is_of_version_seven(value: uuid.UUID) -> None:
    """A random UUID is no request id; the same with version 7 is."""
    text = str(value)
    assert not is_request_id(text)
    assert is_request_id(f"{text[:14]}7{text[15:]}")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bfe_nummer", "1"),
        ("bfe_nummer", "9999999999"),
        ("p_nummer", "1000000000"),
        ("se_nummer", "91000008"),
        ("cvr_nummer", "91000008"),
    ],
)
def test_numbers_at_their_limits_pass(kind: str, value: str) -> None:
    """The smallest and largest number of a kind is one."""
    assert SUBJECT_KEYS[kind][0](value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bfe_nummer", "01"),
        ("bfe_nummer", "10000000000"),
        ("p_nummer", "0000000000"),
        ("p_nummer", "999999999"),
    ],
)
def test_numbers_beyond_their_limits_do_not(kind: str, value: str) -> None:
    """No leading zeros, not one digit more or less."""
    assert not SUBJECT_KEYS[kind][0](value)
