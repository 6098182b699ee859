"""Faults in what a register says, put into an answer that was right."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

from adapters.simulators.faults import Faults

_MILLION = 20_000  # enough to be far too many
_SOMEBODY = "00000000-0000-4000-8000-000000000000"
_FIELDS = re.compile(r"[A-Za-z_][0-9A-Za-z_]*")
_TIME = re.compile(r"(Fra|Til)$")
_UUID = re.compile(r"[0-9a-f-]{36}")
_PAST, _FUTURE = "1900-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z"
Nodes = list[dict[str, Any]]


def refused(query: str, faults: Faults) -> dict[str, Any] | None:
    """The answer to a query for a field that is there no more."""
    field = faults.told("drift")
    if not field or field not in _FIELDS.findall(query):
        return None
    error = {
        "message": f"The field `{field}` does not exist on the type.",
        "extensions": {"field": field},
    }
    return {"errors": [error]}


def spoilt(document: dict[str, Any], faults: Faults) -> dict[str, Any]:
    """Puts the ordered faults into a document."""
    if not faults.ordered or not isinstance(document.get("data"), dict):
        return document
    document = copy.deepcopy(document)
    for connection in document["data"].values():
        if isinstance(connection, dict):
            _connection(connection, faults)
    if faults.has("partial"):
        document["errors"] = [{"message": "Unexpected Execution Error", "path": ["found"]}]
    return document


def _connection(connection: dict[str, Any], faults: Faults) -> None:
    nodes: Nodes = connection.get("nodes") or []
    for name, change in _NODES.items():
        if faults.has(name):
            nodes = change(nodes, faults.told(name))
    connection["nodes"] = nodes
    if faults.has("repeat-page") or faults.has("break-off"):
        cursor = "MA==" if faults.has("repeat-page") else None
        connection["pageInfo"] = {"hasNextPage": True, "endCursor": cursor}


def _wrong_type(nodes: Nodes, _field: str) -> Nodes:
    return [{n: v if _TIME.search(n) else _turned(v) for n, v in node.items()} for node in nodes]


def _turned(value: Any) -> Any:
    return value if value is None else 7 if isinstance(value, str) else str(value)


def _emptied(nodes: Nodes, _field: str) -> Nodes:
    return [dict.fromkeys(node) for node in nodes]


def _missing(nodes: Nodes, field: str) -> Nodes:
    return [{n: v for n, v in node.items() if n != field} for node in nodes]


def _unknown_code(nodes: Nodes, field: str) -> Nodes:
    return [node | {field: "ukendt"} if field in node else node for node in nodes]


def _duplicate(nodes: Nodes, _field: str) -> Nodes:
    return [node for node in nodes for _ in range(2)]


def _million(nodes: Nodes, _field: str) -> Nodes:
    return [node | {"id_lokalId": str(n)} for node in nodes[:1] for n in range(_MILLION)]


def _other_subject(nodes: Nodes, _field: str) -> Nodes:
    others = [{n: _SOMEBODY if _UUID.fullmatch(str(v)) else v for n, v in node.items()} for node in nodes[:1]]
    return nodes + others


def _ending_first(nodes: Nodes, _field: str) -> Nodes:
    return [node | {"virkningTil": _PAST} for node in nodes]


def _skewed(nodes: Nodes, _field: str) -> Nodes:
    return [node | {"virkningFra": _FUTURE, "virkningTil": None} for node in nodes]


_NODES: Mapping[str, Callable[[Nodes, str], Nodes]] = {
    "wrong-type": _wrong_type,
    "null": _emptied,
    "missing": _missing,
    "unknown-code": _unknown_code,
    "duplicate": _duplicate,
    "million": _million,
    "other-subject": _other_subject,
    "times": _ending_first,
    "skew": _skewed,
}
