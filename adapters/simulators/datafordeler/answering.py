"""Answering queries: graphql-core validates them against the schema, resolvers find the rows."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    execute_sync,
    get_named_type,
    is_non_null_type,
    parse,
    validate,
)

from adapters.kinds.values import sortable
from adapters.simulators.datafordeler.invented import invented, invented_value
from adapters.simulators.datafordeler.rows import Found, Rows
from adapters.simulators.datafordeler.schema import events_name

MOST = 1000  # nodes a page
_DENMARK = ZoneInfo("Europe/Copenhagen")
_ARGUMENTS = {"virkningstid": "virkning", "registreringstid": "registrering"}


class Answering:
    """Answers the queries of one register."""

    def __init__(self, schema: GraphQLSchema, register: str, rows: Rows) -> None:
        """Takes the schema, and what its root fields are answered from."""
        self._schema = schema
        self._rows = rows
        self.invented: list[str] = []
        self._examine = lru_cache(256)(self._examined)
        for name, field in (schema.query_type or GraphQLObjectType("Query", {})).fields.items():
            if name == events_name(register):
                field.resolve = self._events
                continue
            entity = name.partition("_")[2]
            if not rows.has(entity):
                self.invented.append(name)
            field.resolve = partial(self._connection, entity=entity, node=_node_type(field))

    def answer(self, query: str, variables: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Gives the status of HTTP, and the document."""
        document = self._examine(query)
        if not isinstance(document, DocumentNode):
            return 400, {"errors": document}
        result = execute_sync(self._schema, document, variable_values=dict(variables))
        if result.errors:
            errors = [error.formatted for error in result.errors]
            return (200 if result.data else 400), {"errors": errors, "data": result.data}
        return 200, {"data": result.data}

    def _examined(self, query: str) -> DocumentNode | list[Any]:
        try:
            document = parse(query)
        except GraphQLError as error:
            return [error.formatted]
        errors = validate(self._schema, document)
        return [error.formatted for error in errors] or document

    def _connection(
        self,
        _root: object,
        _info: object,
        *,
        entity: str,
        node: GraphQLObjectType,
        first: int | None = None,
        after: str | None = None,
        where: Mapping[str, Any] | None = None,
        **times: str | None,
    ) -> dict[str, Any]:
        count = _count(first)
        held = {_ARGUMENTS[name]: _sortable(value) for name, value in times.items() if value is not None}
        if not self._rows.has(entity):
            made = invented(node, where or {}, held)
            found = Found(list(enumerate(made[:count], 1)), len(made) > count)
        else:
            found = self._rows.find(entity, _stored(node, where or {}), held, count, _number(after))
        nodes = [(number, _as_node(node, number, row)) for number, row in found.rows]
        return _connected(nodes, more=found.more, later=after is not None)

    def _events(
        self,
        _root: object,
        _info: object,
        first: int | None = None,
        after: str | None = None,
        where: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        since = int((where or {}).get("eventid", {}).get("gt", 0))
        found = self._rows.changes(max(since, _number(after)), _count(first))
        nodes = [
            (
                number,
                {
                    "eventid": number,
                    "entityname": row["entity"].capitalize(),
                    "eventaction": "Update",
                    "object_id": row["id_lokalId"],
                    "object_registreringfra": row["registreringFra"],
                    "object_status": row["status"],
                },
            )
            for number, row in found.rows
        ]
        return _connected(nodes, more=found.more, later=after is not None)


def _connected(nodes: list[tuple[int, dict[str, Any]]], *, more: bool, later: bool) -> dict[str, Any]:
    cursors = [_cursor(number) for number, _ in nodes]
    return {
        "nodes": [node for _, node in nodes],
        "edges": [{"cursor": c, "node": node} for c, (_, node) in zip(cursors, nodes, strict=True)],
        "pageInfo": {
            "hasNextPage": more,
            "hasPreviousPage": later,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }


def _node_type(field: GraphQLField) -> GraphQLObjectType:
    connection = get_named_type(field.type)
    if isinstance(connection, GraphQLObjectType) and "nodes" in connection.fields:
        node = get_named_type(connection.fields["nodes"].type)
        if isinstance(node, GraphQLObjectType):
            return node
    raise ValueError("a root field gives no connection")


def _count(first: int | None) -> int:
    if first is not None and not 0 < first <= MOST:
        raise GraphQLError(f"first must be between 1 and {MOST}")
    return first or MOST


def _cursor(number: int) -> str:
    return base64.urlsafe_b64encode(b"%d" % number).decode()


def _number(cursor: str | None) -> int:
    try:
        return int(base64.urlsafe_b64decode(cursor or "MA=="))
    except ValueError:
        raise GraphQLError("after is no cursor") from None


def _sortable(value: object) -> str:
    """A time as the tables hold it."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise GraphQLError("no DafDateTime") from None
    if moment.tzinfo is None:
        raise GraphQLError("a DafDateTime has a time zone")
    return sortable(moment)


def _stored(node: GraphQLObjectType, where: Mapping[str, Any]) -> dict[str, Any]:
    """A filter with its times as the tables hold them."""
    stored: dict[str, Any] = {}
    for field, wanted in where.items():
        if field == "and":
            stored[field] = [_stored(node, part) for part in wanted]
        elif field in node.fields and get_named_type(node.fields[field].type).name == "DafDateTime":
            stored[field] = {name: _sortable(value) for name, value in wanted.items()}
        else:
            stored[field] = wanted
    return stored


def _as_node(node: GraphQLObjectType, number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the schema has it; what the schema demands and the row lacks is invented."""
    made: dict[str, Any] = {}
    for name, field in node.fields.items():
        scalar = get_named_type(field.type).name
        if row.get(name) is not None:
            made[name] = _CONVERTED.get(scalar, _same)(row[name])
        elif is_non_null_type(field.type):
            made[name] = invented_value(node.name, name, scalar, str(number))
    return made


def _same(value: Any) -> Any:
    return value


def _day(value: Any) -> str:
    """A day of Denmark's, where the tables hold a time."""
    text = str(value)
    if len(text) == len("2025-01-01"):
        return date.fromisoformat(text).isoformat()
    return datetime.fromisoformat(text).astimezone(_DENMARK).date().isoformat()


_CONVERTED: Mapping[str, Callable[[Any], Any]] = {"Long": int, "LocalDate": _day, "String": str}
