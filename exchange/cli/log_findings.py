"""What a verification of the log found, printed."""

from __future__ import annotations

from collections.abc import Sequence

from audit.formats.checkpoint import Checkpoint
from audit.verification.findings import Finding
from exchange.cli.output import console

_SHOWN = 10  # a screenful


def plain(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """Gives findings for programs."""
    return [{"place": f.place, "problem": f.problem} for f in findings]


def show_checkpoint(head: Checkpoint) -> None:
    """Prints what everything was held against."""
    console.print(f"log         {head.origin}", markup=False)
    console.print(f"checkpoint  {head.size} entries, root {head.root.hex()[:16]}…, signed", markup=False)


def show_findings(findings: Sequence[Finding]) -> None:
    """Prints the first findings."""
    for finding in findings[:_SHOWN]:
        console.print(f"[bold red]✗[/] {finding.place}: {finding.problem}")
    if len(findings) > _SHOWN:
        console.print(f"  and {len(findings) - _SHOWN} more findings")


def show_verdict(findings: Sequence[Finding]) -> None:
    """Prints whether the log holds, and what does not."""
    if not findings:
        console.print("[bold green]The log holds.[/]")
        return
    show_findings(findings)
    console.print(f"[bold red]The log does not hold.[/] First bad place: {findings[0].place}.")
