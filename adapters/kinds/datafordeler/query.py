"""Queries: built from names that the catalogue check let through; everything else is a variable.

No value of a key ever stands in a query's text, so that the text is the same for every subject, and there is
nothing to escape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from adapters.kinds.datafordeler.entry import Asks, Kept
from adapters.port import AsOf

FOUND = "found"  # the alias of the root field: answers look alike whatever was asked
_FILTER = 1000  # what an operator of a filter costs
_NODE = 10  # what a node costs, beside its fields
EFFECT = ("virkningFra", "virkningTil")
REGISTRATION = ("registreringFra", "registreringTil")


@dataclass(frozen=True, slots=True)
class Question:
    """What a type is asked for, whoever it is about.

    Attributes:
        kept: the type.
        key: the field that records are found by.
        scalar: its scalar, `String` or `Long`.
        fields: what is asked for beside the key, the identity and the times.
        attributes: by field, what the catalogue calls it, for messages.
        only: whether there is one current record at most for each key.
    """

    kept: Kept
    key: str
    scalar: str
    fields: tuple[str, ...]
    attributes: Mapping[str, str] = field(hash=False, compare=False)
    only: bool

    @property
    def selected(self) -> Sequence[str]:
        """Every field that is asked for, each once."""
        kept = self.kept
        effect = EFFECT if kept.effect is not Asks.NONE else ()
        registration = REGISTRATION if kept.registration is not Asks.NONE else ()
        return tuple(dict.fromkeys((self.key, *self.fields, *kept.identity, *effect, *registration)))

    @property
    def keeps_history(self) -> bool:
        """Whether records come that do not hold at the times asked for."""
        return Asks.FIELDS in {self.kept.effect, self.kept.registration}

    @property
    def text(self) -> str:
        """The query."""
        variables = [f"$keys: [{self.scalar}!]!", "$first: Int!", "$after: String"]
        arguments = ["first: $first", "after: $after"]
        if self.kept.effect is Asks.ARGUMENT:
            variables.append("$effect: DafDateTime!")
            arguments.append("virkningstid: $effect")
        if self.kept.registration is Asks.ARGUMENT:
            variables.append("$registration: DafDateTime!")
            arguments.append("registreringstid: $registration")
        arguments.append(f"where: {{ {self.key}: {{ in: $keys }} }}")
        return (
            f"query Hjemmel({', '.join(variables)}) {{ "
            f"{FOUND}: {self.kept.type}({', '.join(arguments)}) {{ "
            f"nodes {{ {' '.join(self.selected)} }} pageInfo {{ hasNextPage endCursor }} }} }}"
        )

    def variables(self, keys: Sequence[str | int], as_of: AsOf) -> dict[str, Any]:
        """The variables, but for those that a page has of its own."""
        found: dict[str, Any] = {"keys": list(keys)}
        if self.kept.effect is Asks.ARGUMENT:
            found["effect"] = daf_time(as_of.effect)
        if self.kept.registration is Asks.ARGUMENT:
            found["registration"] = daf_time(as_of.registration)
        return found

    def most_nodes(self, max_cost: int) -> int:
        """How many nodes one call may fetch before it costs more than may be."""
        return (max_cost - self.kept.weight - _FILTER) // (_NODE + len(self.selected))


def daf_time(moment: datetime) -> str:
    """Writes a time as DafDateTime does: in UTC, with six decimals."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def as_scalar(value: str, scalar: str) -> str | int | None:
    """Gives a key's value as the filter wants it, or nothing where no record can have it."""
    if scalar != "Long":
        return value
    if not (value.isascii() and value.isdecimal()):
        return None
    number = int(value)
    return number if str(number) == value and number < 1 << 63 else None
