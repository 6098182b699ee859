"""`hjemmel records`: an authority's own copy of its side of the log."""

from __future__ import annotations

from pathlib import Path

import click

from exchange.cli.lazy import lazy

_COMMANDS = {
    "follow": "Copy one's own side of the log, and go on as it grows.",
    "check": "Hold the copy against the published log, against receipts, against one's own access log.",
}


def _url(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    return value if "://" in value else f"sqlite:///{Path(value).resolve()}"


store_option = click.option(
    "--store",
    default="records.db",
    show_default=True,
    metavar="FILE|URL",
    callback=_url,
    help="The copy: a SQLite file, or a database by its SQLAlchemy URL.",
)


@click.group(cls=lazy("exchange.cli.records", _COMMANDS))
def records() -> None:
    """Keep a copy of one's own side of the log, and find out what is missing."""
