"""Writing answers of a SOAP service: rows put where the entry reads them, in the order that the WSDL has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lxml import etree
from zeep import xsd

from adapters.kinds.fields import TIMES
from adapters.kinds.soap.entry import Ask, Place
from adapters.kinds.soap.paths import Path, XmlElement
from adapters.kinds.soap.wsdl import children
from adapters.simulators.rows import Row
from adapters.simulators.soap.asked import Route
from adapters.simulators.writing import written

_ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_ENVELOPE_12: Final = "http://www.w3.org/2003/05/soap-envelope"
_WORDS: Final = "an answer with words of its own"
Node = dict[str, Any]


def answered(route: Route, rows: Sequence[Row], code: str) -> XmlElement:
    """Writes an answer; gives the envelope."""
    ask = route.ask
    document: Node = {}
    for row in rows:
        _put_record(document, route, row)
    if ask.code:
        _put(document, ask.code, code)
    if ask.total:
        _put(document, ask.total, str(len(rows)))
    answer = ask.operation.answer
    envelope, body = _enveloped(ask)
    answer.render(body, answer(**_completed(answer, document)))
    return envelope


def fault(ask: Ask, element: str, code: str) -> XmlElement:
    """Writes a fault that says a code, and more than it should."""
    envelope, body = _enveloped(ask)
    namespace = etree.QName(body).namespace
    said = etree.SubElement(body, etree.QName(namespace, "Fault"))
    if namespace == _ENVELOPE_12:
        _say(said, (f"{{{namespace}}}Code", f"{{{namespace}}}Value"), "soap:Sender")
        _say(said, (f"{{{namespace}}}Reason", f"{{{namespace}}}Text"), _WORDS)
        _say(said, (f"{{{namespace}}}Detail", "Fejl", element or "Kode"), code)
    else:
        _say(said, ("faultcode",), "soap:Client")
        _say(said, ("faultstring",), _WORDS)
        _say(said, ("detail", "Fejl", element or "Kode"), code)
    return envelope


def _say(element: XmlElement, tags: Sequence[str], text: str) -> None:
    for tag in tags:
        element = etree.SubElement(element, tag)
    element.text = text


def content_type(ask: Ask) -> str:
    """What HTTP calls an answer."""
    return ask.operation.http["Content-Type"].partition(";")[0]


def _enveloped(ask: Ask) -> tuple[XmlElement, XmlElement]:
    namespace = _ENVELOPE if content_type(ask) == "text/xml" else _ENVELOPE_12
    envelope = etree.Element(etree.QName(namespace, "Envelope"), nsmap={"soap": namespace})
    return envelope, etree.SubElement(envelope, etree.QName(namespace, "Body"))


def _put_record(document: Node, route: Route, row: Row) -> None:
    """Puts a row where records are; what stands above records is shared by those that have the same there."""
    values = _values(route, row)
    node = document
    for level, step in enumerate(route.ask.records, 1):
        own = [(place.path, value) for place, value in values if place.level == level]
        made: Node = {}
        for path, value in own:
            _put(made, path, value)
        among = node.setdefault(_name(step.tag), [])
        same = [one for one in among if level < len(route.ask.records) and _has(one, made)]
        if not same:
            among.append(made)
        node = same[0] if same else made


def _values(route: Route, row: Row) -> list[tuple[Place, str]]:
    fields = route.plan.fields
    told = {
        a.name: (route.ask.attributes[a.name], written(a, fields[a.name].form, row[a.name]))
        for a in route.dataset.attributes
    }
    told |= {name: (route.ask.times[name], row[name]) for name in TIMES if name in route.ask.times}
    return [(place, str(value)) for place, value in told.values() if value is not None]


def _put(node: Node, path: Path, value: str) -> None:
    """Puts a text at the end of a path; where a step has conditions, into one that fulfils them."""
    for step in path[:-1]:
        inner = {_name(tag): text for tag, text in step.conditions}
        if step.conditions:
            made: Node = dict(inner)
            node.setdefault(_name(step.tag), []).append(made)
            node = made
        else:
            node = node.setdefault(_name(step.tag), {})
    node[_name(path[-1].tag)] = value


def _has(node: Mapping[str, Any], made: Mapping[str, Any]) -> bool:
    return all(node.get(name) == value for name, value in made.items())


def _completed(element: xsd.Element, node: Node) -> Node:
    """Adds what the WSDL demands and the catalogue does not know: no value, or an empty text."""
    made = dict(node)
    for child, optional in children(element):
        name = child.qname.localname
        has_elements = bool(list(children(child)))
        if name not in made:
            if optional:
                continue
            made[name] = {} if has_elements else None if child.nillable else ""
        if has_elements:
            inner = made[name]
            made[name] = (
                [_completed(child, one) for one in inner]
                if isinstance(inner, list)
                else _completed(child, inner)
            )
    return made


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]
