"""A report as a page."""

from __future__ import annotations

from exchange.workbench.replay.report import Report


def rendered(report: Report) -> str:
    return str(report.size)
