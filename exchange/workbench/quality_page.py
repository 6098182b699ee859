"""Data quality as a page that providers read."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from adapters.quality import Published
from exchange.model.catalogue import Text
from exchange.model.request import timestamp
from exchange.workbench.names import Names
from exchange.workbench.pages import charts
from exchange.workbench.pages.page import Fact, Page, Shown, render
from exchange.workbench.quality_document import OUTCOMES, Report, told

_OF = 10_000


def quality_page(report: Report, names: Names, *, shown: Shown = "both") -> str:
    """Renders a report."""
    page = Page(
        title=Text("Where registers disagree", "Hvor registrene er uenige"),
        lead=Text(
            "How often one register says what another contradicts, counted over all subjects, none of them "
            "named. Neither register is assumed right: what a difference can mean is said for both, and the "
            "provider of each is told.",
            "Hvor ofte et register siger noget, som et andet modsiger, talt over alle, uden at nævne nogen. "
            "Intet af registrene antages at have ret: hvad en forskel kan betyde, siges for begge, og den "
            "ansvarlige for hvert får det at vide.",
        ),
        facts=(
            Fact(Text("Records that held on", "Poster, som gjaldt"), timestamp(report.on)),
            Fact(
                Text("Run for", "Kørt for"),
                ", ".join(f"{names.authority(cvr)} ({cvr})" for cvr in report.providers),
            ),
            Fact(
                Text("Smallest number shown", "Mindste tal, der vises"),
                Text(
                    f"{report.threshold}; smaller ones are withheld, and those that would give them away",
                    f"{report.threshold}; mindre tal tilbageholdes, og dem, der ville røbe dem",
                ),
            ),
        ),
        shown=shown,
    )
    return render(
        "quality.html",
        page,
        report=report,
        names=names,
        told=told(report),
        outcomes=OUTCOMES,
        chart=_chart(report.rows),
        said=_said,
        share=_share,
    )


def _chart(rows: Sequence[Published]) -> Markup | None:
    """The share that does not agree, of the comparisons of which every number is shown."""
    drawn = [
        (row.comparison.title, round(row.at_least * _OF / row.total))
        for row in rows
        if row.total and not row.withheld
    ]
    if not drawn:
        return None
    caption = Text(
        "Not agreeing, of 10,000 compared (comparisons without withheld numbers)",
        "Ikke enige, af 10.000 sammenlignede (sammenligninger uden tilbageholdte tal)",
    )
    value = Text("of 10,000", "af 10.000")
    return charts.bars(caption, drawn, label=Text("Comparison", "Sammenligning"), value=value)


def _said(number: int | None) -> Text:
    """A number as people read it, with a space between thousands."""
    if number is None:
        return Text("withheld", "tilbageholdt")
    plain = f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")
    return Text(plain, plain)


def _share(per_mille: float | None) -> Text:
    plain = f"{per_mille or 0:.1f} ‰"
    return Text(plain, plain.replace(".", ","))
