"""Identifiers that cannot belong to anybody real.

Every identifier of a generated row comes from here, so that one place answers for it:

* **personnummer** the day of birth plus 60. Real numbers have a day of 1 to 31, so none of
  these was or will be given to a person; date, century and sex can be read from them as usual.
* **CVR** beginning with 9, with a valid check digit. Real numbers are handed out upwards and
  are far below 90 million. The numbers of this project's authorities are left out.
* **P-number** from 9,000,000,001. Real ones begin with 1.
* **BFE** from 900,000,001 to 999,999,999. Real ones end a little above 100 million; the range
  still fits 32 bits.
* **UUID** version 5 of a name in a namespace of our own; the real registers use other versions.

Planted cases take the upper end of each range, so that their keys do not depend on how many
rows were generated at random.
"""

import re
import uuid
from collections.abc import Iterator
from datetime import date
from typing import Final

NAMESPACE: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "registers.hjemmel.example")

AUTHORITIES: Final = frozenset(
    {
        "91000008",
        "92000028",
        "90000055",
        "93000048",
        "94000068",
        "95000088",
        "96000103",
        "97000107",
        "98000119",
        "99000139",
        "90000101",
        "90000160",
        "90000179",
    }
)
"""CVR numbers that belong to the participants of the exchange."""

BFE_FIRST: Final = 900_000_001
BFE_LAST: Final = 999_999_999
BFE_PLANTED: Final = 990_000_000

_CVR_WEIGHTS: Final = (2, 7, 6, 5, 4, 3, 2, 1)
_CVR_START: Final = 9_150_000
_CVR_PLANTED: Final = 9_890_000
_P_FIRST: Final = 9_000_000_001
_P_PLANTED: Final = 9_900_000_000
_DAY_SHIFT: Final = 60
_LAST_YEAR: Final = 2036  # by the rule that reads the century from the seventh digit
_NO_DIGIT: Final = 10
# The planted cases own the last hundred serials of each century's block.
_SERIALS: Final = {19: (1, 3900), 20: (4000, 8900)}
_PLANTED_SERIALS: Final = {19: 3900, 20: 8900}
_PLANTED_CAPACITY: Final = 50


def personnummer(birth: date, *, male: bool, ordinal: int, planted: bool = False) -> str:
    """Returns the `ordinal`-th number for that birth date and sex.

    Raises:
        ValueError: The year is outside 1900-2036, or the numbers of the day are used up.
    """
    century = birth.year // 100
    if century not in _SERIALS or birth.year > _LAST_YEAR:
        raise ValueError(f"no personnummer for the birth year {birth.year}")
    first, end = _SERIALS[century]
    if planted:
        first = _PLANTED_SERIALS[century]
        end = first + 2 * _PLANTED_CAPACITY
    # Even is a woman, odd a man.
    serial = first + (first + male) % 2 + 2 * ordinal
    if ordinal < 0 or serial >= end:
        raise ValueError(f"no more personnummer for {birth.isoformat()}")
    return f"{birth.day + _DAY_SHIFT:02d}{birth:%m%y}{serial:04d}"


def birth_date(number: str) -> date:
    """Returns the birth date in a generated personnummer.

    Raises:
        ValueError: The number is not one of ours: ten digits with a day from 61 to 91.
    """
    if not re.fullmatch(r"[6-9]\d{9}", number):
        raise ValueError("not a generated personnummer")
    century = 1900 if number[6] in "0123" else 2000
    return date(century + int(number[4:6]), int(number[2:4]), int(number[:2]) - _DAY_SHIFT)


def is_cvr(number: str) -> bool:
    """Tells whether a CVR number has eight digits and the right check digit."""
    if not re.fullmatch(r"\d{8}", number):
        return False
    return sum(int(d) * w for d, w in zip(number, _CVR_WEIGHTS, strict=True)) % 11 == 0


def cvr_numbers(*, planted: bool = False) -> Iterator[str]:
    """Yields company numbers in a fixed order, none of them an authority's."""
    prefix = _CVR_PLANTED if planted else _CVR_START
    while True:
        rest = sum(int(d) * w for d, w in zip(str(prefix), _CVR_WEIGHTS[:7], strict=True))
        check = -rest % 11
        number = f"{prefix}{check}"
        # A remainder that needs the check digit 10 gives no number at all.
        if check != _NO_DIGIT and number not in AUTHORITIES:
            yield number
        prefix += 1


def p_number(ordinal: int, *, planted: bool = False) -> str:
    """Returns the `ordinal`-th production unit number."""
    return str((_P_PLANTED if planted else _P_FIRST) + ordinal)


def bfe_number(ordinal: int, *, planted: bool = False) -> int:
    """Returns the `ordinal`-th property number."""
    return (BFE_PLANTED if planted else BFE_FIRST) + ordinal


def parcel_number(bfe: int) -> str:
    """Returns the identifier of a property's parcel in the cadastre: ten digits; real ones have nine."""
    return f"9{bfe}"


def identifier(register: str, natural_key: str) -> str:
    """Returns the UUID of a thing, from the register it lives in and its natural key."""
    return str(uuid.uuid5(NAMESPACE, f"{register}|{natural_key}"))
