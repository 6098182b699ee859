"""A replay's report on a terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from exchange.cli.output import console
from exchange.workbench.replay.change import NOTICED, Aspect, Effect
from exchange.workbench.replay.report import SHOWN, Report, Row
from exchange.workbench.replay.texts import DIMENSIONS, EFFECTS, ENTRIES, PROBLEMS

_MOST = 12  # rows of a table, findings: a screenful


def show(report: Report) -> None:
    """Prints a report for people."""
    tally, entries = report.tally, report.tally.entries
    _line("log", f"{report.log}, {report.size} entries")
    _line("replayed", f"{_span(report)}: {entries.read} entries, {entries.replayed} decided again")
    others = {name: getattr(entries, name) for name in ENTRIES if name != "replayed"}
    if any(others.values()):
        told = (f"{n} {ENTRIES[name].en.lower()}" for name, n in others.items() if n)
        _line("others", ", ".join(told))
    for revision, number in sorted(tally.revisions.items()):
        _line("revision", f"{revision[:16]}… decided {number}")
    _findings(report)
    if report.candidate is not None:
        _candidate(report)
    elif report.holds:
        console.print("[bold green]Every decision came out as recorded.[/]")


def _span(report: Report) -> str:
    span = report.span
    if span.end == span.first:
        return "no entries"
    days = f", from {span.since or 'the first day'} to {span.until or 'the last'}"
    return f"{span.first} to {span.end - 1}{days if span.since or span.until else ''}"


def _findings(report: Report) -> None:
    if report.holds:
        return
    tally = report.tally
    for finding in tally.findings[:_MOST]:
        text = Text("✗ ", style="bold red")
        text.append(
            _plain(f"entry {finding.index}", finding.request_id and f" ({finding.request_id})"), "default"
        )
        text.append(_plain(f": {PROBLEMS[finding.problem].en.lower()}: "), "default")
        text.append(_plain(finding.recorded), "bold default")
        text.append("; expected ", "default")
        text.append(_plain(finding.computed), "bold default")
        console.print(text)
    total = sum(tally.problems.values())
    if total > _MOST:
        console.print(f"  and {total - _MOST} more findings")
    console.print(f"[bold red]The record does not hold.[/] First bad place: entry {tally.findings[0].index}.")


def _candidate(report: Report) -> None:
    tally, candidate = report.tally, report.candidate
    if candidate is None:
        raise AssertionError("there is a candidate to show")
    _line("candidate", f"revision {candidate.revision}")
    if not report.holds:
        _line("", "decisions whose record does not hold are not compared")
    if tally.upgraded:
        _line("", f"{tally.upgraded} inputs lacked fields that came later, and got them")
    table = _table("decisions")
    table.add_row("all", *(str(report.effect(effect).number) for effect in Effect))
    console.print(table)
    changes = [
        f"{report.aspect(a).number} {a.value.replace('_', ' ')}" for a in Aspect if report.aspect(a).number
    ]
    if changes:
        _line("changed", f"in {', '.join(changes)}")
    for dimension in SHOWN:
        rows = report.rows(dimension)
        if rows:
            console.print(_grouped(DIMENSIONS[dimension].en.lower(), rows))
    if not any(report.effect(effect).number for effect in NOTICED):
        console.print("[bold green]The candidate would change no decision.[/]")


def _grouped(heading: str, rows: list[Row]) -> Table:
    table = _table(heading)
    table.add_column("e.g. entries", style="dim")
    for row in rows[:_MOST]:
        name = f" {row.name.en}" if row.name.en != row.value else ""
        noticed = [row.counts[effect].examples for effect in NOTICED if effect in row.counts]
        examples = ", ".join(map(str, sorted({i for some in noticed for i in some})[:3]))
        label = Text(_plain(row.value, name))  # no markup
        table.add_row(label, *(str(row.number(effect)) for effect in Effect), examples)
    if len(rows) > _MOST:
        table.add_row(f"and {len(rows) - _MOST} more")
    return table


def _table(heading: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column(heading)
    for effect in Effect:
        table.add_column(EFFECTS[effect].en.lower(), justify="right")
    return table


def _line(label: str, text: str) -> None:
    console.print(f"{label:<11} {_plain(text)}", markup=False)


def _plain(*parts: str) -> str:
    """Text of others without what could steer a terminal."""
    return "".join(c if c.isprintable() else "�" for part in parts for c in part)
