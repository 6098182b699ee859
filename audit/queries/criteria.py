"""What is searched for, and by whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from audit.errors import FormatError
from audit.queries.fields import Field

#: The fields of entries that criteria of these names are about.
PUBLIC = {
    "kinds": Field.KIND,
    "outcomes": Field.OUTCOME,
    "authorities": Field.PARTY,
    "consumers": Field.CONSUMER,
    "providers": Field.PROVIDER,
    "processors": Field.PROCESSOR,
    "datasets": Field.DATASET,
    "purposes": Field.PURPOSE,
    "legal_bases": Field.LEGAL_BASIS,
    "agreements": Field.AGREEMENT,
    "attributes": Field.ASKED,
    "released": Field.RELEASED,
    "reasons": Field.REASON,
    "obligations": Field.OBLIGATION,
    "revisions": Field.REVISION,
}
#: Criteria about what is sealed, which the log knows under the same names.
SEALED = ("subject", "caseworker", "case")
#: What records can be counted by.
GROUPS = {
    "kind": Field.KIND,
    "outcome": Field.OUTCOME,
    "authority": Field.PARTY,
    "consumer": Field.CONSUMER,
    "provider": Field.PROVIDER,
    "dataset": Field.DATASET,
    "purpose": Field.PURPOSE,
    "legal_basis": Field.LEGAL_BASIS,
    "attribute": Field.ASKED,
    "reason": Field.REASON,
    "obligation": Field.OBLIGATION,
}
_MOST_VALUES = 1000
_MOST_BYTES = 65_535  # no longer value stands in any entry


class Order(StrEnum):
    """The order of records: that in which they were recorded, or its reverse."""

    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks.

    Attributes:
        authority: CVR number of an authority, or of the one that a data protection officer works for: it
            sees its own side only, and what is sealed helps it to find only what it asked for itself. Absent
            for an auditor, who sees all.
    """

    authority: str | None

    @property
    def role(self) -> str:
        """How the log tells of it."""
        return "auditor" if self.authority is None else "authority"


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a record must have to be found: all that is given, and one of several values of the same.

    Attributes:
        subject: whom it is about, as the log commits to it.
        caseworker: who caused it, likewise.
        case: the case reference, likewise.
        authorities: who took part in it, in whatever part.
        attributes: names of what was asked for.
        since: the first time, with its zone.
        until: the time before which it was.
        needs_review: whether a second person has to look at it.
    """

    subject: bytes | None = None
    caseworker: bytes | None = None
    case: bytes | None = None
    kinds: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()
    consumers: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    processors: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    legal_bases: tuple[str, ...] = ()
    agreements: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    obligations: tuple[str, ...] = ()
    revisions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    needs_review: bool = False

    def __post_init__(self) -> None:
        """Checks what no search could work with.

        Raises:
            FormatError: a time has no zone, or a value is too long, or there are too many.
        """
        if any(time is not None and time.tzinfo is None for time in (self.since, self.until)):
            raise FormatError("a time needs its zone")
        if any(len(value) > _MOST_BYTES for value in self.sealed.values()):
            raise FormatError("no record has so long a value")
        for name in PUBLIC:
            if len(getattr(self, name)) > _MOST_VALUES:
                raise FormatError(f"at most {_MOST_VALUES} {name} can be searched for at once")

    @property
    def sealed(self) -> Mapping[str, bytes]:
        """What is given of what is sealed, by name."""
        return {name: value for name in SEALED if (value := getattr(self, name)) is not None}

    def public(self) -> Iterator[tuple[str, Field, tuple[str, ...]]]:
        """What is given of what is public: names, fields, values."""
        for name, field in PUBLIC.items():
            values: tuple[str, ...] = getattr(self, name)
            if values:
                yield name, field, values

    def plain(self) -> dict[str, Any]:
        """All that is given, as canonical JSON takes it. Holds the sealed values: for nobody's eyes."""
        return {f.name: _plain(value) for f in fields(self) if (value := getattr(self, f.name))}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    return [v.encode("utf-8", "surrogatepass").hex() for v in value] if isinstance(value, tuple) else value
