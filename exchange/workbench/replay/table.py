"""A report as a table of comma-separated values, for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from exchange.workbench.replay.change import Effect
from exchange.workbench.replay.report import SHOWN, Report

# What a spreadsheet would take for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def written(report: Report) -> str:
    """Writes a report: a row for each finding or, with a candidate, for each group."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    for row in _findings(report) if report.candidate is None else _groups(report):
        writer.writerow([_cell(value) for value in row])
    return file.getvalue()


def _findings(report: Report) -> Iterator[tuple[object, ...]]:
    yield "index", "request_id", "problem", "recorded", "computed"
    for f in report.tally.findings:
        yield f.index, f.request_id, f.problem.value, f.recorded, f.computed


def _groups(report: Report) -> Iterator[tuple[object, ...]]:
    yield "by", "value", "name", *(effect.value for effect in Effect), "examples"
    counts = {effect: report.effect(effect) for effect in Effect}
    yield "all", "", "", *(count.number for count in counts.values()), ""
    for dimension in SHOWN:
        for row in report.rows(dimension, unchanged=True):
            examples = sorted(
                {i for effect, c in row.counts.items() if effect is not Effect.UNCHANGED for i in c.examples}
            )
            numbers = (row.number(effect) for effect in Effect)
            yield dimension.value, row.value, row.name.en, *numbers, " ".join(map(str, examples))


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
