"""`hjemmel receipt show`: what a receipt says."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from exchange.cli.output import console, json_option, result
from exchange.cli.receipt import file_argument
from exchange.cli.receipt.reading import read, render_entry


@click.command()
@file_argument
@json_option
def show(file: Path, as_json: bool) -> None:
    """Show what a receipt says, without believing it."""
    proof, entry = read(file)
    document = {
        "index": proof.index,
        "entry": orjson.loads(entry),
        "checkpoint": proof.signed_checkpoint,
    }

    def render() -> None:
        console.print(f"entry {proof.index}, as the receipt says (not verified):", markup=False)
        render_entry(orjson.loads(entry))

    result(as_json, document, render)
