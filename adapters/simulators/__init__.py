"""Simulators: a register's own interface, served from generated registers, with faults to order.

A kind of adapter that has one stands in `SIMULATORS`; `hjemmel register simulate` runs it. What a register
sends, and what it is asked, follow from its catalogue entry; entries that come with Hjemmel, for registers
whose usual one is not of that kind, lie in `<kind>/entries`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from aiohttp import web

SIMULATORS: Mapping[str, str] = {
    "datafordeler": "adapters.simulators.datafordeler.site:simulator",
    "rest": "adapters.simulators.rest.service:simulator",
    "soap": "adapters.simulators.soap.service:simulator",
}


class Simulated(Protocol):
    """A register that can be served."""

    @property
    def path(self) -> str:
        """Where its interface begins, below the server's address."""

    @property
    def invented(self) -> Sequence[str]:
        """What is answered out of nothing."""

    @property
    def options(self) -> Mapping[str, str]:
        """Options that a connection to it needs, with something in each."""

    def application(self) -> web.Application:
        """Its web site."""


def entries(kind: str) -> Path:
    """The folder of the entries of a kind that come with Hjemmel; it may not be there."""
    return Path(__file__).parent / kind / "entries"


def usual_kind(register: str) -> str:
    """The kind of interface that a register of Hjemmel's own catalogue has in the real world."""
    return "soap" if (entries("soap") / f"{register}.toml").exists() else "datafordeler"
