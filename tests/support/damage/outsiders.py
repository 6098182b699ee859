"""What outsiders see of a damaged database, and what their verifiers say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from audit.formats.checkpoint import Checkpoint
from audit.formats.tiles import CHECKPOINT
from tests.support.damage.files import same_to_lenient_readers, write
from tests.support.damage.shown import shown
from tests.support.outside import accepts, fsck, go_verifier


@dataclass(frozen=True)
class Seen:
    """Who found damage, and whether it is to what a checkpoint commits to and outsiders are shown."""

    fsck: bool
    go: bool
    committed: bool


@dataclass(frozen=True)
class Outsiders:
    """A folder with the published log as it was, brought to what a database would publish now."""

    folder: Path
    files: Mapping[str, bytes]
    known: Checkpoint
    vkey: str
    go: Path

    @classmethod
    def of(cls, folder: Path, engine: sa.Engine, known: Checkpoint, vkey: str) -> Outsiders:
        """Publishes a log that is whole."""
        files = shown(engine, known.size)
        for path, data in files.items():
            write(folder / "shown" / path, data)
        (folder / "known").write_bytes(files[CHECKPOINT])
        (folder / "vkey").write_text(vkey)
        made = cls(folder, files, known, vkey, go_verifier())
        assert (False, False) == made._verdicts()
        return made

    def judge(self, engine: sa.Engine) -> Seen:
        """Publishes what a database holds now, asks the verifiers, and undoes it."""
        now = shown(engine, self.known.size)
        changed = {p for p in self.files.keys() | now.keys() if self.files.get(p) != now.get(p)}
        if not changed:
            return Seen(fsck=False, go=False, committed=False)
        for path in changed:
            write(self.folder / "shown" / path, now.get(path))
        try:
            by_fsck, by_go = self._verdicts()
        finally:
            for path in changed:
                write(self.folder / "shown" / path, self.files.get(path))
        old, new = self.files[CHECKPOINT], now.get(CHECKPOINT, b"")
        told = changed != {CHECKPOINT} or not same_to_lenient_readers(old, new)
        return Seen(by_fsck, by_go, told)

    def _verdicts(self) -> tuple[bool, bool]:
        folder = self.folder / "shown"
        found = bool(fsck(folder, self.folder / "vkey"))
        return found, not accepts(self.go, "tiles", self.vkey, folder, self.folder / "known")
