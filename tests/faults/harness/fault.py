"""Faults by name: what is broken, when, and how. A name is all that it takes to repeat a run.

    writer.pwrite64:17:EIO      the 17th pwrite64 of the writer's thread fails with EIO
    opener.fdatasync:2:EIO+     from the opener's second fdatasync on, every one fails
    writer.fdatasync:3:EIOx4    the third fails, and the three after it: the log's own recovery too
    writer.pwrite64:5:SHORT     the fifth claims to have written nothing
    opener.told:9:KILL          SIGKILL as the driver's ninth line is written: an answer is about to leave
    power:311:torn:7            a power cut at the 311th write; of what was not synced a part was written
    line:12:after               the connection is cut after the 12th statement, before its answer arrives
    session:12:before           PostgreSQL ends the session before the 12th statement
    server:12:meanwhile         PostgreSQL is killed, all of its processes, as the 12th statement arrives
    disk:12:before              PostgreSQL's disk is full from the 12th statement on, for a while
    backend.fdatasync:2:EIO     the second fdatasync of one of PostgreSQL's processes fails

Where faults fall in one after another, their names are joined by `,`: the second one hits the recovery.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

KILL = "KILL"
BURST = 4
TOLD = "told"
_FORM = re.compile(r"([a-z]+)(?:\.([a-z0-9]+))?:(\d+):([A-Za-z0-9+:]+)")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        place: whose calls or statements are counted.
        call: the system call; empty where statements are counted.
        number: which of them, from 1.
        kind: what happens.
    """

    place: str
    call: str
    number: int
    kind: str

    def __str__(self) -> str:
        """The name."""
        where = f"{self.place}.{self.call}" if self.call else self.place
        return f"{where}:{self.number}:{self.kind}"

    @property
    def label(self) -> str:
        """What is broken, without when: faults of one label are counted together."""
        return f"{self.place}.{self.call}" if self.call else self.place

    @property
    def told(self) -> str:
        """How, without what merely seeds it."""
        return self.kind.partition(":")[0]

    @property
    def injection(self) -> str:
        """The same as strace's option `-e`."""
        kind, when = self.kind, str(self.number)
        if kind.endswith("+"):
            kind, when = kind[:-1], f"{self.number}+"
        elif kind.endswith(f"x{BURST}"):
            kind, when = kind.removesuffix(f"x{BURST}"), f"{self.number}..{self.number + BURST - 1}"
        what = {KILL: "signal=KILL", "SHORT": "retval=0"}.get(kind, f"error={kind}")
        call = "write" if self.call == TOLD else self.call
        return f"inject={call}:{what}:when={when}"


def parse(text: str) -> tuple[Fault, ...]:
    """Reads names joined by `,`.

    Raises:
        ValueError: one is no name of a fault.
    """
    return tuple(map(_one, text.split(",")))


def _one(text: str) -> Fault:
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"{text} is no fault: it looks like writer.pwrite64:17:EIO")
    return Fault(found[1], found[2] or "", int(found[3]), found[4])
