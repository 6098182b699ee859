"""Ending a command that serves: when it is asked to, in order."""

from __future__ import annotations

import asyncio
import signal


def stop_asked() -> asyncio.Event:
    """Gives an event that SIGTERM or Ctrl-C sets, in place of ending the process at once."""
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    return asked
