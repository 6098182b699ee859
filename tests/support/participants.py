"""The file of participants, copied and edited as an operator would."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class ParticipantsFile:
    """A copy of the participants that a test may edit."""

    def __init__(self, original: Path, folder: Path) -> None:
        """Copies the file into a folder."""
        self.path = folder / "participants.json"
        self.path.write_bytes(original.read_bytes())

    @property
    def settings(self) -> dict[str, str]:
        """What to start a broker with: `start(identity=file.settings)`."""
        return {"participants": str(self.path)}

    def edit(self, cvr: str, change: Callable[[Entry], object]) -> None:
        """Changes one participant, atomically."""
        document = json.loads(self.path.read_text("utf-8"))
        for entry in document["participants"]:
            if entry["cvr"] == cvr:
                change(entry)
        self.write(json.dumps(document))

    def write(self, text: str) -> None:
        """Replaces the whole file."""
        new = self.path.with_suffix(".new")
        new.write_text(text, "utf-8")
        new.replace(self.path)
