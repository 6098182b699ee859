"""Faults to order: what a simulated register does wrong, changed while it runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

#: Every fault, with what it does; `=…` where it takes a value.
FAULTS: Mapping[str, str] = {
    "slow": "answers after this many seconds: slow=2s",
    "down": "ends the connection without an answer",
    "error": "answers with HTTP 500",
    "throttle": "answers with HTTP 429, and the pause it asks for: throttle=3s",
    "expired": "says that the credentials have expired (HTTP 401)",
    "refused": "says that the credentials are not for this (HTTP 403)",
    "moved": "answers with a redirect",
    "half-answer": "ends the connection in the middle of the answer",
    "cut": "leaves the second half of the answer out, and says that this is all",
    "not-utf8": "answers in ISO 8859-1",
    "huge": "answers with 64 MiB",
    "drift": "does not know a field any more: drift=FIELD",
    "partial": "answers with what it has, and an error beside it",
    "wrong-type": "gives numbers as text, and text as numbers",
    "null": "gives nothing for every field",
    "missing": "leaves a field out of every record: missing=FIELD",
    "unknown-code": "gives a code that nobody knows, for text: unknown-code=FIELD",
    "repeat-page": "gives the first page again and again",
    "break-off": "says that there is more, but not where",
    "duplicate": "gives every record twice",
    "million": "gives very many records where one was expected",
    "other-subject": "gives a record of somebody else beside",
    "times": "gives records that end before they begin",
    "skew": "gives records that are not true yet",
}
_SECONDS = frozenset({"slow", "throttle"})
_FIELD = frozenset({"drift", "missing", "unknown-code"})


class FaultError(ValueError):
    """An order for a fault cannot be followed; the message says what to write."""


class Faults:
    """The faults that a simulator has at present."""

    def __init__(self, orders: Collection[str] = ()) -> None:
        """Takes orders such as `slow=2s` or `down`.

        Raises:
            FaultError: one of them is none.
        """
        self._ordered: Mapping[str, str] = {}
        self.order(orders)

    def order(self, orders: Collection[str]) -> None:
        """Puts other faults in the place of those before; none makes the simulator well.

        Raises:
            FaultError: an order is none; the faults are as before.
        """
        self._ordered = dict(_order(one) for one in orders)

    @property
    def ordered(self) -> Sequence[str]:
        """The orders, as they may be given again."""
        return tuple(f"{name}={value}" if value else name for name, value in self._ordered.items())

    def has(self, name: str) -> bool:
        """Whether a fault is ordered."""
        return name in self._ordered

    def field(self, name: str) -> str:
        """The field that a fault is about; empty where it is not ordered."""
        return self._ordered.get(name, "")

    def seconds(self, name: str) -> float:
        """The seconds that a fault is about; 0 where it is not ordered."""
        return float(self._ordered.get(name, "0").removesuffix("s"))


def _order(order: str) -> tuple[str, str]:
    name, _, value = order.partition("=")
    if name not in FAULTS:
        raise FaultError(f"{name!r} is no fault: there are {', '.join(FAULTS)}")
    if name in _SECONDS and not value.removesuffix("s").replace(".", "", 1).isdecimal():
        raise FaultError(f"fault {name} takes seconds: {name}=2s")
    if name in _FIELD and not value.isidentifier():
        raise FaultError(f"fault {name} takes a field: {name}=status")
    if value and name not in _SECONDS | _FIELD:
        raise FaultError(f"fault {name} takes no value")
    return name, value
