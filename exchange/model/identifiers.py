"""Identifiers of subjects and authorities: each kind is checked before anything is looked up.

A malformed identifier is refused with a message that names the kind and the expected form, never the
value: identifiers are personal data.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date

_CVR_WEIGHTS = (2, 7, 6, 5, 4, 3, 2, 1)
_GENERATED_DAY_OFFSET = 60  # generated personnumre carry the day of birth + 60, see docs/registers.md


def is_cvr(value: str) -> bool:
    """Tells whether a CVR number has 8 digits and a valid modulus-11 check digit."""
    if re.fullmatch(r"[0-9]{8}", value) is None:
        return False
    return sum(w * int(d) for w, d in zip(_CVR_WEIGHTS, value, strict=True)) % 11 == 0


def is_personnummer(value: str) -> bool:
    """Tells whether a personnummer has 10 digits that begin with a date (DDMMYY).

    The modulus-11 check has not been required since 2007. The day may lie 60 higher, the range in
    which test persons live and no real person does.
    """
    if re.fullmatch(r"[0-9]{10}", value) is None:
        return False
    day, month, year = int(value[:2]), int(value[2:4]), int(value[4:6])
    if day > _GENERATED_DAY_OFFSET:
        day -= _GENERATED_DAY_OFFSET
    # Whether 29 February exists depends on the century, which the seventh digit hints at only
    # roughly: every fourth year is let through.
    try:
        date(2000 + year, month, day)
    except ValueError:
        return False
    return True


def is_uuid(value: str) -> bool:
    """Tells whether a value is a UUID in its canonical lower-case form."""
    try:
        return str(uuid.UUID(value)) == value
    except ValueError:
        return False


def _matches(pattern: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(pattern, value) is not None


def _is_number(low: int, high: int) -> Callable[[str], bool]:
    return _matches(rf"[1-9][0-9]{{{low - 1},{high - 1}}}")


#: Every kind of key a subject can be named by: the check and the form that a caller is told.
SUBJECT_KEYS: dict[str, tuple[Callable[[str], bool], str]] = {
    "personnummer": (is_personnummer, "10 digits that begin with a date of birth, DDMMYY"),
    "person_id": (is_uuid, "a UUID in lower case"),
    "dar_adresse_id": (is_uuid, "a UUID in lower case"),
    "dar_husnummer_id": (is_uuid, "a UUID in lower case"),
    "bbr_enhed_id": (is_uuid, "a UUID in lower case"),
    "bbr_bygning_id": (is_uuid, "a UUID in lower case"),
    "bbr_grund_id": (is_uuid, "a UUID in lower case"),
    "bfe_nummer": (_is_number(1, 10), "up to 10 digits without leading zeros"),
    "cvr_nummer": (is_cvr, "8 digits with a valid check digit"),
    "p_nummer": (_is_number(10, 10), "10 digits"),
    "se_nummer": (is_cvr, "8 digits with a valid check digit"),
    # For registers that name their subjects in ways of their own: see docs/adr/0018-generic-keys.md.
    "uuid": (is_uuid, "a UUID in lower case"),
    "number": (_matches(r"[0-9]{1,20}"), "1 to 20 digits"),
    "code": (_matches(r"[A-Za-z0-9._-]{1,64}"), "1 to 64 letters from a to z, digits, '-', '.', '_'"),
}

_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def is_request_id(value: str) -> bool:
    """Tells whether a request id is a UUIDv7 (RFC 9562 section 5.7) in lower case."""
    return _UUID7.fullmatch(value) is not None
