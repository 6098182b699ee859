"""Paths into an answer: resolved against the WSDL when the entry is read, walked when an answer came.

A path is the names of elements from the answer's own element on, with dots between them. Where elements of
one name tell themselves apart by what stands in them, a condition picks one: `Felt[FeltNummer=13].Beloeb`.
Everything on the way is as the WSDL has it, or an error: what it does not describe, what it demands and is
not there, what stands twice where one may.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from zeep import xsd

from adapters.kinds.soap.wsdl import children, is_open
from adapters.port import AnswerInvalid, Cause, SchemaChanged

_STEP: Final = re.compile(r"(?P<name>[^\[\]]+)(?P<conditions>(\[[^\[\]=]+=[^\[\]]*\])*)")
_CONDITION: Final = re.compile(r"\[([^=]+)=([^\]]*)\]")
_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
XmlElement = Any  # lxml publishes no types


@dataclass(frozen=True, slots=True)
class Step:
    """One element on a path.

    Attributes:
        tag: its name with its namespace, as lxml has it.
        optional: whether it may be left out.
        many: whether it may stand there many times.
        conditions: what must stand in it, by tag.
        inside: the tags that may stand in it; nothing where any may.
    """

    tag: str
    optional: bool
    many: bool
    conditions: tuple[tuple[str, str], ...]
    inside: frozenset[str] | None

    def fits(self, element: XmlElement) -> bool:
        """Tells whether an element is the one."""
        return all(element.findtext(tag) == value for tag, value in self.conditions)

    def check(self, element: XmlElement, attribute: str = "") -> None:
        """Sees to it that nothing stands in an element that the WSDL does not describe.

        Raises:
            SchemaChanged: something does.
        """
        if self.inside is not None and any(child.tag not in self.inside for child in element):
            raise SchemaChanged(Cause.FIELD_NEW, attribute)


Path = tuple[Step, ...]


def root_of(answer: xsd.Element) -> Step:
    """The answer's own element as a step."""
    return Step(_tag(answer), optional=False, many=False, conditions=(), inside=_inside(answer))


def resolve(answer: xsd.Element, names: Sequence[str], place: str) -> Path:
    """Finds the elements of a path in the WSDL.

    Raises:
        ValueError: one is not there; the message says what there is instead.
    """
    steps: list[Step] = []
    at = answer
    for name in names:
        told = _STEP.fullmatch(name)
        if told is None:
            raise ValueError(f"{place}: {name!r} is no name of an element, nor one with [Name=value]")
        at, optional = _child(at, told["name"], place)
        conditions = tuple(
            (_tag(_child(at, inner, place)[0]), value)
            for inner, value in _CONDITION.findall(told["conditions"])
        )
        steps.append(Step(_tag(at), optional, at.accepts_multiple, conditions, _inside(at)))
    return tuple(steps)


def check_single(path: Path, shared: int, place: str) -> None:
    """Sees to it that a path leads to one text at most, once the first steps are taken.

    Raises:
        ValueError: an element on it may stand there many times, and no condition picks one; or the last one
            holds elements.
    """
    if path[-1].inside:
        raise ValueError(f"{place}: {_name(path[-1])} holds elements and no text: go on to one of them")
    for step in path[shared:]:
        if step.many and not step.conditions:
            name = _name(step)
            raise ValueError(
                f"{place}: {name} may come many times: let records lead there, or pick one by {name}[Name=…]"
            )


def every(root: XmlElement, path: Path) -> Iterator[tuple[XmlElement, ...]]:
    """Gives each element at the end of a path, with those above it, the root first.

    Raises:
        SchemaChanged: an element that must be there is not, or one is that the WSDL does not describe.
    """
    yield from _every((root,), path)


def _every(chain: tuple[XmlElement, ...], path: Path) -> Iterator[tuple[XmlElement, ...]]:
    if not path:
        yield chain
        return
    step = path[0]
    found = [element for element in chain[-1].iterchildren(step.tag) if step.fits(element)]
    if not found and not step.optional and not step.conditions:
        raise SchemaChanged(Cause.FIELD_MISSING)
    if len(found) > 1 and not step.many:
        raise AnswerInvalid(Cause.CONFLICT)
    for element in found:
        step.check(element)
        yield from _every((*chain, element), path[1:])


def text_at(element: XmlElement, path: Path, attribute: str = "") -> str | None:
    """Reads the text at the end of a path; None where there is none, and none must be.

    Raises:
        SchemaChanged: an element that must be there is not, or holds elements in the place of text.
        AnswerInvalid: there are two where one may be.
    """
    for step in path:
        found = None
        for child in element.iterchildren(step.tag):
            if step.conditions and not step.fits(child):
                continue
            if found is not None:
                raise AnswerInvalid(Cause.CONFLICT, attribute)
            found = child
        if found is None:
            if step.optional or step.conditions:
                return None
            raise SchemaChanged(Cause.FIELD_MISSING, attribute)
        element = found
        if element.get(_NIL) in {"true", "1"}:
            return None
        if len(element):
            step.check(element, attribute)
    if len(element):
        raise SchemaChanged(Cause.FIELD_TYPE, attribute)
    return element.text or None


def _child(element: xsd.Element, name: str, place: str) -> tuple[xsd.Element, bool]:
    inside = list(children(element))
    found = [(child, optional) for child, optional in inside if child.qname.localname == name]
    if len(found) != 1:
        known = ", ".join(dict.fromkeys(child.qname.localname for child, _ in inside)) or "none"
        what = "is not" if not found else "is more than once"
        raise ValueError(f"{place}: {name} {what} in {element.qname.localname}; there are: {known}")
    return found[0]


def _name(step: Step) -> str:
    return step.tag.rpartition("}")[2]


def _tag(element: xsd.Element) -> str:
    return str(element.qname.text)


def _inside(element: xsd.Element) -> frozenset[str] | None:
    return None if is_open(element) else frozenset(_tag(child) for child, _ in children(element))
