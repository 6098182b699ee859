"""`hjemmel register`: generated registers, real rows from files, schemas, simulators, conformance."""

from __future__ import annotations

import click

from exchange.cli.lazy import lazy

_COMMANDS = {
    "generate": "Generate registers about invented people into SQLite files.",
    "change": "Make a change in a generated register: somebody moves.",
    "load": "Load real rows of BBR and DAR beside the generated ones.",
    "load-file": "Load a register's file download, full or delta, into the table that a broker reads.",
    "import-sdl": "Write a register's catalogue entry from the schema that it publishes.",
    "simulate": "Serve a register as the real one would, with faults to order.",
    "quality": "Count where registers disagree, without naming anybody.",
    "conformance": "Hold the adapter of a register to every guarantee of the port.",
}


@click.group(cls=lazy("exchange.cli.register", _COMMANDS))
def register() -> None:
    """Make, load, describe or simulate registers."""
