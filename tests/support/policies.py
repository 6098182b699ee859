"""Policies that change while a test runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from exchange.policy.policy_set import PolicySet


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
