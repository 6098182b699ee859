"""Work in a process of its own, forked from this one: nothing is imported twice, a fault ends it alone."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_POLL = 0.002  # seconds


@dataclass(slots=True)
class Child:
    """A forked process.

    Attributes:
        pid: its id.
    """

    pid: int
    _up: int
    _down: int
    _status: int | None = None

    def waits(self, seconds: float) -> tuple[str, int] | None:
        """Waits until it waits itself; gives the name and id of the thread, or nothing where it ended."""
        if not select.select([self._up], [], [], seconds)[0]:
            raise TimeoutError("the driver hangs")
        line = os.read(self._up, 200).decode()
        if not line:
            return None
        name, number = line.split()
        return name, int(number)

    def go_on(self) -> None:
        """Lets it go on."""
        os.write(self._down, b"\n")

    def ended(self, seconds: float) -> int:
        """Waits for its end, and gives its status: negative where a signal ended it.

        Raises:
            TimeoutError: it does not end.
        """
        end = time.monotonic() + seconds
        while self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > end:
                raise TimeoutError("the driver hangs")
            else:
                time.sleep(_POLL)
        return self._status

    def close(self) -> None:
        """Makes sure that it is gone."""
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.ended(10)
        os.close(self._up)
        os.close(self._down)


@contextmanager
def forked(work: Callable[[Callable[[str, int], None]], int]) -> Iterator[Child]:
    """Forks; the child does some work, and its result is its status.

    Args:
        work: takes a function by which it says which thread is about to work, and waits.
    """
    up, down = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(up[0])
        os.close(down[1])
        status = 1
        try:
            status = work(lambda name, number: _reached(up[1], down[0], name, number))
        except BaseException:  # noqa: BLE001  # it ends here, whatever it was
            traceback.print_exc(file=sys.__stderr__)
        finally:
            sys.__stderr__.flush() if sys.__stderr__ else None
            os._exit(status)
    os.close(up[1])
    os.close(down[0])
    child = Child(pid, up[0], down[1])
    try:
        yield child
    finally:
        child.close()


def _reached(up: int, down: int, name: str, number: int) -> None:
    os.write(up, f"{name} {number}\n".encode())
    os.read(down, 1)
