"""A report as a page: charts beside the table of the same numbers, and examples to look up."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from exchange.model.catalogue import Text
from exchange.workbench.pages.charts import Bar, bars, stacked
from exchange.workbench.pages.page import Fact, Page, render
from exchange.workbench.replay.change import NOTICED, Aspect, Effect
from exchange.workbench.replay.report import SHOWN, Report, Row
from exchange.workbench.replay.tally import Dimension
from exchange.workbench.replay.texts import ASPECTS, DIMENSIONS, EFFECTS, ENTRIES, PROBLEMS

_FINDINGS = 200  # most shown
_ROWS = 100  # likewise, of a section

_DECISIONS = Text("Decisions", "Afgørelser")
_VERIFIED = Text("Recorded decisions, made again", "Registrerede afgørelser, truffet igen")
_COMPARED = Text("What a candidate would have decided", "Hvad et forslag ville have afgjort")
_VERIFIED_LEAD = Text(
    "Every decision of the span was made again, from what was recorded of the request and the policy set "
    "that decided then, and compared with the record. Data from the registers takes no part in it.",
    "Hver afgørelse i perioden er truffet igen ud fra det, der er registreret om anmodningen, og de regler, "
    "der afgjorde den, og er holdt op mod registreringen. Data fra registrene indgår ikke.",
)
_COMPARED_LEAD = Text(
    "Requests of the span were decided again by the candidate, and compared with the decisions of the policy "
    "sets that decided then. Compared are decisions, not answers: what an obligation withheld because of "
    "data from a register is not known here.",
    "Anmodninger i perioden er afgjort igen efter forslaget og sammenlignet med afgørelserne efter de "
    "regler, der gjaldt. Der sammenlignes afgørelser, ikke svar: hvad en forpligtelse holdt tilbage på "
    "grund af registerdata, vides ikke her.",
)


@dataclass(frozen=True, slots=True)
class Section:
    """One grouping: a chart, and the examples by row and effect."""

    title: Text
    chart: Markup
    rows: list[tuple[Row, list[str]]]


def rendered(report: Report) -> str:
    """Renders a report to a page."""
    tally = report.tally
    shown = report.candidate is not None
    return render(
        "replay.html",
        Page(_COMPARED if shown else _VERIFIED, _COMPARED_LEAD if shown else _VERIFIED_LEAD, _facts(report)),
        report=report,
        problems=sum(tally.problems.values()),
        findings=tally.findings[:_FINDINGS],
        titles=PROBLEMS,
        effects=_effects(report) if shown else "",
        aspects=_aspects(report) if shown else "",
        sections=_sections(report) if shown else [],
        headings=[EFFECTS[effect] for effect in NOTICED],
        entries=_entries(report),
        revisions=bars(
            Text("Decisions by the policy set that decided", "Afgørelser efter de regler, der afgjorde"),
            [(Text(revision[:16], revision[:16]), n) for revision, n in sorted(tally.revisions.items())],
            label=Text("Revision", "Version"),
            value=_DECISIONS,
        ),
    )


def _facts(report: Report) -> tuple[Fact, ...]:
    span = report.span
    indexes = f"{span.first} … {span.end - 1}" if span.end > span.first else "0"
    facts = [
        Fact(Text("Log", "Log"), f"{report.log} ({report.size})", code=True),
        Fact(Text("Entries", "Poster"), indexes),
    ]
    if span.since or span.until:
        facts.append(Fact(Text("Days (UTC)", "Dage (UTC)"), f"{span.since or ''} … {span.until or ''}"))
    if report.candidate is not None:
        facts += [
            Fact(Text("Candidate, revision", "Forslag, version"), report.candidate.revision, code=True),
            Fact(
                Text("Requests brought up to today's form", "Anmodninger bragt på nutidig form"),
                str(report.tally.upgraded),
            ),
        ]
    return tuple(facts)


def _effects(report: Report) -> Markup:
    rows = [(EFFECTS[effect], report.effect(effect).number) for effect in Effect]
    caption = Text(f"{report.tally.compared} decisions compared", f"{report.tally.compared} afgørelser")
    return bars(caption, rows, label=Text("Would be", "Ville være"), value=_DECISIONS)


def _aspects(report: Report) -> Markup:
    rows = [(ASPECTS[aspect], report.aspect(aspect).number) for aspect in Aspect]
    if not report.effect(Effect.CHANGED).number:
        return Markup()
    caption = Text(
        "What changes in those that stay granted or refused", "Hvad der ændres i dem, der ikke skifter udfald"
    )
    return bars(caption, rows, label=Text("Changed", "Ændret"), value=_DECISIONS)


def _sections(report: Report) -> list[Section]:
    found = []
    for dimension in SHOWN:
        rows = report.rows(dimension)[:_ROWS]
        if rows:
            found.append(
                Section(DIMENSIONS[dimension], _chart(dimension, rows), [_examples(r) for r in rows])
            )
    return found


def _chart(dimension: Dimension, rows: list[Row]) -> Markup:
    drawn = [Bar(row.name, tuple(row.number(effect) for effect in NOTICED)) for row in rows]
    categories = [EFFECTS[effect] for effect in NOTICED]
    caption = Text("Decisions that would change", "Afgørelser, der ville ændre sig")
    return stacked(caption, drawn, label=DIMENSIONS[dimension], categories=categories)


def _examples(row: Row) -> tuple[Row, list[str]]:
    found = [row.counts[effect].examples if effect in row.counts else () for effect in NOTICED]
    return row, [", ".join(map(str, some)) for some in found]


def _entries(report: Report) -> Markup:
    counts = report.tally.entries
    rows = [(text, int(getattr(counts, name))) for name, text in ENTRIES.items()]
    caption = Text(f"{counts.read} entries read", f"{counts.read} poster læst")
    return bars(caption, rows, label=Text("Entries", "Poster"), value=Text("Number", "Antal"))
