"""A process that erases and is killed: at the first statement, then at the second, at every one there is.

    python -m tests.support.killed_eraser FOLDER URL KEYS_URL

For each step it records something about a subject, asks for its erasure, and lets a child own the log
that dies at that step (SIGKILL). Prints what the log looks like then, and after the next owner: one JSON
line a step. Ends with the first step that no child lives to see.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from audit.verification.verify import Report
from tests.support.logs import GROUND, LogSite, submission


def die_at(step: int) -> None:
    """Kills this process just before a statement or a commit, counted from now."""
    count = 0

    def reached(*_: Any) -> None:
        nonlocal count
        count += 1
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in ("before_cursor_execute", "commit"):
        sa.event.listen(sa.Engine, moment, reached)


async def prepare(site: LogSite, step: int) -> int:
    """Two records about a new subject and one about another; asks, and gives the number."""
    subject = b"subject of %d" % step
    with site.opened() as log:
        for n, about in enumerate((subject, b"another", subject)):
            await log.append(submission(10 * step + n, subject=about), closes_intention=False)
    with site.erasing() as erasing:  # when nobody owns the log: the child has to do it all
        number = erasing.ask(erasing.subject(subject), GROUND)
    assert number is not None
    return number


def told(report: Report) -> dict[str, Any]:
    """What a test asks of a report."""
    return {
        "findings": [f"{f.place}: {f.problem}" for f in report.findings],
        "erased": report.erased,
        "sealed": report.sealed,
        "entries": report.entries,
        "open": report.open_erasures,
    }


def play(site: LogSite, step: int) -> bool:
    """Plays one step; tells whether the child was killed."""
    number = asyncio.run(prepare(site, step))
    child = os.fork()
    if child == 0:
        status = 1
        try:
            die_at(step)
            site.open().close()
            status = 0
        finally:
            os._exit(status)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended not in {0, -signal.SIGKILL}:
        raise RuntimeError(f"the owner ended by itself at step {step}: {ended}")
    killed = ended == -signal.SIGKILL
    before = told(site.verify())
    site.open().close()
    with site.erasing() as erasing:
        line = {"step": step, "killed": killed, "before": before, "after": told(site.verify())}
        line["covered"] = erasing.covered(number)
        line["holds"] = [erasing.proof(i).holds for i in erasing.entries(number)]
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    return killed


if __name__ == "__main__":
    folder, url, keys_url = sys.argv[1:]
    turn = 1
    while play(LogSite(url, keys_url, Path(folder)), turn):
        turn += 1
