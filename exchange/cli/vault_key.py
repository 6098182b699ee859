"""`hjemmel log rotate-vault-key`: another master key for the vault."""

from __future__ import annotations

import os
from pathlib import Path

import click
import sqlalchemy as sa

from audit.files import read_private, write_private
from audit.storage import database
from audit.storage.schema import KEYS
from audit.vault.rotation import rewrap
from audit.vault.vault import KEY_SIZE, MasterKey
from exchange.cli.config import config_option
from exchange.cli.erasure import refuse_beside_broker
from exchange.cli.opening import existing
from exchange.cli.output import CommandError, console, json_option, result
from exchange.config import load


@click.command("rotate-vault-key")
@config_option
@click.option(
    "--new",
    "new_path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File of the new key: 32 bytes, mode 0600; drawn and written where there is none.",
)
@json_option
def rotate_vault_key(config_path: Path, new_path: Path, as_json: bool) -> None:
    """Wrap every key of the vault with a new master key, all or none, while no broker runs.

    The old key opens nothing afterwards. Then name the new file in the configuration (vault.master_key),
    start the broker, and destroy the old one. Copies of the vault's database made before still open with it.
    """
    settings = load(config_path)
    refuse_beside_broker(settings)
    old = MasterKey(read_private(settings.vault.master_key))
    if not new_path.exists():
        write_private(new_path, os.urandom(KEY_SIZE))  # durable before anything needs it
    fresh = read_private(new_path)
    if fresh == read_private(settings.vault.master_key):
        raise CommandError(f"{new_path} holds the key that is in use: name another file")
    engine = existing(settings.vault.url)
    try:
        database.migrate(engine, "keys")
        wrapped = rewrap(engine, old, MasterKey(fresh))
        scrubbed = database.scrub(engine, tuple(KEYS.tables.values()), rewrite=True)
    except sa.exc.SQLAlchemyError as error:
        kind = type(error).__name__
        raise CommandError(f"the vault's database fails ({kind}): hjemmel log verify tells by key") from error
    finally:
        engine.dispose()
    document = {"wrapped": wrapped, "new": str(new_path), "scrubbed": scrubbed}

    def show() -> None:
        console.print(f"wrapped anew  {wrapped} keys")
        console.print(f"new key       {new_path}: name it as vault.master_key", markup=False)
        if not scrubbed:
            console.print("A reader kept the journal from being cut: run this once more when it has ended.")

    result(as_json, document, show)
