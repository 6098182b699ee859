"""A folder of policies that is published when it is saved: for authors at work."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from exchange.policy.policy_set import PolicyError, PolicySet

_log = logging.getLogger(__name__)
_Signature = dict[str, tuple[int, int]]


class FolderWatch:
    """Tells when a folder holds another set than before."""

    def __init__(self, folder: Path, load: Callable[[Path], PolicySet], revision: str) -> None:
        """Takes the folder, what reads it, and the revision that it holds now."""
        self._folder = folder
        self._load = load
        self._revision = revision
        self._seen = self._signature()
        self.problem: str | None = None  # why what was saved last is not in force

    def saved(self) -> PolicySet | None:
        """Gives the set of the folder where it was saved since the last call and is another one."""
        now = self._signature()
        if now == self._seen:
            return None
        self._seen = now
        try:
            policies = self._load(self._folder)
        except PolicyError as error:
            self.problem = str(error)
            _log.error("policy_folder_does_not_hold", extra={"problem": self.problem})
            return None
        self.problem = None
        known, self._revision = self._revision, policies.revision
        return None if policies.revision == known else policies

    def _signature(self) -> _Signature:
        found = {}
        for path in sorted(self._folder.rglob("*")):
            if path.suffix in {".rego", ".json"} and path.is_file():
                status = path.stat()
                found[str(path)] = (status.st_mtime_ns, status.st_size)
        return found
