"""`hjemmel receipt`: a receipt file, read and verified by anyone with the log's public key."""

from __future__ import annotations

from pathlib import Path

import click

from exchange.cli.lazy import lazy

_COMMANDS = {
    "show": "Show what a receipt says, without believing it.",
    "verify": "Verify a receipt offline: signature of the log, inclusion of the entry.",
    "page": "Write a page that verifies receipts in a browser: one file, no server, no network.",
}

file_argument = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))


@click.group(cls=lazy("exchange.cli.receipt", _COMMANDS))
def receipt() -> None:
    """Read and verify receipts (.tlog-proof files)."""
