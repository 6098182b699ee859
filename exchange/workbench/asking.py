"""Asking one policy set on the embedded engine: for decisions, and for what led to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from exchange.model.decision import Decision
from exchange.policy.embedded import EmbeddedEngine, compile_set
from exchange.policy.policy_set import PolicyError, PolicySet

Input = Mapping[str, Any]
_TIMEOUT = 60  # seconds: nobody waits behind an author's question
_UNDEFINED = "<undefined>"


class Asker:
    """A policy set that answers. Bound to the thread that made it, like the engine."""

    def __init__(self, policies: PolicySet) -> None:
        """Compiles the set.

        Raises:
            PolicyError: it does not compile.
        """
        self.policies = policies
        self._decisions = EmbeddedEngine(policies, _TIMEOUT)
        self._values = compile_set(policies)

    def decide(self, policy_input: Input) -> Decision:
        """Decides as the broker does, which refuses where the policies give no believable answer.

        Raises:
            Failed: the policies gave none.
        """
        return self._decisions.decide_now(policy_input)

    def values(self, policy_input: Input, *rules: str) -> list[Any]:
        """Evaluates rules of the set, e.g. `data.decision.deny`; None where one is undefined.

        Raises:
            PolicyError: a rule cannot be evaluated, or there is none of this name.
        """
        self._values.set_input_json(orjson.dumps(policy_input).decode())
        return [self._value(rule) for rule in rules]

    def _value(self, rule: str) -> Any:
        try:
            value = orjson.loads(self._values.eval_rule_as_json(rule))
        except Exception as error:
            problem = str(error).partition("Stack backtrace")[0].strip()
            raise PolicyError(f"{rule} cannot be evaluated:\n{problem}") from error
        return None if value == _UNDEFINED else value
