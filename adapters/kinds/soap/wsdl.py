"""A WSDL, read with zeep from files: what is sent is written by it, what comes is held against it.

Nothing is ever fetched: not the WSDL, not what it imports. Its `soap:address` is not used either; where a
register is, the configuration alone says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lxml import etree
from zeep import Settings, xsd
from zeep.exceptions import Error, ExternalReferenceForbidden
from zeep.wsdl import Document
from zeep.wsdl.bindings import Soap11Binding, Soap12Binding
from zeep.xsd.elements.indicators import Indicator


class MessageError(Exception):
    """A message cannot be written with what it was given; what that was is not said here."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a service, document/literal.

    Attributes:
        request: the element that is sent.
        answer: the element that comes back.
        http: the headers that a call of it has.
    """

    request: xsd.Element
    answer: xsd.Element
    http: Mapping[str, str]
    _zeep: Any

    def write(self, body: Mapping[str, Any], header: Mapping[str, Any]) -> bytes:
        """Writes the envelope of a call.

        Raises:
            MessageError: an element is missing, not known, or cannot hold its value.
        """
        try:
            made = (
                self._zeep.create(**body, _soapheaders=dict(header)) if header else self._zeep.create(**body)
            )
            return bytes(etree.tostring(made.content, xml_declaration=True, encoding="utf-8"))
        except (Error, TypeError, ValueError, LookupError, AttributeError) as error:
            raise MessageError(str(error)) from None


class Wsdl:
    """What a file describes."""

    def __init__(self, path: Path) -> None:
        """Reads it, and the files that it imports.

        Raises:
            ValueError: it is no WSDL, or needs something that is not in a file.
        """
        self._path = path
        settings = Settings(strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True)
        loader: Any = _Files()
        try:
            self._document = Document(str(path.resolve()), loader, settings=settings)
        except (Error, OSError, etree.LxmlError, LookupError, ValueError) as error:
            raise ValueError(f"wsdl: {path} cannot be read as a WSDL: {error}") from error

    def operation(self, name: str, service: str = "", port: str = "") -> Operation:
        """Finds an operation.

        Args:
            name: its name.
            service: the service, where the WSDL has several.
            port: the port, likewise.

        Raises:
            ValueError: there is none, or it is not document/literal; the message lists what there is.
        """
        binding = self._binding(service, port)
        operations: Mapping[str, Any] = binding.all()
        found = operations.get(name)
        if found is None:
            known = ", ".join(sorted(operations))
            raise ValueError(f"operation {name} is not in {self._path.name}; there are: {known}")
        if found.style != "document" or found.output is None or found.output.body is None:
            raise ValueError(f"operation {name} is not document/literal with an answer")
        action = found.soapaction or ""
        if isinstance(binding, Soap12Binding):
            http = {"Content-Type": f'application/soap+xml; charset=utf-8; action="{action}"'}
        else:
            http = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'}
        return Operation(found.input.body, found.output.body, http, found)

    def _binding(self, service: str, port: str) -> Any:
        ports = {
            (s.name, p.name): p.binding
            for s in self._document.services.values()
            for p in s.ports.values()
            if isinstance(p.binding, Soap11Binding | Soap12Binding)
            and service in {"", s.name}
            and port in {"", p.name}
        }
        if not ports:
            raise ValueError(f"{self._path.name} has no such SOAP service and port")
        return next(iter(ports.values()))


class _Files:
    """What zeep loads documents with."""

    def load(self, url: str) -> bytes:
        if urlsplit(url).scheme:
            raise ExternalReferenceForbidden(url)
        return Path(url).read_bytes()


def children(element: xsd.Element) -> Iterator[tuple[xsd.Element, bool]]:
    """The elements that may stand in an element, and whether each may be left out."""
    for _, node in getattr(element.type, "elements_nested", ()):
        yield from _within(node, optional=False)


def is_open(element: xsd.Element) -> bool:
    """Tells whether anything may stand in an element."""
    return any(isinstance(node, xsd.Any) for _, node in getattr(element.type, "elements", ()))


def _within(node: Any, *, optional: bool) -> Iterator[tuple[xsd.Element, bool]]:
    optional = optional or node.is_optional
    if isinstance(node, xsd.Element):
        yield node, optional
    elif isinstance(node, Indicator):
        inside: Iterable[Any] = node  # type: ignore[assignment]  # every kind of indicator can be iterated over
        for child in inside:
            yield from _within(child, optional=optional or isinstance(node, xsd.Choice))
