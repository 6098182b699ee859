"""Faults in the answer of a SOAP service, put in when it was right."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from lxml import etree

from adapters.kinds.soap.entry import Ask, Place
from adapters.kinds.soap.paths import Path, XmlElement, every
from adapters.simulators.faults import Faults
from adapters.simulators.soap.asked import Route
from adapters.simulators.writing import somebody_else

_MILLION: Final = 5_000  # enough to be far too many
_PAST, _FUTURE = "1900-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"
_NIL: Final = etree.QName("http://www.w3.org/2001/XMLSchema-instance", "nil")
Change = Callable[[XmlElement], None]


def spoil(envelope: XmlElement, route: Route, faults: Faults) -> None:
    """Puts the ordered faults into an answer."""
    if not faults.ordered:
        return
    body, ask = envelope[0][0], route.ask
    _fields(body, ask, faults)
    if faults.has("other-subject"):
        others = str(somebody_else(route.dataset, route.key))
        _each(body, ask, ask.attributes[route.key.attribute], lambda e: _say(e, others))
    if faults.has("times"):
        _at_times(body, ask, {"virkningTil": _PAST})
    if faults.has("skew"):
        _at_times(body, ask, {"virkningFra": _FUTURE, "virkningTil": _FUTURE.replace("2999", "3999")})
    if faults.has("short"):
        for chain in list(every(body, ask.records))[-1:]:
            _leave_out(chain, ask)
    chains = list(every(body, ask.records)) if faults.has("duplicate") or faults.has("million") else []
    if faults.has("million"):
        _multiply(body, ask, chains[:1], _MILLION)
    elif chains:
        _multiply(body, ask, chains, 2)


def _fields(body: XmlElement, ask: Ask, faults: Faults) -> None:
    changes: Mapping[str, Change] = {
        "drift": _rename,
        "missing": lambda e: e.getparent().remove(e),
        "unknown-code": lambda e: _say(e, "ukendt"),
    }
    for fault, change in changes.items():
        if faults.told(fault) in ask.attributes:
            _each(body, ask, ask.attributes[faults.told(fault)], change)
    for fault, change in {"wrong-type": _turn, "null": _empty}.items():
        if faults.has(fault):
            for place in ask.attributes.values():
                _each(body, ask, place, change)


def _each(body: XmlElement, ask: Ask, place: Place, change: Change) -> None:
    """Changes what stands at a place in every record, each once."""
    found = [_leaf(chain[place.level], place.path) for chain in list(every(body, ask.records))]
    for element in dict.fromkeys(element for element in found if element is not None):
        change(element)


def _leaf(element: XmlElement, path: Path) -> XmlElement | None:
    for step in path:
        element = next((e for e in element.iterchildren(step.tag) if step.fits(e)), None)
        if element is None:
            return None
    return element


def _at_times(body: XmlElement, ask: Ask, times: Mapping[str, str]) -> None:
    for name, value in times.items():
        if name not in ask.times:
            continue
        place = ask.times[name]
        for chain in list(every(body, ask.records)):
            leaf = _leaf(chain[place.level], place.path)
            if leaf is None:
                above = _leaf(chain[place.level], place.path[:-1])
                leaf = None if above is None else etree.SubElement(above, place.path[-1].tag)
            if leaf is not None:
                leaf.text = value


def _leave_out(chain: tuple[XmlElement, ...], ask: Ask) -> None:
    """Leaves out a record, and what stood above it for its sake alone."""
    for level in range(len(chain) - 1, 0, -1):
        chain[level - 1].remove(chain[level])
        if chain[level - 1].find(ask.records[level - 1].tag) is not None:
            return


def _multiply(body: XmlElement, ask: Ask, chains: Sequence[tuple[XmlElement, ...]], copies: int) -> None:
    for chain in chains:
        for _ in range(copies - 1):
            chain[-1].addnext(copy.deepcopy(chain[-1]))
    total = _leaf(body, ask.total) if ask.total else None
    if total is not None:
        total.text = str(len(list(every(body, ask.records))))


def _rename(element: XmlElement) -> None:
    element.tag = f"{element.tag}Ny"


def _say(element: XmlElement, text: str) -> None:
    element.text = text


def _turn(element: XmlElement) -> None:
    element.text = "syv" if (element.text or "").isdigit() else "7"


def _empty(element: XmlElement) -> None:
    element.text = None
    element.set(_NIL, "true")
