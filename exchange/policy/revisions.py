"""Which revisions of the policies may decide, as an engine outside of the broker needs to know it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from exchange.policy.policy_set import PolicySet


class Revisions(Protocol):
    """Tells by which revisions a decision may have been made."""

    @property
    def active(self) -> PolicySet:
        """The set in force."""

    def deciding(self, revision: str) -> PolicySet | None:
        """Gives the set by which an answer of this revision is to be read, or nothing: it is not believed.

        That is the active set and, for a limited time after it was replaced, the one before it, because
        a server takes a new set over a moment later. Never a withdrawn set, and never one that is not
        archived: a decision that nobody can make again proves nothing.
        """


class Published(Protocol):
    """The set in force, and when it is another."""

    @property
    def active(self) -> PolicySet:
        """The set in force."""

    async def changed(self, known: str) -> None:
        """Returns when the revision in force is another than the known one; at once if it is already."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Implements `Revisions` and `Published` with one set that never changes."""

    active: PolicySet

    def deciding(self, revision: str) -> PolicySet | None:
        """See `Revisions`."""
        return self.active if revision == self.active.revision else None

    async def changed(self, known: str) -> None:
        """See `Published`."""
        if known == self.active.revision:
            await asyncio.get_running_loop().create_future()  # there is no other to wait for
