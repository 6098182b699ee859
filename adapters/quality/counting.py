"""Makes a comparison, and keeps numbers only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final, Protocol

from adapters.host.guard import failed
from adapters.port import AsOf, Connection, Lookup, Mandate, Record, RegisterError
from adapters.quality.comparison import Comparison, Other
from adapters.quality.listing import subjects
from exchange.errors import Failed
from exchange.model.identifiers import SUBJECT_KEYS

_AT_ONCE: Final = 500  # subjects whose other side is asked for together


class Outcome(StrEnum):
    """What came of comparing one subject."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNKNOWN = "unknown"  # the other register has no such record
    OTHER_SILENT = "other_silent"  # it has one, and says nothing of what is compared
    OWN_SILENT = "own_silent"


# Of a subject with several records the gravest counts.
_GRAVEST: Final = (Outcome.DIFFERS, Outcome.UNKNOWN, Outcome.OTHER_SILENT, Outcome.OWN_SILENT, Outcome.AGREES)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many subjects had each outcome: the true numbers, which nobody but `withhold` is to see."""

    comparison: Comparison
    counts: Mapping[Outcome, int]


class Asked(Protocol):
    """The registers behind their host."""

    async def fetch(self, lookup: Lookup, timeout: float) -> Mapping[str, Sequence[Record]]:
        """See `exchange.ports.Registers`."""


async def count(
    comparison: Comparison,
    connection: Connection,
    asked: Asked,
    mandate: Mandate,
    as_of: AsOf,
    timeout: float,
) -> Counted:
    """Goes through the own register once, asking the other about some hundred subjects at a time.

    Args:
        comparison: what is compared.
        connection: how the own register is reached.
        asked: the other one.
        mandate: in whose name it is asked.
        as_of: the times at which records must hold, on both sides.
        timeout: of asking about some hundred subjects, seconds.

    Raises:
        Failed: a register gave no answer. There is then no count: half of one would mislead.
    """
    try:
        return await _counted(comparison, connection, asked, mandate, as_of, timeout)
    except RegisterError as error:
        raise failed(comparison.own.dataset, error) from error
    except TimeoutError as error:
        raise Failed.because("REGISTER_TIMEOUT", about=comparison.own.dataset.name) from error


async def _counted(
    comparison: Comparison,
    connection: Connection,
    asked: Asked,
    mandate: Mandate,
    as_of: AsOf,
    timeout: float,
) -> Counted:
    counts: Counter[Outcome] = Counter(dict.fromkeys(_outcomes(comparison), 0))
    columns = _columns(comparison)
    with subjects(comparison.own, columns, connection, as_of) as found:
        while part := list(islice(found, _AT_ONCE)):
            compared = [kept for records in part if (kept := _compared(comparison, records))]
            answers: Mapping[str, Sequence[Record]] = {}
            if comparison.other is not None and (values := _values(comparison, comparison.other, compared)):
                lookup = Lookup(
                    *(comparison.other.dataset, comparison.other.attributes, comparison.other.kind, values),
                    *(as_of, mandate),
                )
                answers = await asked.fetch(lookup, timeout)
            for records in compared:
                reached = {_outcome(comparison, record, answers) for record in records}
                counts[next(outcome for outcome in _GRAVEST if outcome in reached)] += 1
    return Counted(comparison, dict(counts))


def _outcomes(comparison: Comparison) -> Sequence[Outcome]:
    """The outcomes that are possible: others would be noughts that say nothing."""
    if comparison.other is None:
        return (Outcome.AGREES, Outcome.OWN_SILENT)
    silent = () if comparison.own.key in comparison.own.given else (Outcome.OWN_SILENT,)
    if not (comparison.other.pairs or comparison.other.expect):
        return (Outcome.AGREES, Outcome.UNKNOWN, *silent)
    return (Outcome.AGREES, Outcome.DIFFERS, Outcome.UNKNOWN, Outcome.OTHER_SILENT, *silent)


def _columns(comparison: Comparison) -> list[str]:
    named = {*comparison.own.given, comparison.own.key}
    if comparison.other is not None:
        named |= {pair.own for pair in comparison.other.pairs}
    return sorted(named - {""})


def _compared(comparison: Comparison, records: Sequence[Mapping[str, object]]) -> list[Mapping[str, object]]:
    if comparison.other is None:
        return list(records)
    return [r for r in records if all(r.get(name) is not None for name in comparison.own.given)]


def _values(
    comparison: Comparison, other: Other, groups: Sequence[Sequence[Mapping[str, object]]]
) -> tuple[str, ...]:
    fits, _ = SUBJECT_KEYS[other.kind]
    named = {
        str(value)
        for records in groups
        for record in records
        if (value := record.get(comparison.own.key)) is not None
    }
    return tuple(sorted(value for value in named if fits(value)))


def _outcome(
    comparison: Comparison, record: Mapping[str, object], answers: Mapping[str, Sequence[Record]]
) -> Outcome:
    other = comparison.other
    if other is None:
        there = all(record.get(name) is not None for name in comparison.own.given)
        return Outcome.AGREES if there else Outcome.OWN_SILENT
    key = record.get(comparison.own.key)
    if key is None or any(record.get(pair.own) is None for pair in other.pairs):
        return Outcome.OWN_SILENT
    found = answers.get(str(key), ())
    if not found:
        return Outcome.UNKNOWN
    if any(_agrees(other, record, candidate) for candidate in found):
        return Outcome.AGREES
    silent = all(any(name not in candidate for name in _compares(other)) for candidate in found)
    return Outcome.OTHER_SILENT if silent else Outcome.DIFFERS


def _compares(other: Other) -> set[str]:
    return {*other.expect, *(pair.other for pair in other.pairs)}


def _agrees(other: Other, record: Mapping[str, object], candidate: Record) -> bool:
    expected = all(str(candidate.get(name)) in values for name, values in other.expect.items())
    return expected and all(
        str(record[pair.own])[: pair.first or None] == str(candidate.get(pair.other)) for pair in other.pairs
    )
