"""The log as the policy author reads it: the sets that decided, and what was asked."""

from __future__ import annotations

from pathlib import Path

from audit.files import read_private
from audit.reader import LogReader
from audit.subject_keys import SubjectKeys
from audit.vault import MasterKey
from exchange.cli.log import existing
from exchange.cli.output import read_vkey
from exchange.cli.policy.archive import archive_of
from exchange.config import load
from exchange.policy import policy_set
from exchange.policy.policy_set import PolicySet


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


def policies_at(place: str, config_path: Path) -> PolicySet:
    """Gives the policy set in a folder, or that of a revision (its beginning will do) in the log's archive.

    Raises:
        CommandError, ConfigError, LogError: see `open_log`; or no such revision ever decided there.
        PolicyError: the set does not hold.
    """
    folder = Path(place)
    if folder.is_dir():
        return policy_set.load(folder)
    with archive_of(config_path) as archive:
        return PolicySet.from_bundle(archive.bundle(archive.find(place)))
