"""The process that a fault falls into: opens a log, plays a scene on it, closes it.

It is forked from a worker that has everything imported. It waits twice, so that a tracer can hold on to
one of its threads: before it opens the log, and once the log's writer runs.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from audit.errors import LogStopped
from audit.log import AuditLog
from tests.faults.harness import sabotage
from tests.faults.harness.actor import Actor
from tests.faults.harness.scenes import SCENES, Stage
from tests.faults.harness.told import Side
from tests.support.logs import LogSite

OPENER, WRITER = "opener", "writer"
#: How a driver ends by itself; any other status is a mistake.
DONE, REFUSED, NEVER_OPENED = 0, 4, 5
ENDS = {DONE: "went on", REFUSED: "refused some", NEVER_OPENED: "never opened"}
_BETWEEN = 0.05  # seconds
_TICK = 0.05


@dataclass(frozen=True, slots=True)
class Order:
    """What a driver is to do.

    Attributes:
        site: the log.
        scene: its name.
        folder: for what is written beside the log, and for what the driver says.
        first: number of its first request.
        patience: seconds that a step is tried for.
        wrong: the name of a sabotage; empty where there is none.
    """

    site: LogSite
    scene: str
    folder: Path
    first: int
    patience: float = 0.4
    wrong: str = ""

    @property
    def told(self) -> Path:
        """Where the driver writes down what it is told."""
        return self.folder / "told"


def play(order: Order, reached: Callable[[str, int], None]) -> int:
    """Plays a scene; gives how it ended.

    Args:
        order: what to do.
        reached: called with the name and the id of a thread that is about to work; returns when it may.
    """
    logging.getLogger("audit").addHandler(logging.FileHandler(order.folder / "errors"))
    if order.wrong == sabotage.UNSYNCED:
        sabotage.unsync()
    side = Side(order.told)
    scene = SCENES[order.scene]
    reached(OPENER, threading.get_native_id())
    log = _opened(order)
    if log is None:
        return NEVER_OPENED
    reached(WRITER, next(t.native_id or 0 for t in threading.enumerate() if t.name == "log-writer"))
    failed = _played(order, log, side, 0)
    if scene.again:
        log = _opened(order)
        if log is None:
            return NEVER_OPENED
        failed += _played(order, log, side, 500)
    return REFUSED if failed else DONE


def _played(order: Order, log: AuditLog, side: Side, offset: int) -> int:
    wrap = sabotage.TRAILS.get(order.wrong)
    actor = Actor(order.site, log, side, order.first + offset, order.patience, wrap)
    stage = Stage(order.site, actor, side, order.folder)
    try:
        if offset:
            asyncio.run(_ticking(actor.ask(9)))
        else:
            asyncio.run(_ticking(SCENES[order.scene].play(stage)))
    finally:
        log.close()
    return actor.failed


async def _ticking(scene: Awaitable[None]) -> None:
    """Plays a scene on a loop that wakes by itself: a fault may take what would have woken it."""

    async def tick() -> None:
        while True:  # noqa: ASYNC110  # it waits for nothing
            await asyncio.sleep(_TICK)

    ticking = asyncio.create_task(tick())
    try:
        await scene
    finally:
        ticking.cancel()


def _opened(order: Order) -> AuditLog | None:
    """Opens the log, as an operator would try again."""
    end = time.monotonic() + order.patience
    while True:
        try:
            return order.site.open()
        except LogStopped:
            if time.monotonic() > end:
                return None
            time.sleep(_BETWEEN)


def to_files(folder: Path) -> None:
    """Sends what this process prints to a file."""
    output = os.open(folder / "errors", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(output, 1)
    os.dup2(output, 2)
