"""Policy sets as commands name them: a folder, or a revision in the log's archive."""

from __future__ import annotations

from pathlib import Path

from exchange.cli.policy.archive import archive_of
from exchange.policy import policy_set
from exchange.policy.policy_set import PolicySet


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
