"""Small changes of a Rego module's meaning, at the positions that its parser gives.

The tree is regorus' own (`Engine.get_ast_as_json`). Its spans count bytes; where one ends with a text, it
ends before the closing quote, and an object's begins at its last field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tests.mutation.plausible import one_more

Node = Mapping[str, Any]

_COMPARED = {
    "==": ("!=",),
    "!=": ("==",),
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
}
_COMBINED = {"&": ("|",), "|": ("&",), "-": ("|",)}
_OPERATOR = re.compile(rb"[<>=!]=|[<>&|-]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes of a module, replaced by others; `said` tells the change where the bytes are too many."""

    kind: str
    start: int
    end: int
    new: bytes
    said: str = ""

    def applied(self, module: bytes) -> bytes:
        """The module with the change."""
        return module[: self.start] + self.new + module[self.end :]


def edits(module: bytes, rule: Node) -> Iterator[Edit]:
    """Gives every change of one rule of a module."""
    start, end = _bounds(module, rule)
    yield Edit("drop the rule", start, end, b"")
    yield from _below(module, rule)


def _below(module: bytes, node: Any) -> Iterator[Edit]:
    if isinstance(node, list):
        for item in node:
            yield from _below(module, item)
    elif isinstance(node, dict):
        for kind, value in node.items():
            if kind in _MAKERS:
                yield from _MAKERS[kind](module, value)
            yield from _below(module, _parts(kind, value))


def _parts(kind: str, value: Any) -> Any:
    """What of a node may be changed by itself: not its names, nor the members of a set."""
    if kind == "Object":
        return [content for _, _, content in value["fields"]]
    if kind == "RefBrack" and "String" in value["index"]:
        return value["refr"]
    if kind == "Set" and "items" in value:
        return [item for item in value["items"] if "String" not in item]
    return value


def _statements(module: bytes, statements: list[Node]) -> Iterator[Edit]:
    for statement in statements:
        start, end = _bounds(module, {"Statement": statement})
        text, literal = module[start:end], statement["literal"]
        yield Edit("drop the condition", start, end, b"true")
        if "NotExpr" in literal:
            yield Edit("negate the condition", start, end, text.removeprefix(b"not "))
        elif "Every" in literal or ("Expr" in literal and "AssignExpr" not in literal["Expr"]["expr"]):
            yield Edit("negate the condition", start, end, b"not " + text)


def _operator(module: bytes, value: Node) -> Iterator[Edit]:
    first, last = _bounds(module, value["lhs"])[1], _bounds(module, value["rhs"])[0]
    found = _OPERATOR.search(module[first:last])
    if found is None:
        raise AssertionError(f"no operator in {module[first:last]!r}")
    place, operator = first + found.start(), found[0].decode()
    for other in _COMPARED.get(operator, ()):
        yield Edit("compare otherwise", place, place + len(operator), other.encode())
    for other in _COMBINED.get(operator, ()):
        yield Edit("combine otherwise", place, place + len(operator), other.encode())


def _set(module: bytes, value: Node) -> Iterator[Edit]:
    start, end = value["span"]["start"], value["span"]["end"]
    members = [module[slice(*_bounds(module, item))] for item in value.get("items", ())]
    for index, member in enumerate(members):
        rest = b", ".join(members[:index] + members[index + 1 :])
        said = f"without {member.decode()}"
        yield Edit("narrow the set", start, end, b"{%b}" % rest if rest else b"set()", said)
    more = one_more({m.strip(b'"').decode() for m in members})
    if more is not None:
        wider = b'{%b, "%b"}' % (b", ".join(members), more.encode())
        yield Edit("widen the set", start, end, wider, f'with "{more}"')


def _object(module: bytes, value: Node) -> Iterator[Edit]:
    for _, key, content in value["fields"]:
        end = _bounds(module, content)[1]
        closes = re.match(rb"\)?\s*,?", module[end:])
        yield Edit("drop the field", _bounds(module, key)[0], end + (closes.end() if closes else 0), b"")


def _string(_module: bytes, value: Node) -> Iterator[Edit]:
    start, end, text = value["span"]["start"], value["span"]["end"], str(value["value"])
    if _DATE.fullmatch(text) and not text.startswith("9999"):
        for days in (-1, 1):
            other = date.fromisoformat(text) + timedelta(days=days)
            yield Edit("change the date", start, end, other.isoformat().encode())
    else:
        yield Edit("change the text", start, end, b"other")


def _constant(_module: bytes, value: Node) -> Iterator[Edit]:
    other = {True: b"false", False: b"true", None: b'"other"'}[value["value"]]
    yield Edit("change the constant", value["span"]["start"], value["span"]["end"], other)


def _number(_module: bytes, value: Node) -> Iterator[Edit]:
    for step in (-1, 1):
        changed = str(value["value"] + step).encode()
        yield Edit("change the number", value["span"]["start"], value["span"]["end"], changed)


def _bounds(module: bytes, node: Node) -> tuple[int, int]:
    ((kind, value),) = node.items()
    start, end = value["span"]["start"], value["span"]["end"]
    return start - (kind == "String"), end + (module[end : end + 1] == b'"')


_MAKERS: Mapping[str, Callable[[bytes, Any], Iterator[Edit]]] = {
    "stmts": _statements,
    "BoolExpr": _operator,
    "BinExpr": _operator,
    "ArithExpr": _operator,
    "Set": _set,
    "Object": _object,
    "String": _string,
    "Bool": _constant,
    "Null": _constant,
    "Number": _number,
}
