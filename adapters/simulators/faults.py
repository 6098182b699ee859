"""Faults to order: what a simulated register does wrong, changed while it runs.

One vocabulary for every interface; a fault that makes no sense for one cannot be ordered there.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_EVERY: Final = ("datafordeler", "rest", "soap")
_SECONDS: Final = "2s"
_FIELD: Final = "status"
_MEANING: Final = "busy"


@dataclass(frozen=True, slots=True)
class Fault:
    """What can be ordered.

    Attributes:
        does: what it does.
        takes: an example of the value that it takes, or nothing.
        kinds: the interfaces that can do it.
    """

    does: str
    takes: str = ""
    kinds: tuple[str, ...] = _EVERY


FAULTS: Mapping[str, Fault] = {
    # on the way
    "slow": Fault("answers after this many seconds", _SECONDS),
    "down": Fault("ends the connection without an answer"),
    "error": Fault("answers with HTTP 500"),
    "throttle": Fault("answers with HTTP 429, and the pause it asks for", _SECONDS),
    "expired": Fault("says that the credentials have expired (HTTP 401)"),
    "stranger": Fault("does not know the credentials (HTTP 401)"),
    "refused": Fault("says that the credentials are not for this (HTTP 403)"),
    "moved": Fault("answers with a redirect"),
    "page": Fault("answers with a page for people"),
    "half-answer": Fault("ends the connection in the middle of the answer"),
    "cut": Fault("leaves the second half of the answer out, and says that this is all"),
    "not-utf8": Fault("answers in ISO 8859-1"),
    "huge": Fault("answers with 64 MiB"),
    # in the records
    "drift": Fault("calls a field something else", _FIELD),
    "missing": Fault("leaves a field out of every record", _FIELD),
    "unknown-code": Fault("gives a code that nobody knows", _FIELD),
    "wrong-type": Fault("gives numbers as text, and text as numbers"),
    "null": Fault("gives nothing for every field"),
    "short": Fault("leaves a record out of those that it announced", kinds=("rest", "soap")),
    "duplicate": Fault("gives every record twice"),
    "million": Fault("gives very many records where few were expected"),
    "other-subject": Fault("gives records of somebody else"),
    "times": Fault("gives records that end before they begin"),
    "skew": Fault("gives records that are not true yet", kinds=("datafordeler", "soap")),
    # in what one interface alone has
    "partial": Fault("answers with what it has, and an error beside it", kinds=("datafordeler",)),
    "repeat-page": Fault("gives the first page again and again", kinds=("datafordeler",)),
    "break-off": Fault("says that there is more, but not where", kinds=("datafordeler",)),
    "fault": Fault("answers with a fault of its own, which means this", _MEANING, ("soap",)),
}


class FaultError(ValueError):
    """An order for a fault cannot be followed; the message says what to write."""


class Faults:
    """The faults that a simulator has at present.

    Attributes:
        asked: questions so far.
    """

    def __init__(self, orders: Collection[str] = (), kind: str = "", every: int = 1) -> None:
        """Takes orders such as `slow=2s` or `down`.

        Args:
            orders: what goes wrong.
            kind: the interface; empty: any.
            every: how often: with every so many-th question.

        Raises:
            FaultError: an order is none.
        """
        self.asked = 0
        self._kind = kind
        self._every = every
        self._ordered: Mapping[str, str] = {}
        self.order(orders)

    def order(self, orders: Collection[str]) -> None:
        """Puts other faults in the place of those before; none makes the simulator well.

        Raises:
            FaultError: an order is none; the faults are as before.
        """
        self._ordered = dict(_order(one, self._kind) for one in orders)

    def next(self) -> Faults:
        """Counts a question; gives what goes wrong with it."""
        self.asked += 1
        return self if self.asked % self._every == 0 else Faults()

    @property
    def ordered(self) -> Sequence[str]:
        """The orders, as they may be given again."""
        return tuple(f"{name}={value}" if value else name for name, value in self._ordered.items())

    def has(self, name: str) -> bool:
        """Whether a fault is ordered."""
        return name in self._ordered

    def told(self, name: str) -> str:
        """The field, or the meaning, that a fault is about; empty where it is not ordered."""
        return self._ordered.get(name, "")

    def seconds(self, name: str) -> float:
        """The seconds that a fault is about; 0 where it is not ordered."""
        return float(self._ordered.get(name, "0").removesuffix("s"))


def _order(order: str, kind: str) -> tuple[str, str]:
    name, _, value = order.partition("=")
    fault = FAULTS.get(name)
    if fault is None or (kind and kind not in fault.kinds):
        known = ", ".join(known for known, f in FAULTS.items() if not kind or kind in f.kinds)
        raise FaultError(f"{name!r} is no fault{kind and f' of {kind}'}: there are {known}")
    if fault.takes == _SECONDS and not value.removesuffix("s").replace(".", "", 1).isdecimal():
        raise FaultError(f"fault {name} takes seconds: {name}={_SECONDS}")
    if fault.takes == _FIELD and not value.isidentifier():
        raise FaultError(f"fault {name} takes a field: {name}={_FIELD}")
    if fault.takes == _MEANING and not value.isidentifier():
        raise FaultError(f"fault {name} takes a meaning: {name}={_MEANING}")
    if value and not fault.takes:
        raise FaultError(f"fault {name} takes no value")
    return name, value
