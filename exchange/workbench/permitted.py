"""What a policy set permits on a day, found by asking the policies themselves.

Nothing here knows a rule. What each law says that it permits narrows down what is worth asking; every
combination is then put to the engine as a request, and stands in the result only with the attributes
that the decision granted. So the result is what the broker would do, for consents that fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

from exchange.errors import Failed
from exchange.model.request import SUBJECT_ROLES
from exchange.policy.policy_set import PolicySet
from exchange.workbench.asking import Asker
from exchange.workbench.permission import Conditions, Permission, duties_of, merged

Advance = Callable[[int, int], None]
#: The manners of asking, the plainest first; a later one counts only where it gives more.
_MANNERS = tuple({"kind": k, "emergency": e} for k, e in product(("exchange", "matching"), (False, True)))
_CITED = "data.decision.cited"
#: A law, a role, a manner of asking, and what the law then permits, by purpose.
_Read = tuple[str, str, Mapping[str, Any], Mapping[str, Any]]
_NOBODY: Mapping[str, Any] = {"id": "", "consumer": "", "provider": ""}


@dataclass(frozen=True, slots=True)
class Permit:
    """What a law says that it permits, for one role, purpose and dataset, whoever has an agreement."""

    law: str
    purpose: str
    role: str
    dataset: str
    attributes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Permitted:
    """The result: the rows, and what the laws permit beyond the agreements."""

    policies: PolicySet
    on: date
    permissions: tuple[Permission, ...]
    permits: frozenset[Permit]


def enumerate_permitted(
    policies: PolicySet, on: date, advance: Advance = lambda _done, _all: None, *, consumer: str | None = None
) -> Permitted:
    """Asks a policy set for everything that it permits on a day, law of that day.

    Args:
        policies: the set.
        on: the day of the requests and of the law, at noon UTC.
        advance: told how many of how many agreements are done.
        consumer: CVR number of the one authority to ask for.

    Raises:
        PolicyError: the set does not compile, or a law's permits cannot be evaluated.
    """
    search = _Search(Asker(policies), on)
    agreements = [a for a in _in_force(policies, on) if consumer is None or consumer == a["consumer"]]
    search.permits_of(_NOBODY)  # whatever the laws permit, also where no agreement is in force
    rows: list[Permission] = []
    for done, agreement in enumerate(agreements, start=1):
        rows += search.of(agreement)
        advance(done, len(agreements))
    return Permitted(policies, on, merged(rows), frozenset(search.permits))


def fitting_consent(consumer: str, purpose: str, time: str) -> dict[str, Any]:
    """A consent, as the policies see one, that covers a request made at a time."""
    return {
        "reference": "cited",
        "known": True,
        "given_time": time,
        "expires_time": None,
        "withdrawn_time": None,
        "consumer": consumer,
        "purposes": [purpose],
        "subject_matches": True,
        "case_matches": True,
    }


def _in_force(policies: PolicySet, on: date) -> Sequence[Mapping[str, Any]]:
    day = on.isoformat()
    agreements = (policies.data.get("agreements") or {}).items()
    return [
        {**a, "id": name}
        for name, a in sorted(agreements)
        if a["valid_from"] <= day and (a["valid_to"] is None or day <= a["valid_to"])
    ]


class _Search:
    """The questions about one policy set on one day."""

    def __init__(self, asker: Asker, on: date) -> None:
        self._asker = asker
        self._day = on.isoformat()
        self._time = f"{self._day}T12:00:00Z"
        self._laws = sorted(asker.policies.data.get("legal_bases") or {})
        self._read: dict[str, list[_Read]] = {}
        self.permits: set[Permit] = set()

    def of(self, agreement: Mapping[str, Any]) -> Iterator[Permission]:
        """Gives one row for each role and key of an agreement, law by law."""
        granted: dict[tuple[str, ...], list[Permission]] = {}
        for law, role, manner, permits in self.permits_of(agreement):
            for purpose in sorted(permits.keys() & set(agreement["purposes"])):
                permit = permits[purpose]
                if role not in permit["subjects"]:
                    continue
                for dataset, key in product(sorted(permit["attributes"]), sorted(permit["keys"])):
                    carried = agreement["datasets"].get(dataset, ())
                    asked = sorted(set(permit["attributes"][dataset]) & set(carried))
                    already = granted.setdefault((law, role, purpose, dataset, key), [])
                    if not asked or any(_is_whole(row, asked) for row in already):
                        continue
                    place = {"legal_basis": law, "subject_role": role, "purpose": purpose}
                    found = self._row(agreement, asked, {**place, "dataset": dataset, "key": key, **manner})
                    if found and not any(_covers(row, found) for row in already):
                        already.append(found)
                        yield found

    def permits_of(self, agreement: Mapping[str, Any]) -> list[_Read]:
        """What each law permits this consumer, by role and manner; the plainest manner comes first."""
        consumer = agreement["consumer"]
        if consumer not in self._read:
            read: list[_Read] = []
            for law, role, manner in product(self._laws, SUBJECT_ROLES, _MANNERS):
                place = {"legal_basis": law, "subject_role": role, **manner}
                cited = self._asker.values(self._input(agreement, [], place), _CITED)[0]
                permits = (cited or {}).get("permits") or {}
                read.append((law, role, manner, permits))
                self.permits.update(_permits_of(law, role, permits))
            self._read[consumer] = read
        return self._read[consumer]

    def _row(
        self, agreement: Mapping[str, Any], asked: list[str], place: Mapping[str, Any]
    ) -> Permission | None:
        consent = fitting_consent(agreement["consumer"], place["purpose"], self._time)
        for given in (None, consent):
            try:
                decision = self._asker.decide(self._input(agreement, asked, {**place, "consent": given}))
            except Failed:
                continue  # the broker would refuse
            if decision.allow:
                return Permission(
                    consumer=agreement["consumer"],
                    purpose=place["purpose"],
                    law=place["legal_basis"],
                    version=decision.legal_basis_version,
                    provider=agreement["provider"],
                    dataset=place["dataset"],
                    agreement=agreement["id"],
                    roles=(place["subject_role"],),
                    keys=(place["key"],),
                    attributes=decision.granted,
                    conditions=Conditions(
                        consent=given is not None,
                        emergency=place["emergency"],
                        matching=place["kind"] == "matching",
                        duties=duties_of(decision),
                    ),
                )
        return None

    def _input(
        self, agreement: Mapping[str, Any], asked: list[str], place: Mapping[str, Any]
    ) -> dict[str, Any]:
        return {
            "time": self._time,
            "law_date": self._day,
            "consumer": agreement["consumer"],
            "provider": agreement["provider"],
            "processor": None,
            "agreement": agreement["id"],
            "attributes": asked,
            "dataset": "",
            "key": "",
            "purpose": "",
            "consent": None,
            "partial_acceptable": True,
            **place,
        }


def _is_whole(row: Permission, asked: Sequence[str]) -> bool:
    """Whether no other manner of asking can give more, or on easier conditions."""
    return set(row.attributes) >= set(asked) and not row.conditions.consent and not row.conditions.duties


def _covers(earlier: Permission, later: Permission) -> bool:
    """Whether a row grants as much as another on conditions that are no harder."""
    return (
        set(earlier.attributes) >= set(later.attributes)
        and set(earlier.conditions.duties) <= set(later.conditions.duties)
        and earlier.conditions.consent <= later.conditions.consent
    )


def _permits_of(law: str, role: str, permits: Mapping[str, Any]) -> Iterator[Permit]:
    for purpose, permit in permits.items():
        if role in permit["subjects"]:
            for dataset, attributes in permit["attributes"].items():
                yield Permit(law, purpose, role, dataset, frozenset(attributes))
