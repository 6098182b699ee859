"""Opening a log of which only what is public is needed: its database and its public key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import sqlalchemy as sa

from audit.formats.note import NoteVerifier
from exchange.cli.opening import existing
from exchange.cli.output import CommandError, read_vkey
from exchange.config import anchored_url, load

url_option = click.option("--url", help="Database of the log, instead of the configuration's.")
vkey_option = click.option(
    "--vkey",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with the log's public key, instead of the configuration's.",
)


@dataclass(frozen=True, slots=True)
class OpenedLog:
    """A log's database, and its public key."""

    engine: sa.Engine
    verifier: NoteVerifier


def opened(config_path: Path, url: str | None, vkey: Path | None) -> OpenedLog:
    """Opens the log of a configuration, or the one that is named.

    Raises:
        CommandError: there is none, or it has no public key there.
        ConfigError: the configuration does not hold.
    """
    if url is None or vkey is None:
        settings = load(config_path)
        url = url or settings.log.url
        vkey = vkey or settings.log.signing_key.with_suffix(".vkey")
    return OpenedLog(existing(anchored_url(url, Path.cwd())), read_vkey(vkey))


@contextmanager
def told(engine: sa.Engine) -> Iterator[None]:
    """Turns a database's errors into what can be done about them.

    Raises:
        CommandError: the database cannot be read or written.
    """
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise CommandError(f"{where} cannot be used as a log: {type(error).__name__}") from error
