"""A candidate that decides beside the policy set in force, on live requests, and has no say.

It runs on a thread of its own with an engine of its own. What it cannot keep up with is not compared,
and counted as such: no request ever waits for it.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from audit.storage.policies import Difference
from exchange.errors import ExchangeError
from exchange.model.decision import Decision
from exchange.policy.comparison import change
from exchange.policy.embedded import EmbeddedEngine
from exchange.policy.policy_set import PolicySet

_log = logging.getLogger(__name__)
_WAITING = 1000
_UNLIMITED = 60.0  # seconds: a candidate is not refused for being slow
NOT_COMPARED = "not_compared"
FAILED = "failed"


class Shadow:
    """Compares decisions with those of a candidate, from `start` to `stop`."""

    def __init__(self, candidate: PolicySet) -> None:
        """Takes the candidate."""
        self._candidate = candidate
        self._waiting: queue.Queue[tuple[Mapping[str, Any], Decision] | None] = queue.Queue(_WAITING)
        self._counts: Counter[Difference] = Counter()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="policy-shadow", daemon=True)

    @property
    def revision(self) -> str:
        """The candidate's."""
        return self._candidate.revision

    def start(self) -> None:
        """Begins to compare."""
        self._thread.start()

    def stop(self) -> None:
        """Ends when what is waiting was compared."""
        self._waiting.put(None)
        self._thread.join()

    def offer(self, policy_input: Mapping[str, Any], decision: Decision) -> None:
        """Takes a decision that was made, to be compared soon. Never waits and never fails."""
        try:
            self._waiting.put_nowait((policy_input, decision))
        except queue.Full:
            self._count(policy_input, decision, NOT_COMPARED)

    def collect(self) -> list[Difference]:
        """Gives what was counted since it was last asked for, equal decisions included."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        return [replace(difference, count=n) for difference, n in counts.items()]

    def _run(self) -> None:
        engine = EmbeddedEngine(self._candidate, _UNLIMITED)  # bound to this thread
        while (item := self._waiting.get()) is not None:
            policy_input, decision = item
            self._count(policy_input, decision, _compared(engine, policy_input, decision))
        engine.close()

    def _count(self, policy_input: Mapping[str, Any], decision: Decision, found: str) -> None:
        difference = Difference(
            candidate=self.revision,
            revision=decision.revision,
            consumer=policy_input["consumer"],
            purpose=policy_input["purpose"],
            legal_basis=policy_input["legal_basis"],
            dataset=policy_input["dataset"],
            change=found,
            count=0,
        )
        with self._lock:
            self._counts[difference] += 1


def _compared(engine: EmbeddedEngine, policy_input: Mapping[str, Any], decision: Decision) -> str:
    try:
        then = engine.decide_now(policy_input)
    except ExchangeError as error:
        _log.warning("shadow_decision_failed", extra={"reason": error.reasons[0].code})
        return FAILED
    return change(decision, then)
