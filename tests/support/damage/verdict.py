"""What the verifiers said of one piece of damage, and what of that should have been otherwise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """Who found some damage, and whether ours said where it is.

    Attributes:
        kind: what sort of damage it is.
        where: what sort of place was damaged.
        what: the very damage, for people.
        ours: whether ours found it.
        named: whether the place that ours named first is what was damaged.
        fsck: whether Tessera's fsck found it.
        go: whether Go's checker found it.
        committed: whether a checkpoint commits to it and outsiders are shown it.
        unheld: why nothing can tell it from what was there before; empty where something must.
    """

    kind: str
    where: str
    what: str
    ours: bool
    named: bool
    fsck: bool
    go: bool
    committed: bool
    unheld: str = ""

    @property
    def lacks(self) -> list[str]:
        """What should have been found and was not."""
        lacks = []
        if not self.ours and not self.unheld:
            lacks.append("not found by ours")
        if self.ours and not self.named:
            lacks.append("ours named another place")
        if self.committed and not (self.fsck or self.go):
            lacks.append("not found by an outside verifier")
        return lacks

    @property
    def counted(self) -> dict[str, int]:
        """What a table of many verdicts adds up."""
        return {
            "done": 1,
            "found by ours": int(self.ours),
            "shown outside": int(self.committed),
            "found by fsck": int(self.fsck),
            "found by Go's": int(self.go),
            "found outside": int(self.fsck or self.go),
            "not found, explained": int(not self.ours and bool(self.unheld)),
            "lacking": int(bool(self.lacks)),
        }
