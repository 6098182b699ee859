"""An answer as it came: bytes to the element in its body, or the error that it is.

No entity is expanded, nothing is loaded, a document type is refused before anything is parsed; libxml2's own
bounds on depth and on the length of texts hold. What is said in the register's own words is not passed on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from lxml import etree

from adapters.kinds.http.client import Answer
from adapters.kinds.http.statuses import error_of, pause_in
from adapters.port import (
    AccessRefused,
    AnswerInvalid,
    Cause,
    RegisterError,
    SchemaChanged,
    Throttled,
    Unavailable,
)

_ENVELOPES: Final = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
_XML: Final = frozenset({"text/xml", "application/soap+xml", "application/xml"})
_WITH_FAULTS: Final = frozenset({HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR})
_MEANT: Final[Mapping[str, str]] = {  # codes of SOAP 1.1, SOAP 1.2 and WS-Security
    "Server": "down",
    "Receiver": "down",
    "FailedAuthentication": "refused",
    "FailedCheck": "refused",
    "InvalidSecurity": "refused",
    "InvalidSecurityToken": "refused",
    "SecurityTokenUnavailable": "refused",
    "UnsupportedSecurityToken": "refused",
    "MessageExpired": "expired",
}
MEANINGS: Final = ("fine", "unknown", "refused", "not_authorised", "expired", "busy", "down")


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What a service's own codes mean.

    Attributes:
        fault: name of the element in a fault's detail that holds a code; empty: none does.
        meant: one of `MEANINGS` by code.
    """

    fault: str
    meant: Mapping[str, str]


class UnknownSubjectError(Exception):
    """The register knows no such subject."""


def body_of(answer: Answer, outcomes: Outcomes, tag: str) -> Any:
    """Gives the element in the body of an answer.

    Raises:
        RegisterError: it is a fault, no SOAP, or another element than the one expected.
        UnknownSubjectError: the service says so by a fault.
    """
    if answer.status not in _WITH_FAULTS or not _is_xml(answer.headers):
        raise error_of(answer.status, answer.headers) if answer.status != HTTPStatus.OK else _no_xml()
    try:
        envelope = parsed(answer.body)
    except AnswerInvalid:
        if answer.status != HTTPStatus.OK:
            raise error_of(answer.status, answer.headers) from None
        raise
    for namespace in _ENVELOPES:
        body = envelope.find(f"{{{namespace}}}Body")
        if envelope.tag == f"{{{namespace}}}Envelope" and body is not None and len(body) == 1:
            if body[0].tag == f"{{{namespace}}}Fault":
                _raise_fault(body[0], answer.headers, outcomes)
            if answer.status != HTTPStatus.OK:
                raise error_of(answer.status, answer.headers)
            if body[0].tag != tag:
                raise SchemaChanged(Cause.FIELD_MISSING)
            return body[0]
    raise _no_xml()


def raise_meant(meaning: str, headers: Mapping[str, str]) -> None:
    """Raises what a code means; comes back where all is fine.

    Raises:
        RegisterError: it is an error.
        UnknownSubjectError: there is no such subject.
    """
    if meaning == "fine":
        return
    if meaning == "unknown":
        raise UnknownSubjectError
    raise _error(meaning, headers)


def _error(meaning: str, headers: Mapping[str, str]) -> RegisterError:
    match meaning:
        case "refused":
            return AccessRefused(Cause.CREDENTIALS_REFUSED)
        case "not_authorised":
            return AccessRefused(Cause.NOT_AUTHORISED)
        case "expired":
            return AccessRefused(Cause.CREDENTIALS_EXPIRED)
        case "busy":
            return Throttled(pause_in(headers))
        case "down":
            return Unavailable(Cause.SERVER_ERROR)
        case _:
            return AnswerInvalid(Cause.SERVER_ERROR)


def _raise_fault(fault: Any, headers: Mapping[str, str], outcomes: Outcomes) -> None:
    texts = (
        {}
        if not outcomes.fault
        else {(element.text or "").strip() for element in fault.iter() if _local(element) == outcomes.fault}
    )
    meant = {outcomes.meant[text] for text in texts if text in outcomes.meant} - {"fine"}
    if len(meant) == 1:
        raise_meant(meant.pop(), headers)
    raise_meant(next((_MEANT[code] for code in _codes(fault) if code in _MEANT), ""), headers)


def _codes(fault: Any) -> Collection[str]:
    """The fault's codes without their prefixes, the narrowest first."""
    found = []
    for element in fault.iter():
        if _local(element) in {"faultcode", "Value"}:
            name = (element.text or "").strip().rpartition(":")[2]
            found += reversed([name, *([name.partition(".")[0]] if "." in name else [])])
    return found[::-1]


def _local(element: Any) -> str:
    return str(etree.QName(element).localname)


def _is_xml(headers: Mapping[str, str]) -> bool:
    return headers.get("Content-Type", "text/xml").partition(";")[0].strip().lower() in _XML


def _no_xml() -> AnswerInvalid:
    return AnswerInvalid(Cause.NOT_DECODED)


def parsed(body: bytes) -> Any:
    """Parses XML that nobody vouches for.

    Raises:
        AnswerInvalid: it is none, is not UTF-8, or wants something loaded or expanded.
    """
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        raise AnswerInvalid(Cause.NOT_UTF8) from None
    if b"<!DOCTYPE" in body:  # no service says that; whoever does wants entities
        raise _no_xml()
    parser = etree.XMLParser(
        encoding="utf-8",  # whatever the declaration says
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise _no_xml() from None
