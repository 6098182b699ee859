"""What is tried: an adapter with its own configuration, and subjects to ask about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from adapters.port import AsOf, Dataset, Found, Lookup, Mandate, Record, RegisterAdapter

_MANDATE: Final = Mandate(
    consumer="91000008",
    processor=None,
    purpose="conformance",
    legal_basis="conformance",
    agreement="conformance",
    request_id="01890000-0000-7000-8000-000000000000",
)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the register holds about a subject at two times, in any order."""

    value: str
    as_of: AsOf
    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class Trial:
    """An adapter, one dataset of it, and one kind of key.

    Attributes:
        open: makes the adapter, anew each time.
        kind: kind of the key.
        known: at least two values that the register has records of. Use generated or invented ones.
        unknown: a value of the key's form that it has none of.
        expected: what is known about its answers.
        open_dead: makes the same adapter towards a register that does not answer.
        mandate: in whose name it is asked; some registers look at it.
    """

    open: Callable[[], RegisterAdapter]
    dataset: Dataset
    kind: str
    known: tuple[str, ...]
    unknown: str
    expected: Sequence[Expected] = ()
    open_dead: Callable[[], RegisterAdapter] | None = None
    mandate: Mandate = _MANDATE
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        """Checks what is told.

        Raises:
            ValueError: too few subjects, or a key that the dataset does not have.
        """
        if len(set(self.known)) < 2 or self.unknown in self.known:  # noqa: PLR2004  # one is not many
            raise ValueError("known must hold at least two subjects, and unknown another one")
        if self.dataset.key(self.kind) is None:
            raise ValueError(f"{self.dataset.name} is not looked up by {self.kind}")

    @property
    def attributes(self) -> tuple[str, ...]:
        """The names of all attributes, in the catalogue's order."""
        return tuple(a.name for a in self.dataset.attributes)

    def lookup(
        self, *values: str, attributes: Sequence[str] | None = None, as_of: AsOf | None = None
    ) -> Lookup:
        """Makes a question; about all attributes, and the present, where nothing else is said."""
        return Lookup(
            dataset=self.dataset,
            attributes=self.attributes if attributes is None else tuple(attributes),
            kind=self.kind,
            values=values,
            as_of=as_of or AsOf(self.now, self.now),
            mandate=self.mandate,
            current=as_of is None,
        )


def by_value(found: Sequence[Found]) -> dict[str, list[str]]:
    """Records by key in a form to be compared, whatever order they came in."""
    told: dict[str, list[str]] = {}
    for one in found:
        told.setdefault(str(one.key), []).append(comparable(one.record))
    return {value: sorted(records) for value, records in told.items()}


def comparable(record: Record) -> str:
    """A record as text that tells values and types."""
    return repr(sorted(record.items()))
