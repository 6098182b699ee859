"""What a consumer asks, after the signature over it was verified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeAlias

from exchange.model.catalogue import Dataset

Value: TypeAlias = str | int | bool
Record: TypeAlias = Mapping[str, Value]


class Kind:
    """Kinds of entries that a call can leave."""

    EXCHANGE = "exchange"
    DRY_RUN = "dry_run"
    MATCHING = "matching"
    CHANGE = "change"


SUBJECT_ROLES = (
    "applicant",
    "spouse",
    "household_member",
    "child",
    "owner",
    "property",
    "company",
    "person",
)


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """Who or what is looked up: the kind of identifier and its value (personal data)."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class AsOf:
    """The two times of a bitemporal look-up: when it was true and when it was recorded."""

    effect: datetime
    registration: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """One record as a register gave it, with the identifier under which it was found there."""

    key: Value
    record: Record


@dataclass(frozen=True, slots=True)
class Mandate:
    """In whose name and for what a register is asked. It holds nothing about the subject.

    What a register's own access control may want to know, such as the invocation context of the service
    platform or the purpose code of the income register.
    """

    consumer: str
    processor: str | None
    purpose: str
    legal_basis: str
    agreement: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a register is asked: attributes of one dataset, for subjects named by one kind of key.

    Attributes:
        dataset: what is asked for records of.
        attributes: which of its attributes, and no others.
        kind: kind of the key.
        values: values of the key, each once: personal data.
        as_of: the times at which the records must hold.
        mandate: in whose name and for what.
        current: whether the times are those of the request, so that none was stated.
    """

    dataset: Dataset
    attributes: tuple[str, ...]
    kind: str
    values: tuple[str, ...]
    as_of: AsOf
    mandate: Mandate
    current: bool = True


@dataclass(frozen=True, slots=True)
class Envelope:
    """What arrived: the body's exact bytes and the JWS over their digest."""

    body: bytes
    signature: str


@dataclass(frozen=True, slots=True)
class Caller:
    """The organisation at the other end of the connection, as its certificate tells."""

    cvr: str
    fingerprint: str  # SHA-256 of the certificate, hex


@dataclass(frozen=True, slots=True)
class Statement:
    """What the signature states beside the body: who asks, for which caseworker, when."""

    issuer: str
    caseworker: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Request:
    """One question about one subject under one legal basis."""

    consumer: str
    dataset: str
    attributes: tuple[str, ...]
    subject: SubjectKey
    subject_role: str
    purpose: str
    legal_basis: str
    agreement: str
    case_reference: str
    consent_reference: str | None
    law_date: date | None
    effect_time: datetime | None
    registration_time: datetime | None
    partial_acceptable: bool
    emergency_ground: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent as its register knows it, without saying whose it is."""

    reference: str
    given_time: datetime
    expires_time: datetime | None
    withdrawn_time: datetime | None
    consumer: str
    purposes: tuple[str, ...]
    subject_matches: bool
    case_matches: bool


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with whole seconds, so that text order is time order."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
