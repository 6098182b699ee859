"""What commands print: for people by default, as JSON with `--json`; errors on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from audit.errors import FormatError
from audit.formats.note import NoteVerifier

_PIPED_WIDTH = 110  # a pipe has no width of its own
console = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH)
errors = Console(stderr=True, highlight=False)

Advance = Callable[[int, int], None]

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


class CommandError(Exception):
    """A command cannot do its work.

    Attributes:
        details: what is wrong, for programs.
    """

    def __init__(self, message: str, details: dict[str, Any] | None = None) -> None:
        """Takes a message that says what to do."""
        super().__init__(message)
        self.details = details or {}


def result(as_json: bool, document: dict[str, Any], render: Callable[[], None]) -> None:  # the flag itself
    """Prints a result in the form that was asked for."""
    if as_json:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    else:
        render()


def read_vkey(path: Path) -> NoteVerifier:
    """Reads a file with a log's public key.

    Raises:
        CommandError: it holds none.
    """
    try:
        return NoteVerifier.parse(path.read_text("utf-8"))
    except (FormatError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} holds no public key of a log: {error}") from error


def report(error: CommandError, *, as_json: bool) -> None:
    """Prints an error in the form that was asked for."""
    if as_json:
        document = {"error": str(error), **error.details}
        sys.stderr.write(json.dumps(document, ensure_ascii=False) + "\n")
    else:
        errors.print("[bold red]error:[/]", end=" ")
        errors.print(str(error), markup=False, soft_wrap=True)  # for paths and commands to be copied


@contextmanager
def progress(title: str, *, quiet: bool) -> Iterator[Advance]:
    """Shows a progress bar while something long runs; gives a function of (done, all)."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=errors, disable=quiet, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, all_: bar.update(task, completed=done, total=all_)
