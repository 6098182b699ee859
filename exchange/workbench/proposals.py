"""The nearest lawful request: what to change so that the policies would grant it.

A proposal never changes who asks, about whom, in which role, from which dataset, or that there is an
emergency: those are facts of the case. Each is put to the engine, and proposed only if granted. What is
fetched still needs a case that it is for: a proposal says what the law would carry, not what to claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import product
from typing import Any

from exchange.errors import Failed
from exchange.workbench.asking import Asker, Input
from exchange.workbench.permitted import fitting_consent

_MOST = 3


class Reach(IntEnum):
    """How far a proposal goes beyond the request."""

    REQUEST = 0  # what the caseworker writes in it
    FACTS = 1  # needs something outside: the citizen's consent, another day's law
    TASK = 2  # another purpose: lawful only where there is such a task


_REACH = {"consent": Reach.FACTS, "law_date": Reach.FACTS, "purpose": Reach.TASK}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A request that is granted, and how it differs from the one that was asked.

    Attributes:
        changes: field and new value, `attributes` last; a consent that must be obtained is `True`.
        kept: attributes that it grants.
        dropped: attributes that it leaves out.
        policy_input: the request itself, as it was verified.
    """

    changes: Mapping[str, Any]
    kept: tuple[str, ...]
    dropped: tuple[str, ...]
    policy_input: Input

    @property
    def reach(self) -> Reach:
        """How far it goes beyond the request."""
        return max((_REACH.get(field, Reach.REQUEST) for field in self.changes), default=Reach.REQUEST)


def nearest(asker: Asker, policy_input: Input, attributes: Sequence[str]) -> tuple[Proposal, ...]:
    """Finds the nearest lawful requests for some attributes: fewest changes first, then most attributes.

    Another purpose is tried only where nothing else is granted.

    Args:
        asker: the policy set.
        policy_input: the well-formed request that was refused, wholly or for these attributes.
        attributes: what is still wanted.

    Raises:
        PolicyError: a law's permits cannot be evaluated.
    """
    search = _Search(asker, policy_input, attributes)
    found = [*search.granted(other_purposes=False)] or [*search.granted(other_purposes=True)]
    best: list[Proposal] = []
    for proposal in sorted(found, key=_rank):
        if not any(_is_better(chosen, proposal) for chosen in best):
            best.append(proposal)
    return tuple(best[:_MOST])


def _rank(proposal: Proposal) -> tuple[Any, ...]:
    values = [str(value) for value in proposal.changes.values()]
    return (proposal.reach, len(proposal.changes), len(proposal.dropped), values)


def _is_better(one: Proposal, other: Proposal) -> bool:
    """Whether one keeps all that the other keeps, by changing nothing that the other does not change."""
    return one.changes.keys() <= other.changes.keys() and set(one.kept) >= set(other.kept)


class _Search:
    """The variants of one request."""

    def __init__(self, asker: Asker, policy_input: Input, attributes: Sequence[str]) -> None:
        self._asker = asker
        self._asked = policy_input
        self._wanted = attributes
        self._data: Mapping[str, Any] = asker.policies.data

    def granted(self, *, other_purposes: bool) -> Iterator[Proposal]:
        """Tries laws, keys, agreements, days and consents, for the purpose asked or for others."""
        asked = self._asked
        for day, law in product(self._days(), sorted(self._data.get("legal_bases") or {})):
            varied = {**asked, "law_date": day, "legal_basis": law}
            cited = self._asker.values(varied, "data.decision.cited")[0]
            permits = (cited or {}).get("permits") or {}
            for purpose, permit in sorted(permits.items()):
                if (purpose != asked["purpose"]) != other_purposes:
                    continue
                opened = permit["attributes"].get(asked["dataset"], ())
                if asked["subject_role"] not in permit["subjects"] or not opened:
                    continue
                for key, agreement in product(self._keys(permit), self._agreements()):
                    names = [n for n in self._wanted if n in opened and n in agreement[1]]
                    place = {"purpose": purpose, "key": key, "agreement": agreement[0]}
                    yield from self._proposal({**varied, **place}, names)

    def _proposal(self, varied: Mapping[str, Any], names: list[str]) -> Iterator[Proposal]:
        """Verifies one variant: with the consent that was cited, or else with one that fits."""
        if not names:
            return
        fitting = fitting_consent(varied["consumer"], varied["purpose"], varied["time"])
        for consent in (self._asked["consent"], fitting):
            request = {**varied, "consent": consent}
            part = self._decide({**request, "attributes": names, "partial_acceptable": True})
            kept = [name for name in names if name in part]
            request |= {"attributes": kept}
            if kept and set(kept) == self._decide(request):
                yield Proposal(
                    changes=self._changes(request, kept),
                    kept=tuple(kept),
                    dropped=tuple(name for name in self._wanted if name not in kept),
                    policy_input=request,
                )
                return

    def _decide(self, request: Input) -> set[str]:
        try:
            return set(self._asker.decide(request).granted)
        except Failed:
            return set()

    def _changes(self, request: Input, kept: list[str]) -> dict[str, Any]:
        fields = ("purpose", "legal_basis", "agreement", "key", "law_date")
        changes = {name: request[name] for name in fields if request[name] != self._asked[name]}
        if request["consent"] != self._asked["consent"]:
            changes["consent"] = True
        if len(kept) < len(self._wanted):
            changes["attributes"] = kept
        return changes

    def _keys(self, permit: Mapping[str, Any]) -> Iterable[str]:
        key = self._asked["key"]
        return (key,) if key in permit["keys"] else sorted(permit["keys"])

    def _agreements(self) -> Iterator[tuple[str, Sequence[str]]]:
        """The agreements of the same parties that carry the dataset, with the attributes they carry."""
        parties = (self._asked["consumer"], self._asked["provider"])
        for name, agreement in sorted((self._data.get("agreements") or {}).items()):
            if parties == (agreement["consumer"], agreement["provider"]):
                yield name, agreement["datasets"].get(self._asked["dataset"], ())

    def _days(self) -> list[str]:
        """The day asked for, the day of the request, and days on which the cited law was in force."""
        day, today = self._asked["law_date"], self._asked["time"][:10]
        basis = (self._data.get("legal_bases") or {}).get(self._asked["legal_basis"]) or {}
        edges = []
        for version in basis.get("versions") or ():
            if day < version["valid_from"]:
                edges.append(version["valid_from"])
            elif version["valid_to"] is not None and version["valid_to"] < day:
                edges.append(version["valid_to"])
            else:  # in force: another day is no correction
                return list(dict.fromkeys((day, today)))
        return list(dict.fromkeys((day, today, *edges)))
