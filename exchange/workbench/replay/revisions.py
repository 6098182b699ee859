"""Policy sets that decide again: the archived ones by revision, and a candidate."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from audit.storage.schema import policy_revisions
from exchange.policy.policy_set import PolicyError, PolicySet
from exchange.workbench.replay.verdict import Evaluator, Verdict, believed

_COMPILED = 8  # revisions at a time


class RememberedSet:
    """A policy set, and what it said to the inputs seen last.

    A decision is a pure function of its input, so that the same bytes need no second one.
    """

    def __init__(self, evaluator: Evaluator, remembered: int) -> None:
        """Takes the set's evaluator, and how many inputs to remember."""
        self._evaluator = evaluator
        self._remembered = remembered
        self._said: dict[bytes, Verdict] = {}
        self.evaluations = 0

    @classmethod
    def candidate(cls, bundle: bytes, remembered: int) -> RememberedSet:
        """Makes one of a candidate, held to what a broker would make of its answers.

        Raises:
            PolicyError: it does not hold.
        """
        policies = PolicySet.from_bundle(bundle)
        return cls(Evaluator(policies, believed(policies)), remembered)

    def decide(self, key: bytes, policy_input: Mapping[str, Any]) -> Verdict:
        """Decides on an input, or remembers what it said to it.

        Args:
            key: the input's bytes as recorded, which stand for it.
            policy_input: the input.
        """
        verdict = self._said.get(key)
        if verdict is None:
            verdict = self._evaluator.decide(policy_input)
            self.evaluations += 1
            if len(self._said) >= self._remembered:
                self._said.clear()  # inputs carry the time: what is long past does not come again
            if self._remembered:
                self._said[key] = verdict
        return verdict

    def close(self) -> None:
        """Drops the engine, on the thread that made it."""
        self._evaluator.close()


class Archive:
    """The policy sets that a log archived. Used by one thread."""

    def __init__(self, log: sa.Engine, remembered: int) -> None:
        """Takes the log's database, and how many inputs each set remembers."""
        self._log = log
        self._remembered = remembered
        self._compiled: OrderedDict[str, RememberedSet | str] = OrderedDict()
        self._evaluations = 0  # of sets let go

    def find(self, revision: str) -> RememberedSet | str:
        """Gives the set of a revision, or what is missing where there is none that can decide.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database failed.
        """
        found = self._compiled.get(revision)
        if found is None:
            if len(self._compiled) >= _COMPILED:
                self._let_go(self._compiled.popitem(last=False)[1])
            found = self._compiled[revision] = self._read(revision)
        self._compiled.move_to_end(revision)
        return found

    @property
    def evaluations(self) -> int:
        """How many decisions were made so far."""
        sets = (s for s in self._compiled.values() if isinstance(s, RememberedSet))
        return self._evaluations + sum(s.evaluations for s in sets)

    def close(self) -> None:
        """Drops the engines, on the thread that made them."""
        while self._compiled:
            self._let_go(self._compiled.popitem()[1])

    def _let_go(self, found: RememberedSet | str) -> None:
        if isinstance(found, RememberedSet):
            self._evaluations += found.evaluations
            found.close()

    def _read(self, revision: str) -> RememberedSet | str:
        query = sa.select(policy_revisions.c.bundle).where(policy_revisions.c.revision == revision)
        with self._log.connect().execution_options(read_only=True) as connection:
            bundle = connection.execute(query).scalar()
        if bundle is None:
            return "a revision that is archived"
        if not isinstance(bundle, bytes) or sha256(bundle).hexdigest() != revision:
            return "the set of that digest: another one is archived under it"
        try:
            return RememberedSet(Evaluator(PolicySet.from_bundle(bundle)), self._remembered)
        except PolicyError as error:
            return f"a set that compiles: {error}"
