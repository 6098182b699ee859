"""What a replay is told as: one report, whether on a terminal, as JSON, as a page or as a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from exchange.model.catalogue import Text
from exchange.policy import answer
from exchange.policy.policy_set import PolicySet
from exchange.workbench.replay.change import NOTICED, Aspect, Effect
from exchange.workbench.replay.span import Span
from exchange.workbench.replay.tally import Count, Dimension, Tally

#: The dimensions in the order in which they are shown.
SHOWN = (
    Dimension.AUTHORITY,
    Dimension.PURPOSE,
    Dimension.LEGAL_BASIS,
    Dimension.DATASET,
    Dimension.REASON,
    Dimension.GAINED,
    Dimension.LOST,
    Dimension.KIND,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One value of a dimension, and what would become of its decisions."""

    value: str
    name: Text
    counts: Mapping[Effect, Count]

    def number(self, effect: Effect) -> int:
        """How many have an effect."""
        return self.counts[effect].number if effect in self.counts else 0

    @property
    def noticed(self) -> int:
        """How many somebody would notice."""
        return sum(self.number(effect) for effect in NOTICED)


@dataclass(frozen=True)
class Report:
    """What a replay came to.

    Attributes:
        log: the log's name.
        size: its entries when the replay began.
        span: the part that was replayed.
        tally: the counts.
        candidate: what was compared with; none where nothing was.
    """

    log: str
    size: int
    span: Span
    tally: Tally
    candidate: PolicySet | None = None

    @property
    def holds(self) -> bool:
        """Whether every decision came out as recorded."""
        return not self.tally.problems

    def effect(self, effect: Effect) -> Count:
        """How many decisions a candidate has an effect on."""
        return self.tally.effects.get(effect, Count())

    def aspect(self, aspect: Aspect) -> Count:
        """How many decisions change in an aspect, and stay a grant or a refusal."""
        return self.tally.aspects.get(aspect, Count())

    def rows(self, dimension: Dimension, *, unchanged: bool = False) -> list[Row]:
        """The values of a dimension, those with most to notice first.

        Args:
            dimension: by what to group.
            unchanged: also those of which nothing would change.
        """
        found: dict[str, dict[Effect, Count]] = {}
        for (grouped, value, effect), count in self.tally.groups.items():
            if grouped is dimension:
                found.setdefault(value, {})[effect] = count
        rows = [Row(value, self._name(dimension, value), counts) for value, counts in found.items()]
        return sorted(
            (row for row in rows if unchanged or row.noticed), key=lambda row: (-row.noticed, row.value)
        )

    def document(self) -> dict[str, Any]:
        """The report for programs."""
        tally = self.tally
        document: dict[str, Any] = {
            "log": self.log,
            "size": self.size,
            "span": asdict(self.span),
            "holds": self.holds,
            "entries": asdict(tally.entries),
            "evaluations": tally.evaluations,
            "revisions": dict(sorted(tally.revisions.items())),
            "problems": {problem.value: n for problem, n in sorted(tally.problems.items())},
            "findings": [asdict(finding) for finding in tally.findings],
            "candidate": None,
        }
        if self.candidate is not None:
            document["candidate"] = {
                "revision": self.candidate.revision,
                "compared": tally.compared,
                "upgraded_inputs": tally.upgraded,
                "effects": {effect.value: asdict(self.effect(effect)) for effect in Effect},
                "aspects": {aspect.value: asdict(self.aspect(aspect)) for aspect in Aspect},
                "by": {d.value: [_plain(row) for row in self.rows(d, unchanged=True)] for d in SHOWN},
            }
        return document

    def _name(self, dimension: Dimension, value: str) -> Text:
        """The name that the candidate's data has for a value; the value itself where it has none."""
        data = self.candidate.data if self.candidate is not None else {}
        own = Text(value, value)
        match dimension:
            case Dimension.AUTHORITY:
                name = str((data.get("authorities") or {}).get(value, {}).get("name", value))
                return Text(name, name)
            case Dimension.PURPOSE:
                title = (data.get("purposes") or {}).get(value, {}).get("title") or {}
                return Text(str(title.get("en", value)), str(title.get("da", value)))
            case Dimension.LEGAL_BASIS:
                citation = answer.citations_of(data).get(value)
                return Text(citation.labelled_en, citation.labelled_da) if citation else own
            case _:
                return own


def _plain(row: Row) -> dict[str, Any]:
    counts = {effect.value: asdict(count) for effect, count in sorted(row.counts.items())}
    return {"value": row.value, "name": row.name.en, **counts}
