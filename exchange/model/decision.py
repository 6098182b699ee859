"""The policy's answer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was refused: a stable code, the rule that said so and the law it stands on."""

    code: str
    rule: str = ""
    legal_basis: str = ""
    text_en: str = ""
    text_da: str = ""


@dataclass(frozen=True, slots=True)
class RefusedAttribute:
    """One attribute that the policy does not grant."""

    attribute: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Condition:
    """A question about the subject that only fetched data can answer.

    Attributes:
        fact: dataset and attribute, e.g. `cpr.person.foedselsdato`.
        test: `equals` or `age_below`.
        value: what the fact is compared with.
    """

    fact: str
    test: str
    value: str | int | bool

    @property
    def dataset(self) -> str:
        """The dataset that holds the fact."""
        return self.fact.rpartition(".")[0]

    @property
    def attribute(self) -> str:
        """The attribute that holds the fact."""
        return self.fact.rpartition(".")[2]


class Effect(StrEnum):
    """What an obligation has the broker do with what it fetched, before it is released."""

    WITHHOLD = "withhold"  # where its condition holds, or cannot be answered
    INDICATE = "indicate"  # say yes or no instead of the values
    REVIEW = "review"  # queue the exchange for a second person


@dataclass(frozen=True, slots=True)
class Obligation:
    """What the broker must do before it releases some attributes.

    Attributes:
        id: its name in the policies.
        effect: what to do.
        attributes: to what.
        when: the condition; an obligation to withhold has one, the others have none.
        reason: what is told where it takes effect.
    """

    id: str
    effect: Effect
    attributes: frozenset[str]
    when: Condition | None
    reason: Reason

    @property
    def fact(self) -> str:
        """What it asks of the subject; empty where it asks nothing."""
        return self.when.fact if self.when else ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy set of one revision answers to one input."""

    allow: bool
    granted: tuple[str, ...]
    refused: tuple[RefusedAttribute, ...]
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...]
    legal_basis_version: str
    revision: str
    citation: str = ""  # of the cited legal basis, as people write it
    citation_verified: bool = False  # whether anybody held it against the law's own text

    @property
    def indicates(self) -> bool:
        """Whether the answer is a yes or no for each attribute, instead of records."""
        return any(o.effect is Effect.INDICATE for o in self.obligations)

    @property
    def all_reasons(self) -> tuple[Reason, ...]:
        """The reasons against the whole request, then those against single attributes."""
        return self.reasons + tuple(r.reason for r in self.refused)

    def answers(self, asked: Collection[str], *, part_will_do: bool) -> bool:
        """Tells whether this can be believed as an answer to a question for some attributes.

        It grants nothing that was not asked, nothing while it refuses, a part only where a part will
        do; and it gives a reason where it refuses.
        """
        granted = frozenset(self.granted)
        if not self.allow:
            return not granted and bool(self.all_reasons)
        whole = granted == frozenset(asked)
        return bool(granted) and granted <= frozenset(asked) and not self.reasons and (whole or part_will_do)
