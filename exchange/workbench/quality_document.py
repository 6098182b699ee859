"""Data quality as JSON and as CSV: numbers and names of registers, and nothing of a subject."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from adapters.quality import Comparison, Outcome, Published
from exchange.model.catalogue import Dataset, Text
from exchange.model.request import timestamp
from exchange.workbench.matrix_document import text
from exchange.workbench.names import Names

OUTCOMES: Final = {
    Outcome.AGREES: Text("agree", "er enige"),
    Outcome.DIFFERS: Text("differ", "er uenige"),
    Outcome.UNKNOWN: Text("unknown to the other register", "kendes ikke i det andet register"),
    Outcome.OTHER_SILENT: Text("the other register says nothing", "det andet register oplyser intet"),
    Outcome.OWN_SILENT: Text("this register says nothing", "dette register oplyser intet"),
}
_COLUMNS: Final = (
    *("comparison", "title_en", "title_da", "provider_cvr", "provider", "dataset", "other_provider_cvr"),
    *("other_provider", "other_dataset", "outcome", "count", "per_mille", "total"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a run of comparisons gives.

    Attributes:
        on: the time at which the records had to hold.
        threshold: the smallest number but 0 that is shown.
        providers: on whose behalf it was run.
        rows: what was compared.
        not_made: comparisons that a register gave no answer for, with the reason's code.
    """

    on: datetime
    threshold: int
    providers: tuple[str, ...]
    rows: tuple[Published, ...]
    not_made: tuple[tuple[Comparison, str], ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What one provider is told: over all comparisons in which a register of theirs is either side.

    Attributes:
        provider: CVR number.
        rows: those comparisons.
        at_least: how often they do not agree, over the numbers that are shown.
        withheld: in how many of them a number is withheld.
    """

    provider: str
    rows: tuple[Published, ...]
    at_least: int
    withheld: int


def told(report: Report) -> tuple[Told, ...]:
    """Sorts a report by who is to be told; a comparison of two registers stands under both providers."""
    providers = sorted({p for row in report.rows for p in sides(row.comparison)})
    found = []
    for provider in providers:
        rows = tuple(row for row in report.rows if provider in sides(row.comparison))
        found.append(Told(provider, rows, sum(r.at_least for r in rows), sum(r.withheld for r in rows)))
    return tuple(found)


def sides(comparison: Comparison) -> set[str]:
    """The providers of a comparison."""
    other = {comparison.other.dataset.provider} if comparison.other else set()
    return {comparison.own.dataset.provider} | other


def quality_document(report: Report, names: Names) -> dict[str, Any]:
    """The report as JSON; a number that is withheld is null."""
    return {
        "on": timestamp(report.on),
        "threshold": report.threshold,
        "run_for": [{"cvr": cvr, "name": names.authority(cvr)} for cvr in report.providers],
        "comparisons": [_row(row, names) for row in report.rows],
        "providers": [
            {
                "cvr": one.provider,
                "name": names.authority(one.provider),
                "comparisons": [row.comparison.name for row in one.rows],
                "findings_at_least": one.at_least,
                "comparisons_with_numbers_withheld": one.withheld,
            }
            for one in told(report)
        ],
        "not_made": [{"comparison": c.name, "code": code} for c, code in report.not_made],
    }


def quality_csv(report: Report, names: Names) -> str:
    """The report as CSV, one line an outcome; a number that is withheld is empty."""
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for row in report.rows:
        comparison, other = row.comparison, row.comparison.other
        for outcome, count in row.counts.items():
            writer.writerow(
                (
                    *(comparison.name, comparison.title.en, comparison.title.da),
                    *_cells(comparison.own.dataset, names),
                    *(_cells(other.dataset, names) if other else ("", "", "")),
                    *(outcome.value, _cell(count), _cell(row.per_mille(outcome)), _cell(row.total)),
                )
            )
    return written.getvalue()


def _row(row: Published, names: Names) -> dict[str, Any]:
    comparison, other, may = row.comparison, row.comparison.other, row.comparison.other_may
    return {
        "name": comparison.name,
        "title": text(comparison.title),
        "duty": {"citation": comparison.duty.citation, "verified": comparison.duty.verified},
        "own": _side(comparison.own.dataset, names, comparison.own_may),
        "other": _side(other.dataset, names, may) if other and may else None,
        "total": row.total,
        "outcomes": [
            {"outcome": outcome.value, "count": count, "per_mille": row.per_mille(outcome)}
            for outcome, count in row.counts.items()
        ],
    }


def _side(dataset: Dataset, names: Names, may: Text) -> dict[str, Any]:
    return {
        "dataset": dataset.name,
        "provider": {"cvr": dataset.provider, "name": names.authority(dataset.provider)},
        "may": text(may),
    }


def _cells(dataset: Dataset, names: Names) -> tuple[str, str, str]:
    return dataset.provider, names.authority(dataset.provider), dataset.name


def _cell(value: float | None) -> str:
    return "" if value is None else str(value)
