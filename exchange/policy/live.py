"""The engine that can be exchanged while requests are decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.errors import Failed
from exchange.model.decision import Decision
from exchange.policy.shadow import Shadow
from exchange.ports import PolicyEngine


class LiveEngine:
    """Implements `exchange.ports.PolicyEngine` with whichever engine was put in last.

    A decision is made by one engine from beginning to end: a request never sees half of a change.
    """

    def __init__(self, engine: PolicyEngine) -> None:
        """Takes the engine to begin with."""
        self._engine: PolicyEngine | None = engine
        self._revision = engine.revision
        self.shadow: Shadow | None = None

    @property
    def revision(self) -> str:
        """See `exchange.ports.PolicyEngine`."""
        return self._engine.revision if self._engine else self._revision

    async def decide(self, policy_input: Mapping[str, Any]) -> Decision:
        """See `exchange.ports.PolicyEngine`."""
        if self._engine is None:
            raise Failed.because("POLICY_FAILED")
        decision = await self._engine.decide(policy_input)
        if self.shadow:
            self.shadow.offer(policy_input, decision)
        return decision

    def close(self) -> None:
        """Lets go of the engine."""
        self.replace(None)

    def replace(self, engine: PolicyEngine | None) -> None:
        """Puts another engine in, and lets go of the one before; with none, everything is refused."""
        before, self._engine = self._engine, engine
        self._revision = before.revision if before else self._revision
        if before is not engine and (close := getattr(before, "close", None)):
            close()  # on the thread that made it: see `EmbeddedEngine.close`
