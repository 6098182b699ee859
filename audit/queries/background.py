"""An indexer in the background of a broker, which gives way to exchanges."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

import sqlalchemy as sa

from audit.errors import LogError
from audit.queries.indexing import Indexer

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rest:
    """How an indexer gives way.

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

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the step that it is at."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        pause, is_ready = 0.0, False
        while not self._ended.wait(pause):
            begun = time.monotonic()
            try:
                if not is_ready:
                    self._indexer.prepare()
                    is_ready = True
                idle = self._indexer.step().is_idle
                pause = self._rest.look if idle else self._rest.rest * (time.monotonic() - begun)
            except (LogError, sa.exc.SQLAlchemyError) as error:
                _log.warning("log_index_failed", extra={"problem": type(error).__name__})
                pause = self._rest.retry
