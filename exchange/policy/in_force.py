"""Which policy sets may decide at present: the one in force and, for a while, the one before it.

A change takes effect on many machines, and not at one instant: an OPA server may still answer with the
set before. That is taken for as long as a change may need. What was withdrawn never decides again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from types import MappingProxyType

from exchange.policy.policy_set import PolicySet


class PoliciesInForce:
    """Implements `exchange.policy.revisions.Revisions` and `Published`. Belongs to one event loop."""

    def __init__(self, active: PolicySet, overlap: float) -> None:
        """Takes the set in force, and how long the one before it may still decide (seconds)."""
        self._active = active
        self._overlap = overlap
        self._before: Mapping[str, tuple[PolicySet, float]] = MappingProxyType({})
        self._withdrawn: frozenset[str] = frozenset()
        self._changed = asyncio.Event()

    @property
    def active(self) -> PolicySet:
        """The set in force."""
        return self._active

    def deciding(self, revision: str) -> PolicySet | None:
        """See `exchange.policy.revisions.Revisions`."""
        if revision in self._withdrawn:
            return None
        if revision == self._active.revision:
            return self._active
        policies, until = self._before.get(revision, (None, 0.0))
        return policies if time.monotonic() < until else None

    def change(self, active: PolicySet) -> None:
        """Puts another set in force."""
        until = time.monotonic() + self._overlap
        self._before = MappingProxyType({self._active.revision: (self._active, until)})
        self._active = active
        self._wake()

    def withdraw(self, revisions: Collection[str]) -> None:
        """Bars revisions, all that were ever withdrawn."""
        self._withdrawn = frozenset(revisions)

    async def changed(self, known: str) -> None:
        """See `exchange.policy.revisions.Published`."""
        while self._active.revision == known:
            await self._changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
