"""Counting what a replay came to, range by range, and adding the counts up in the order of the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from exchange.workbench.replay.change import Aspect, Change, Effect
from exchange.workbench.replay.findings import Finding, Problem

K = TypeVar("K")


class Dimension(StrEnum):
    """By what decisions are grouped."""

    AUTHORITY = "authority"
    PURPOSE = "purpose"
    LEGAL_BASIS = "legal_basis"
    DATASET = "dataset"
    KIND = "kind"
    REASON = "reason"
    GAINED = "attribute_gained"
    LOST = "attribute_lost"


#: The fields of a policy input that say on which side of a grouping it is.
FIELDS = {
    Dimension.AUTHORITY: "consumer",
    Dimension.PURPOSE: "purpose",
    Dimension.LEGAL_BASIS: "legal_basis",
    Dimension.DATASET: "dataset",
    Dimension.KIND: "kind",
}


@dataclass(slots=True)
class Count:
    """How many, and the first few of them by index."""

    number: int = 0
    examples: tuple[int, ...] = ()

    def add(self, number: int, examples: Iterable[int], limit: int) -> None:
        """Counts more; of all examples the first in the log are kept."""
        self.number += number
        self.examples = tuple(sorted((*self.examples, *examples))[:limit])


@dataclass(slots=True)
class Entries:
    """How many entries were read, and what could be done with each: every one is in one of the others."""

    read: int = 0
    replayed: int = 0
    without_input: int = 0  # refused before a decision
    undecided: int = 0  # the engine gave no answer then
    erased: int = 0
    events: int = 0  # about the exchange itself, e.g. a change of policy
    broken: int = 0  # what a finding says could not be decided again

    def add(self, other: Entries) -> None:
        """Adds another count."""
        self.read += other.read
        self.replayed += other.replayed
        self.without_input += other.without_input
        self.undecided += other.undecided
        self.erased += other.erased
        self.events += other.events
        self.broken += other.broken


@dataclass(slots=True)
class Tally:
    """What one range, or the whole span, came to.

    Attributes:
        limit: most examples a group.
        kept: most findings kept; all are counted.
        entries: how many of which kind.
        evaluations: how many decisions were made; the others were remembered.
        revisions: how many decisions of each revision.
        problems: findings by what does not hold.
        findings: the first ones, in the order of the log.
        compared: decisions that the candidate was compared on: those whose record holds.
        upgraded: inputs among them that lacked a field, and got it for the candidate.
        effects: what would become of them.
        aspects: what would change of those that stay a grant or a refusal.
        groups: the same by dimension and value.
    """

    limit: int
    kept: int
    entries: Entries = field(default_factory=Entries)
    evaluations: int = 0
    revisions: Counter[str] = field(default_factory=Counter)
    problems: Counter[Problem] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    compared: int = 0
    upgraded: int = 0
    effects: dict[Effect, Count] = field(default_factory=dict)
    aspects: dict[Aspect, Count] = field(default_factory=dict)
    groups: dict[tuple[Dimension, str, Effect], Count] = field(default_factory=dict)

    def find(self, finding: Finding) -> None:
        """Notes what does not hold."""
        self.problems[finding.problem] += 1
        if len(self.findings) < self.kept:
            self.findings.append(finding)

    def count(self, values: dict[Dimension, str], change: Change, number: int, examples: list[int]) -> None:
        """Counts decisions on one and the same input.

        Args:
            values: the groups that the input is in.
            change: what would become of them.
            number: how many they are.
            examples: the indexes of the first few.
        """
        self.compared += number
        self._count(self.effects, change.effect, number, examples)
        for aspect in change.aspects:
            self._count(self.aspects, aspect, number, examples)
        for dimension, value in _groups(values, change):
            self._count(self.groups, (dimension, value, change.effect), number, examples)

    def add(self, other: Tally) -> None:
        """Adds what a later range came to."""
        self.entries.add(other.entries)
        self.evaluations += other.evaluations
        self.revisions += other.revisions
        self.problems += other.problems
        self.findings += other.findings[: self.kept - len(self.findings)]
        self.compared += other.compared
        self.upgraded += other.upgraded
        for effect, count in other.effects.items():
            self._count(self.effects, effect, count.number, count.examples)
        for aspect, count in other.aspects.items():
            self._count(self.aspects, aspect, count.number, count.examples)
        for group, count in other.groups.items():
            self._count(self.groups, group, count.number, count.examples)

    def _count(self, counts: dict[K, Count], key: K, number: int, examples: Iterable[int]) -> None:
        counts.setdefault(key, Count()).add(number, examples, self.limit)


def _groups(values: dict[Dimension, str], change: Change) -> Iterator[tuple[Dimension, str]]:
    yield from values.items()
    for code in change.codes:
        yield Dimension.REASON, code
    dataset = values[Dimension.DATASET]
    for name in change.gained:
        yield Dimension.GAINED, f"{dataset}.{name}"
    for name in change.lost:
        yield Dimension.LOST, f"{dataset}.{name}"
