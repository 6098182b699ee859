"""Step 5 of an exchange: whatever a register answered is cut to what was granted.

Pure functions. An attribute leaves only when the decision granted it and no obligation withholds it;
an obligation whose question cannot be answered withholds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from exchange.model.ages import age
from exchange.model.catalogue import Dataset
from exchange.model.decision import Condition, Decision, Effect, RefusedAttribute
from exchange.model.request import Record, Value
from exchange.model.trace import AppliedObligation

_TYPES: Mapping[str, type] = {"integer": int, "boolean": bool}
_UNCONDITIONAL: Mapping[Effect, str] = {Effect.INDICATE: "indicated", Effect.REVIEW: "review"}


class WrongTypeError(ValueError):
    """A register gave a value of another type than its catalogue entry says."""


@dataclass(frozen=True, slots=True)
class Minimised:
    """What may leave, what was withheld and why, and what each obligation did."""

    records: tuple[Record, ...]
    released: tuple[str, ...]
    withheld: tuple[RefusedAttribute, ...]
    applied: tuple[AppliedObligation, ...]


def cut(
    dataset: Dataset,
    decision: Decision,
    records: Sequence[Record],
    facts: Mapping[str, Sequence[Value | None]],
    law_date: date,
) -> Minimised:
    """Cuts records to the grant and applies the decision's obligations.

    Args:
        dataset: what the records are of.
        decision: the grant and its obligations.
        records: as the register gave them.
        facts: by fact, its value in each record that tells about the subject. An obligation holds
            for all records when it holds for one of them.
        law_date: the day on which ages are reckoned.

    Raises:
        WrongTypeError: a granted value is of another type than the catalogue says.
    """
    withheld: dict[str, RefusedAttribute] = {}
    applied = []
    for obligation in decision.obligations:
        if obligation.when is None:
            applied.append(AppliedObligation(obligation.id, "", _UNCONDITIONAL[obligation.effect]))
            continue
        # Where there is no record there is nothing to withhold, and nothing to tell by withholding.
        holds = bool(records) and _holds(obligation.when, facts.get(obligation.when.fact, ()), law_date)
        effect = "withheld" if holds else "not_applicable"
        applied.append(AppliedObligation(obligation.id, obligation.fact, effect))
        if holds:
            for name in sorted(obligation.attributes & set(decision.granted)):
                withheld.setdefault(name, RefusedAttribute(name, obligation.reason))
    released = tuple(name for name in decision.granted if name not in withheld)
    types = {a.name: _TYPES.get(a.type, str) for a in dataset.attributes}
    kept = tuple(_only(record, released, types) for record in records)
    return Minimised(
        _indicated(kept, released) if decision.indicates else kept,
        released,
        tuple(withheld.values()),
        tuple(applied),
    )


def _only(record: Record, released: Sequence[str], types: Mapping[str, type]) -> Record:
    kept = {name: record[name] for name in released if record.get(name) is not None}
    for name, value in kept.items():
        if type(value) is not types[name]:
            raise WrongTypeError(name)
    return kept


def _indicated(records: Sequence[Record], released: Sequence[str]) -> tuple[Record, ...]:
    """Says of each attribute whether any record has it: an amount of nothing is none."""
    return ({name: any(record.get(name) for record in records) for name in released},)


def _holds(condition: Condition, values: Sequence[Value | None], law_date: date) -> bool:
    if not values:  # nothing is known of the subject: withhold
        return True
    test = _equals if condition.test == "equals" else _age_below
    return any(test(value, condition.value, law_date) for value in values)


def _equals(value: Value | None, expected: Value, _law_date: date) -> bool:
    if value is None:  # a code is absent where there is none; an absent truth value is unknown: withhold
        return isinstance(expected, bool)
    return type(value) is not type(expected) or value == expected  # another type is no answer: withhold


def _age_below(value: Value | None, limit: Value, law_date: date) -> bool:
    years = age(value, law_date)
    return years is None or years < int(limit)  # unknown or malformed: withhold
