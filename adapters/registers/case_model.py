"""What a planted case is: a request about somebody who is planted, and what must come of it."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

Outcome = Literal["granted", "withheld", "refused"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What must come of a request.

    Attributes:
        outcome: `granted` whole; `withheld`: answered without some attributes; `refused` whole.
        codes: Reason codes that must be among those given; others that follow may stand beside.
        withheld: The attributes that must not leave.
    """

    outcome: Outcome
    codes: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()


GRANTED: Final = Expected("granted")


@dataclass(frozen=True, slots=True)
class PlantedRequest:
    """A question to the exchange, in the words of the catalogue and the policies."""

    consumer: str
    dataset: str
    key: str
    key_value: str
    subject_role: str
    attributes: tuple[str, ...]
    purpose: str
    legal_basis: str
    agreement: str
    law_date: date | None = None
    consent: str | None = None
    partial_acceptable: bool = False
    registration_time: str | None = None


@dataclass(frozen=True, slots=True)
class PlantedCase:
    """A request with its expected outcome; `records` is how many rows the register then finds."""

    name: str
    title_en: str
    title_da: str
    request: PlantedRequest
    expected: Expected
    note: str
    records: int | None = None
