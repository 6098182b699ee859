"""`hjemmel pki`: certificates and keys for development."""

from __future__ import annotations

from pathlib import Path

import click

from exchange.cli.output import console, json_option, result
from exchange.identity import pki as development
from exchange.identity.authorities import DEMO_ORGANISATIONS


@click.group()
def pki() -> None:
    """Make certificates and keys for development and the demo."""


@pki.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--audience", default="hjemmel.example", show_default=True, help="Name of the exchange.")
@click.option("--origin", default="hjemmel.example/log", show_default=True, help="Name of the log.")
@click.option(
    "--host",
    "hosts",
    multiple=True,
    default=("localhost", "127.0.0.1"),
    show_default=True,
    help="Names and addresses that the broker's certificate is for.",
)
@json_option
def init(folder: Path, audience: str, origin: str, hosts: tuple[str, ...], as_json: bool) -> None:
    """Make a development CA, the broker's and the log's keys, and the demo's organisations in FOLDER.

    Nothing is overwritten: a folder that holds keys is refused.
    """
    development.init(folder, DEMO_ORGANISATIONS, audience=audience, origin=origin, hosts=hosts)
    made = {
        "folder": str(folder),
        "log_vkey": (folder / "log.vkey").read_text("utf-8").strip(),
        "organisations": {o.slug: o.cvr for o in DEMO_ORGANISATIONS},
    }

    def render() -> None:
        console.print(f"Keys and certificates are in {folder}.", markup=False)
        for organisation in DEMO_ORGANISATIONS:
            console.print(f"  {organisation.slug:<22}{organisation.cvr}  {organisation.name}", markup=False)
        console.print(f"The log's public key, for whoever verifies it:\n  {made['log_vkey']}", markup=False)

    result(as_json, made, render)
