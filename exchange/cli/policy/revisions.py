"""`hjemmel policy revisions`: what was in force, and when."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from audit.storage.policies import PolicyEvent, PolicyState
from exchange.cli.config import config_option
from exchange.cli.output import console, json_option, result
from exchange.cli.policy.archive import SHORT, archive_of


@click.command()
@config_option
@json_option
def revisions(config_path: Path, as_json: bool) -> None:
    """Show what was done with policy sets, and which one is in force."""
    with archive_of(config_path) as archive:
        events, state = archive.events(), archive.state()
    document = {
        "active": state.active or None,
        "shadow": state.shadow or None,
        "withdrawn": sorted(state.withdrawn),
        "events": [
            {
                "number": e.number,
                "time": e.time,
                "action": e.action.value,
                "revision": e.revision or None,
                "note": e.note,
                "entry": e.entry,
            }
            for e in events
        ],
    }
    result(as_json, document, lambda: _render(events, state))


def _render(events: list[PolicyEvent], state: PolicyState) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("time", "action", "revision", "entry", "note"):
        table.add_column(heading, overflow="fold")
    for event in events:
        entry = "-" if event.number == 1 else "waiting" if event.entry is None else str(event.entry)
        action = event.action.value.replace("_", " ")
        table.add_row(event.time, action, event.revision[:SHORT] or "-", entry, event.note)
    console.print(table)
    console.print(f"\n[bold]in force[/]  {state.active or 'none: everything is refused'}")
    if state.shadow:
        console.print(f"[bold]shadow[/]    {state.shadow}")
