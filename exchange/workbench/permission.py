"""What an enumeration of a policy set gives: who may have what, for what, under which conditions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from exchange.model.catalogue import Text
from exchange.model.decision import Decision, Obligation


@dataclass(frozen=True, slots=True)
class Duty:
    """An obligation, as it is told to people.

    Attributes:
        effect: `withhold` (when the condition holds), `indicate` (yes or no only) or `review`.
        fact: what the condition asks about; empty where there is no condition.
        test: `equals` or `age_below`; empty likewise.
        value: what the fact is compared with; empty likewise.
        reason: the text of the rule that asks for it.
    """

    id: str
    effect: str
    attributes: tuple[str, ...]
    fact: str
    test: str
    value: str | int | bool
    code: str
    law: str
    reason: Text = field(compare=False)  # other words for it make no other duty


@dataclass(frozen=True, slots=True)
class Conditions:
    """What must hold beside the law and the agreement, and what the broker must do."""

    consent: bool
    emergency: bool
    matching: bool
    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class Permission:
    """One row: each of the roles may be looked up by each of the keys, for exactly these attributes."""

    consumer: str
    purpose: str
    law: str
    version: str
    provider: str
    dataset: str
    agreement: str
    roles: tuple[str, ...]
    keys: tuple[str, ...]
    attributes: tuple[str, ...]
    conditions: Conditions


def duties_of(decision: Decision) -> tuple[Duty, ...]:
    """The obligations of a decision."""
    return tuple(sorted((_duty(o) for o in decision.obligations), key=lambda d: (d.id, d.attributes)))


def merged(permissions: Iterable[Permission]) -> tuple[Permission, ...]:
    """Merges rows that differ in role or key only, so that every role goes with every key of its row."""
    keys: dict[Permission, set[str]] = {}
    for one in permissions:
        for role in one.roles:
            keys.setdefault(replace(one, roles=(role,), keys=()), set()).update(one.keys)
    roles: dict[Permission, set[str]] = {}
    for one, found in keys.items():
        roles.setdefault(replace(one, roles=(), keys=tuple(sorted(found))), set()).update(one.roles)
    rows = (replace(one, roles=tuple(sorted(found))) for one, found in roles.items())
    return tuple(sorted(rows, key=_order))


def _order(row: Permission) -> tuple[object, ...]:
    conditions = row.conditions
    flags = (conditions.consent, conditions.emergency, conditions.matching)
    place = (row.consumer, row.purpose, row.dataset, row.law, row.agreement)
    return (*place, flags, row.roles, row.keys, row.attributes)


def _duty(obligation: Obligation) -> Duty:
    when = obligation.when
    return Duty(
        id=obligation.id,
        effect=obligation.effect.value,
        attributes=tuple(sorted(obligation.attributes)),
        fact=when.fact if when else "",
        test=when.test if when else "",
        value=when.value if when else "",
        code=obligation.reason.code,
        law=obligation.reason.legal_basis,
        reason=Text(obligation.reason.text_en, obligation.reason.text_da),
    )
