"""A package's answers as people read them in a terminal: a line a part as it comes, then what is missing."""

from __future__ import annotations

from collections.abc import Iterator

from rich.markup import escape

from exchange.client import Answer, PartAnswered, Summary
from exchange.packages.model import Package

_NAME = 16  # columns


def answer_lines(package: Package, came: PartAnswered) -> Iterator[str]:
    """Tells what came of asking about one subject of a part."""
    title = escape(package.told[came.part.name].title.en)
    name = f"[bold]{came.part.name:<{_NAME}}[/]"
    entry = f"entry {came.answer.receipt.index}" if came.answer.receipt else "not recorded"
    if isinstance(came.answer, Answer):
        law = came.answer.law
        label = "" if law.verified else " [yellow](unverified)[/]"
        is_answer = came.answer.records or came.part.no_record_is_answer
        mark = "[green]✔[/]" if is_answer else "[yellow]-[/]"
        yield f"{mark} {name} {title}: {_counted(len(came.answer.records))}, {entry}"
        yield f"  [dim]{'':<{_NAME}} {escape(law.citation)}[/]{label}"
    else:
        codes = ", ".join(dict.fromkeys(r.code for r in came.answer.reasons))
        yield f"[red]✗[/] {name} {title}: [red]{codes}[/], {entry}"


def summary_lines(package: Package, summary: Summary) -> Iterator[str]:
    """Tells whether a package is complete; what is missing, why, and whom to ask."""
    title = escape(package.title.en)
    if summary.complete:
        yield f"[bold green]{title}: complete[/]"
    else:
        yield f"[bold red]{title}: something is missing that the task needs[/]"
    for piece in summary.missing:
        missing = piece.missing
        mark = "[red]missing[/]" if missing.needed else "[yellow]not there[/]"
        title = escape(package.told[missing.part].title.en)
        yield f"{mark} [bold]{missing.part}[/] ({title}): {escape(missing.reason.text_en)}"
        if missing.because_of:
            yield f"  [dim]it waits for {missing.because_of}[/]"
        yield f"  → {escape(piece.next.name)} (CVR {piece.next.cvr}): {escape(piece.next.text.en)}"


def _counted(number: int) -> str:
    return "no record" if not number else f"{number} record{'s' if number > 1 else ''}"
