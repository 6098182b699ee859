"""`hjemmel policy index`: writes the index of the laws."""

from __future__ import annotations

from pathlib import Path

import click

from exchange.cli.output import CommandError, console, json_option, result
from exchange.cli.policy import folder_argument
from exchange.policy import law_index
from exchange.policy.errors import PolicyError
from exchange.policy.folder import read_modules


@click.command()
@folder_argument
@json_option
def index(folder: Path, as_json: bool) -> None:
    """Write the index of the laws, after one was added, renamed or removed."""
    try:
        changed = law_index.write(folder, read_modules(folder))
    except ValueError as error:
        raise PolicyError.of(error) from error
    except OSError as error:
        raise CommandError(f"{folder / law_index.PATH} cannot be written: {error.strerror}") from error
    document = {"file": str(folder / law_index.PATH), "changed": changed}
    said = "written" if changed else "was current"
    result(as_json, document, lambda: console.print(f"{folder / law_index.PATH}: {said}", markup=False))
