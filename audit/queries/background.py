"""An indexer in the background of a broker, which gives way to exchanges."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import sqlalchemy as sa

from audit.errors import LogError
from audit.queries.indexing import Indexer


@dataclass(frozen=True, slots=True)
class Rest:
    """How an indexer in the background gives way.

    Attributes:
        look: seconds between looks, while there is nothing to do.
        rest: how long it rests after a step, as a multiple of what the step took.
        most: entries of a step.
        retry: seconds after which what failed is tried again.
    """

    look: float = 1.0
    rest: float = 4.0
    most: int = 128
    retry: float = 10.0


class Background:
    """An indexer in a thread of its own, which works a fifth of the time at most."""

    def __init__(self, indexer: Indexer, rest: Rest) -> None:
        """Takes the indexer; `start` begins."""
        self._indexer = indexer
        self._rest = rest
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log-index", daemon=True)
        self.problem: str | None = None

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the step that it is at."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        pause = 0.0
        while not self._ended.wait(pause):
            begun = time.monotonic()
            try:
                idle = self._indexer.step().is_idle
                took = time.monotonic() - begun
                pause, self.problem = self._rest.look if idle else self._rest.rest * took, None
            except (LogError, sa.exc.SQLAlchemyError) as error:
                pause, self.problem = self._rest.retry, type(error).__name__
