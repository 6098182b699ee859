"""`--catalogue`: registers beside Hjemmel's own, for commands that show or check what can be asked for."""

from __future__ import annotations

from pathlib import Path

import click

from adapters.catalogue import load_catalogue
from exchange.config import load as load_settings
from exchange.model.catalogue import Catalogue

catalogue_option = click.option(
    "--catalogue",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with registers beside Hjemmel's own; by default the one that the configuration names.",
)


def catalogue_of(folder: Path | None, config_path: Path) -> Catalogue:
    """Reads the catalogue: with the registers of a folder, else with those that a configuration names.

    Raises:
        CatalogueError, ConfigError: a file is wrong.
    """
    if folder is None and config_path.exists():
        folder = load_settings(config_path).registers.catalogue or None
    return load_catalogue(own=folder)
