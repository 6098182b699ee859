"""`hjemmel policy matrix`: what the policies permit, and what a change of them changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import click

from exchange.cli.catalogue import catalogue_of, catalogue_option
from exchange.cli.config import config_option
from exchange.cli.output import CommandError, console, json_option, progress, result
from exchange.cli.policy import folder_argument
from exchange.cli.policy.matrix_text import show_difference, show_matrix
from exchange.cli.policy.sets import policies_at
from exchange.model.catalogue import Catalogue
from exchange.policy import policy_set
from exchange.policy.policy_set import PolicySet
from exchange.workbench.difference import compare
from exchange.workbench.matrix_document import difference_document, matrix_csv, matrix_document
from exchange.workbench.matrix_page import Side, difference_page, matrix_page
from exchange.workbench.names import Names
from exchange.workbench.permitted import Permitted, enumerate_permitted

_day = click.DateTime(["%Y-%m-%d"])
_file = click.Path(path_type=Path, dir_okay=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be shown, and where."""

    authority: str | None
    purpose: str | None
    html: Path | None
    as_csv: Path | None
    as_json: bool
    catalogue: Catalogue


@click.command()
@folder_argument
@click.option("--on", type=_day, help="Day of the requests and of the law; today by default.")
@click.option("--authority", metavar="CVR", help="Only what this authority may get.")
@click.option("--purpose", metavar="NAME", help="Only what this purpose opens.")
@click.option("--csv", "as_csv", type=_file, help="Write the rows to a CSV file.")
@click.option("--html", type=_file, help="Write them as a page, complete in one file.")
@click.option(
    "--against",
    metavar="FOLDER|REVISION",
    help="Show what changes from this older set, archived or a folder.",
)
@click.option("--against-date", type=_day, help="Show what changes from this older day.")
@catalogue_option
@config_option
@json_option
def matrix(
    folder: Path,
    on: datetime | None,
    authority: str | None,
    purpose: str | None,
    as_csv: Path | None,
    html: Path | None,
    against: str | None,
    against_date: datetime | None,
    catalogue: Path | None,
    config_path: Path,
    as_json: bool,
) -> None:
    """Show what the policies permit: who gets what, for which task, under which law and agreement.

    Every row was confirmed by a decision. With --against, --against-date or both: what is newly
    permitted, no longer permitted, and changed.
    """
    known = catalogue_of(catalogue, config_path)
    wanted = Wanted(authority, purpose, html, as_csv, as_json, known)
    policies, day = policy_set.load(folder), on.date() if on else datetime.now(UTC).date()
    if against is None and against_date is None:
        found = _asked(policies, day, wanted)
        _show_matrix(found, wanted)
        return
    if as_csv is not None:
        raise click.UsageError("--csv writes a matrix, not a difference: use --json or --html")
    older = policies if against is None else policies_at(against, config_path)
    before = _asked(older, against_date.date() if against_date else day, wanted)
    _show_difference(before, _asked(policies, day, wanted), wanted)


def _asked(policies: PolicySet, day: date, wanted: Wanted) -> Permitted:
    with progress("Asking for every agreement", quiet=wanted.as_json) as advance:
        found = enumerate_permitted(policies, day, advance, consumer=wanted.authority)
    if wanted.purpose is None:
        return found
    rows = tuple(row for row in found.permissions if row.purpose == wanted.purpose)
    return replace(found, permissions=rows)


def _show_matrix(found: Permitted, wanted: Wanted) -> None:
    names = Names(found.policies, wanted.catalogue)
    rows = found.permissions
    if wanted.as_csv:
        _write(wanted.as_csv, "\ufeff" + matrix_csv(rows, names))  # spreadsheets take it for UTF-8 then
    if wanted.html:
        _write(wanted.html, matrix_page(found, rows, names))
    files = [f for f in (wanted.as_csv, wanted.html) if f]
    render: Callable[[], None] = lambda: show_matrix(rows, names)  # noqa: E731
    _finish(wanted, matrix_document(found, rows, names), files, render)


def _show_difference(before: Permitted, after: Permitted, wanted: Wanted) -> None:
    old, new = Names(before.policies, wanted.catalogue), Names(after.policies, wanted.catalogue)
    difference = compare(before.permissions, after.permissions)
    if wanted.html:
        sides = (
            Side(before.policies.revision, before.on, old),
            Side(after.policies.revision, after.on, new),
        )
        _write(wanted.html, difference_page(difference, *sides))
    document = {
        "before": {"revision": before.policies.revision, "on": before.on.isoformat()},
        "after": {"revision": after.policies.revision, "on": after.on.isoformat()},
        **difference_document(difference, old, new),
    }
    files = [wanted.html] if wanted.html else []
    _finish(wanted, document, files, lambda: show_difference(difference, old, new))


def _finish(
    wanted: Wanted, document: dict[str, object], files: list[Path], render: Callable[[], None]
) -> None:
    if files and not wanted.as_json:
        for file in files:
            console.print(f"written to {file}", markup=False, soft_wrap=True)
        return
    result(wanted.as_json, document, render)


def _write(file: Path, content: str) -> None:
    try:
        file.write_bytes(content.encode())
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}") from error
