"""Opening a log that is there already, for commands that read it."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from audit.files import read_private
from audit.reading.reader import LogReader
from audit.storage import database
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import MasterKey
from exchange.cli.output import CommandError, read_vkey
from exchange.config import load


def open_log(config_path: Path) -> LogReader:
    """Opens the log of a configuration for reading.

    Raises:
        CommandError: there is no log.
        ConfigError: the configuration does not hold.
        LogError: a key cannot be read.
    """
    settings = load(config_path)
    keys = SubjectKeys(existing(settings.vault.url), MasterKey(read_private(settings.vault.master_key)))
    verifier = read_vkey(settings.log.signing_key.with_suffix(".vkey"))
    return LogReader(existing(settings.log.url), verifier, keys)


def existing(url: str) -> sa.Engine:
    """Connects to a database that is there already.

    Raises:
        CommandError: it is a file that does not exist, and that connecting would make.
    """
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and not path.exists():
        raise CommandError(f"there is no database at {path}")
    return database.connect(url)
