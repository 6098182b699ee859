"""Whether the policies' own tests notice a mutant."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from exchange.policy import policy_set, rego_tests
from exchange.policy.embedded import compile_set
from exchange.policy.policy_set import PolicyError
from exchange.policy.rego_tests import TestModule
from tests.mutation.mutants import Mutant


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant: the test that killed it, or none; what does not compile does not count."""

    mutant: Mutant
    killed_by: str | None
    compiles: bool = True

    @property
    def survived(self) -> bool:
        """Whether it compiles, and no test noticed."""
        return self.compiles and self.killed_by is None


class Judge:
    """Runs the policies' tests on mutants, those that lie nearest first, until one fails."""

    def __init__(self, folder: Path, modules: Sequence[TestModule] | None = None) -> None:
        """Takes a folder of policies, and the tests to judge by if not its own.

        Raises:
            ValueError: a test fails on the policies as they are.
        """
        self.policies = policy_set.load(folder)
        self._cost: dict[str, float] = {}
        self._modules = rego_tests.read(folder) if modules is None else list(modules)
        for module in self._modules:
            begun = time.monotonic()
            failed = [o.name for o in module.outcomes(self.policies) if not o.passed]
            self._cost[module.path] = time.monotonic() - begun
            if failed:
                raise ValueError(f"{failed[0]} fails without any change")

    def verdict(self, mutant: Mutant) -> Verdict:
        """Judges one mutant."""
        changed = mutant.applied(self.policies)
        try:
            compile_set(changed)
        except PolicyError:
            return Verdict(mutant, None, compiles=False)
        for module in sorted(self._modules, key=lambda m: self._nearness(mutant, m)):
            for outcome in module.outcomes(changed):
                if not outcome.passed:
                    return Verdict(mutant, outcome.name)
        return Verdict(mutant, None)

    def _nearness(self, mutant: Mutant, module: TestModule) -> tuple[bool, bool, float]:
        own, tested = PurePosixPath(mutant.path), PurePosixPath(module.path)
        is_own = f"{own.stem}_test" == tested.stem
        return (not is_own, own.parent != tested.parent, self._cost[module.path])
