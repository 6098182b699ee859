"""`hjemmel policy simulate`: a candidate beside the policy set in force, on live requests."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from audit.storage.policies import Difference
from exchange.cli.config import config_option
from exchange.cli.output import CommandError, console, json_option, result
from exchange.cli.policy.archive import SHORT, archive_of, note_option, now, outcome, taken_up, wait_option
from exchange.policy import policy_set
from exchange.policy.comparison import Change
from exchange.policy.embedded import EmbeddedEngine


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--stop", is_flag=True, help="End the simulation.")
@config_option
@note_option
@wait_option
@json_option
def simulate(
    folder: Path | None, stop: bool, config_path: Path, note: str, wait: float, as_json: bool
) -> None:
    """Have the candidate in FOLDER decide beside the set in force; without FOLDER, show what it found.

    The candidate has no say. Brokers count where it would decide otherwise, and log it, from the moment
    they take it up until --stop.
    """
    if stop and folder:
        raise click.UsageError("name a FOLDER to begin or --stop to end, not both")
    with archive_of(config_path) as archive:
        if folder:
            policies = policy_set.load(folder)
            EmbeddedEngine(policies, timeout=60).close()
            begun = archive.shadow(policies.revision, policies.bundle, now(), note)
            said = outcome(begun, taken_up(archive, begun, wait))
            document = {"candidate": policies.revision, "running": True}
            result(as_json, document, lambda: console.print(f"simulating {policies.revision}\n{said}"))
            return
        candidate = archive.state().shadow
        if not candidate:
            raise CommandError("no candidate is simulated: begin with hjemmel policy simulate FOLDER")
        if stop:
            taken_up(archive, archive.end_shadow(now()), wait)
        differences = archive.differences(candidate)
    compared = sum(d.count for d in differences)
    same = sum(d.count for d in differences if d.change == Change.SAME)
    document = {
        "candidate": candidate,
        "running": not stop,
        "compared": compared,
        "same": same,
        "differences": [_plain(d) for d in differences if d.change != Change.SAME],
    }
    result(as_json, document, lambda: _render(candidate, differences, compared, same))


def _plain(difference: Difference) -> dict[str, str | int]:
    return {
        "consumer": difference.consumer,
        "purpose": difference.purpose,
        "legal_basis": difference.legal_basis,
        "dataset": difference.dataset,
        "change": difference.change,
        "against": difference.revision,
        "count": difference.count,
    }


def _render(candidate: str, differences: list[Difference], compared: int, same: int) -> None:
    console.print(f"candidate  {candidate[:SHORT]}: {compared} decisions compared, {same} the same")
    if compared == same:
        console.print("[bold green]No difference so far.[/]")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("change", "count", "authority", "purpose", "legal basis", "dataset"):
        table.add_column(heading, overflow="fold", justify="right" if heading == "count" else "left")
    for d in differences:
        if d.change != Change.SAME:
            change = d.change.replace("_", " ")
            table.add_row(change, str(d.count), d.consumer, d.purpose, d.legal_basis, d.dataset)
    console.print(table)
