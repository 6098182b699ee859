"""Reading an OPA server's answers with the texts of the very revision that made them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exchange.errors import Failed
from exchange.model.decision import Decision
from exchange.policy import answer
from exchange.policy.opa_server import Fault, Unanswered
from exchange.policy.policy_set import PolicySet
from exchange.policy.revisions import Revisions

_REMEMBERED = 8  # revisions whose texts are kept


@dataclass(frozen=True, slots=True)
class Reading:
    """What answers of one revision are read with."""

    revision: str
    texts: answer.Texts
    citations: answer.Citations

    @classmethod
    def of(cls, policies: PolicySet) -> Reading:
        """Takes the texts and citations from a policy set."""
        return cls(policies.revision, policies.texts, answer.citations_of(policies.data))

    def decision(self, document: Any, asked: tuple[str, ...]) -> Decision:
        """Turns a decision document into a decision.

        Raises:
            Unanswered: it is none.
        """
        try:
            return answer.read(document, asked, self.revision, self.texts, self.citations)
        except Failed as error:
            raise Unanswered(Fault.MALFORMED) from error


class Readings:
    """Knows by what an answer may be read, as of now."""

    def __init__(self, revisions: Revisions) -> None:
        """Takes what tells which revisions may decide."""
        self._revisions = revisions
        self._known: dict[str, Reading] = {}

    def by(self, revision: str) -> Reading:
        """Gives what answers of a revision are read with. Asks anew each time whether it may decide.

        Raises:
            Unanswered: it may not.
        """
        policies = self._revisions.deciding(revision)
        if policies is None:
            raise Unanswered(Fault.REVISION)
        if revision not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[revision] = Reading.of(policies)
        return self._known[revision]
