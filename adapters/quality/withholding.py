"""Small numbers are withheld, and so much beside them that nothing gives them away.

That three of all married persons in a register are not named by their spouses is close to naming them. A
number from 1 to below the threshold is therefore not shown. As the sum of a comparison is shown, one number
withheld alone could be worked out from the others: the next smallest is withheld too, until every number
withheld could be anything from 1 to the threshold, for all that a reader knows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from adapters.quality.comparison import Comparison
from adapters.quality.counting import Counted, Outcome


@dataclass(frozen=True, slots=True)
class Published:
    """What may be seen of a comparison.

    Attributes:
        comparison: which.
        total: subjects compared; nothing where even that would tell too much.
        counts: by outcome; nothing where a number is withheld.
    """

    comparison: Comparison
    total: int | None
    counts: Mapping[Outcome, int | None]

    @property
    def withheld(self) -> bool:
        """Whether anything is."""
        return self.total is None or None in self.counts.values()

    def per_mille(self, outcome: Outcome) -> float | None:
        """A number in per mille of all compared, to one decimal; nothing where it is withheld."""
        n = self.counts.get(outcome)
        return None if n is None or not self.total else round(n * 1000 / self.total, 1)

    @property
    def at_least(self) -> int:
        """The subjects that do not agree, over the numbers that are shown."""
        return sum(n or 0 for outcome, n in self.counts.items() if outcome is not Outcome.AGREES)


def withhold(counted: Sequence[Counted], threshold: int) -> tuple[Published, ...]:
    """Decides what may be seen of the numbers of comparisons that are published together.

    Two that look up the same of the same subjects, and whose numbers differ by little, give the few away that
    only one of them counts: the later number is withheld then.

    Args:
        counted: the true numbers.
        threshold: the smallest number but 0 that may be seen.

    Raises:
        ValueError: the threshold is below 3: one of two would know the other.
    """
    if threshold < 3:  # noqa: PLR2004  # said above
        raise ValueError("the threshold must be 3 or more")
    seen: dict[object, set[int]] = {}
    published = []
    for one in counted:
        near = seen.setdefault(_question(one.comparison), set())
        made = _withheld(one, threshold, near)
        near |= {n for outcome, n in made.counts.items() if n is not None and outcome is not Outcome.AGREES}
        published.append(made)
    return tuple(published)


def _withheld(counted: Counted, threshold: int, near: Collection[int]) -> Published:
    counts = counted.counts
    hidden = {
        outcome
        for outcome, n in counts.items()
        if 0 < n < threshold
        or (outcome is not Outcome.AGREES and any(0 < abs(n - m) < threshold for m in near if n and m))
    }
    while hidden and not _safe([counts[outcome] for outcome in hidden], threshold):
        rest = [outcome for outcome, n in counts.items() if n and outcome not in hidden]
        if not rest:
            return Published(counted.comparison, None, dict.fromkeys(counts))
        hidden.add(min(rest, key=lambda outcome: counts[outcome]))
    shown = {outcome: None if outcome in hidden else n for outcome, n in counts.items()}
    return Published(counted.comparison, sum(counts.values()), shown)


def _question(comparison: Comparison) -> object:
    own = comparison.own
    where = tuple((name, tuple(values)) for name, values in sorted(own.where.items()))
    return own.dataset.name, own.subject, own.key, where


def _safe(hidden: list[int], threshold: int) -> bool:
    # A reader knows their sum, and that each is at least 1: the largest that any of them could be.
    return len(hidden) > 1 and sum(hidden) - len(hidden) + 1 >= threshold
