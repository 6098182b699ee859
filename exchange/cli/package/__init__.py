"""`hjemmel package`: what tasks need, each as one declaration."""

from __future__ import annotations

from pathlib import Path

import click

from exchange.cli.lazy import lazy

_COMMANDS = {
    "show": "Show what a package asks for, and its digest; without a name, all packages.",
    "check": "Tell part by part whether the policies would grant a package to an authority.",
}

packages_option = click.option(
    "--packages",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with packages beside Hjemmel's own.",
)
catalogue_option = click.option(
    "--catalogue",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with registers beside Hjemmel's own.",
)


@click.group(cls=lazy("exchange.cli.package", _COMMANDS))
def package() -> None:
    """List, show and check packages: what tasks need, declared once."""
