"""Policies that change while a test runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from exchange.policy.policy_set import PolicySet

#: What is granted: the income of an applicant for housing benefit.
INCOME: Mapping[str, Any] = {
    "time": "2026-11-21T20:00:00Z",
    "kind": "exchange",
    "consumer": "91000008",
    "processor": None,
    "provider": "94000068",
    "dataset": "eindkomst.indkomst",
    "attributes": ["loenindkomst", "maaned"],
    "key": "personnummer",
    "subject_role": "applicant",
    "purpose": "housing-benefit.income",
    "legal_basis": "bsl.8",
    "agreement": "udk-eindkomst",
    "law_date": "2026-11-21",
    "consent": None,
    "partial_acceptable": False,
    "emergency": False,
}


class Store:
    """Implements `Revisions` and `Published` with sets that a test publishes, from any thread.

    The set before the active one may still answer until it is withdrawn.
    """

    def __init__(self, active: PolicySet) -> None:
        self._archived = {active.revision: active}
        self._active = active
        self._allowed = {active.revision}

    @property
    def active(self) -> PolicySet:
        return self._active

    def publish(self, policies: PolicySet) -> None:
        """Puts a set in force; of the others, the one before it only may still answer."""
        self._archived[policies.revision] = policies
        self._allowed = {self._active.revision, policies.revision}
        self._active = policies

    def withdraw(self, policies: PolicySet) -> None:
        """Lets a set answer no more."""
        self._allowed -= {policies.revision}

    def deciding(self, revision: str) -> PolicySet | None:
        return self._archived[revision] if revision in self._allowed else None

    async def changed(self, known: str) -> None:
        while self._active.revision == known:  # noqa: ASYNC110  # another thread publishes
            await asyncio.sleep(0.01)


def with_agreement(policies: PolicySet, name: str, **changes: Any) -> PolicySet:
    """A set that differs in one agreement."""
    agreements: Mapping[str, Any] = policies.data["agreements"]
    terms = {**agreements[name], **changes}
    return PolicySet(policies.modules, {**policies.data, "agreements": {**agreements, name: terms}})
