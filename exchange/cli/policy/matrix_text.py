"""The matrix on a terminal: by authority, three columns that hold at 80 characters and fill 120."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text as Styled

from exchange.cli.output import console
from exchange.workbench.difference import Change, Difference, Footing
from exchange.workbench.matrix_page import by_authority
from exchange.workbench.names import KEYS, ROLES, Names, listed, told
from exchange.workbench.permission import Conditions, Permission

_COLUMNS = ("For what, under which law", "Which data", "About whom, on which conditions")


def show_matrix(rows: Sequence[Permission], names: Names) -> None:
    """Prints rows, sorted by authority, each authority in a table of its own."""
    for cvr, some in by_authority(rows):
        console.print(_heading(cvr, some, names))
        table = _table()
        for row in some:
            table.add_row(_purpose(row, names), _data(row, names, row.attributes), _about(row, names))
        console.print(table)
    console.print(f"{len(rows)} rows, each confirmed by a decision. What is not here is refused.")


def show_difference(difference: Difference, before: Names, after: Names) -> None:
    """Prints a difference: what is new, what is gone, what changed."""
    for title, rows, names in (
        ("Newly permitted", difference.new, after),
        ("No longer permitted", difference.gone, before),
    ):
        if rows:
            console.print(f"[bold]{title}[/]")
            show_rows(rows, names)
    if difference.changed:
        console.print("[bold]Changed[/]")
        table = _table()
        for change in difference.changed:
            table.add_row(*_changed(change, after))
        console.print(table)
    counts = f"{len(difference.new)} new, {len(difference.gone)} gone, {len(difference.changed)} changed"
    console.print("Both permit the same." if difference.is_empty else counts)


def show_rows(rows: Sequence[Permission], names: Names) -> None:
    """Prints rows of several authorities in one table."""
    table = _table()
    for row in rows:
        purpose = Styled(f"{names.authority(row.consumer)}\n", "bold") + _purpose(row, names)
        table.add_row(purpose, _data(row, names, row.attributes), _about(row, names))
    console.print(table)


def _table() -> Table:
    table = Table(box=box.SIMPLE_HEAD, expand=True, show_lines=False, padding=(0, 1, 1, 0))
    for title in _COLUMNS:
        table.add_column(title, ratio=1, overflow="fold")
    return table


def _heading(cvr: str, rows: Sequence[Permission], names: Names) -> Styled:
    aside = f"  CVR {cvr}, {names.kind(cvr).en}, {len(rows)} rows"
    return Styled(names.authority(cvr), "bold") + Styled(aside, "not bold dim")


def _purpose(row: Permission, names: Names) -> Styled:
    law, kle = names.law(row.law), names.kle(row.purpose)
    aside = f"{row.purpose}{f', KLE {kle}' if kle else ''}"
    dates = "" if law.dates_verified else ", dates unverified"
    return _lines(
        (names.purpose(row.purpose).en, "bold not dim"),
        (aside, "dim"),
        (law.citation.en, ""),
        (f"{row.law}, version {row.version}{dates}", "dim"),
    )


def _data(row: Permission, names: Names, attributes: Iterable[str]) -> Styled:
    return _lines(
        (f"{row.dataset}", "bold"),
        (f"from {names.authority(row.provider)}", "dim"),
        (", ".join(attributes), ""),
    )


def _about(row: Permission, names: Names) -> Styled:
    agreement = names.agreement(row.agreement)
    end = agreement.get("valid_to")
    validity = f"from {agreement.get('valid_from')}{f' to {end}' if end else ''}"
    return _lines(
        (listed(ROLES, row.roles).en, ""),
        (f"by {listed(KEYS, row.keys).en}", "dim"),
        (f"{row.agreement}, {validity}", "dim"),
        *((line, "yellow") for line in conditions(row.conditions, row.attributes)),
    )


def conditions(found: Conditions, granted: Sequence[str] = ()) -> list[str]:
    """Conditions in words."""
    flags = (
        ("with the citizen's consent", found.consent),
        ("in an emergency only", found.emergency),
        ("for matching only", found.matching),
    )
    return [*(words for words, holds in flags if holds), *(told(duty, granted).en for duty in found.duties)]


def _changed(change: Change, names: Names) -> tuple[Styled, Styled, Styled]:
    row = change.row
    data = _lines(
        (row.dataset, "bold"),
        *((f"+ {name}", "green") for name in change.added),
        *((f"- {name}", "red") for name in change.removed),
    )
    about = _about(row, names)
    if not change.same_footing:
        about = _lines(
            (listed(ROLES, row.roles).en, ""),
            *((f"before: {line}", "red") for line in _footings(change.before)),
            *((f"now: {line}", "green") for line in _footings(change.after)),
        )
    authority = Styled(f"{names.authority(row.consumer)}\n", "bold")
    return authority + _purpose(row, names), data, about


def _footings(footings: Iterable[Footing]) -> list[str]:
    return [
        f"version {footing.version}; {'; '.join(conditions(footing.conditions)) or 'no condition'}"
        for footing in footings
    ]


def _lines(*lines: tuple[str, str]) -> Styled:
    return Styled("\n").join(Styled(words, style) for words, style in lines)
