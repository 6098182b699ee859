"""The schema that is served: the published one where it is given, else one that the catalogue makes."""

from __future__ import annotations

from collections.abc import Sequence

from graphql import GraphQLSchema, extend_schema, parse

from adapters.kinds.datafordeler.published import SchemaError, read_published
from adapters.port import Dataset

_SCALARS = {"integer": "Long", "boolean": "Boolean", "date": "LocalDate"}
_TIMES = ("registreringFra", "registreringTil", "virkningFra", "virkningTil")

_COMMON = """
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
scalar DafDateTime
scalar LocalDate
scalar Long
input DafStringOperationFilterInput { eq: String in: [String!] }
input DafBooleanOperationFilterInput { eq: Boolean neq: Boolean }
"""
_COMPARED = """
input Daf{scalar}OperationFilterInput {{
  in: [{scalar}!] eq: {scalar} gt: {scalar} gte: {scalar} lt: {scalar} lte: {scalar}
}}
"""
_ENTITY = """
type {name} {{ {fields} }}
type {name}Edge {{ cursor: String! node: {name}! }}
type {name}Connection {{ pageInfo: PageInfo! edges: [{name}Edge!] nodes: [{name}!] }}
input {name}FilterInput {{ and: [{name}FilterInput!] {filters} }}
"""
_ROOT = """
  {name}(first: Int after: String registreringstid: DafDateTime virkningstid: DafDateTime
    where: {name}FilterInput): {name}Connection
"""
#: The published schemas leave events out. Fields as in Datafordeler's guide.
_EVENTS = """
type {name} {{
  eventid: Long! entityname: String! eventaction: String!
  object_id: String! object_registreringfra: DafDateTime object_status: String
}}
type {name}Connection {{ pageInfo: PageInfo! nodes: [{name}!] }}
input {name}NumberFilterInput {{ gt: Long }}
input {name}FilterInput {{ eventid: {name}NumberFilterInput }}
extend type Query {{ {name}(first: Int after: String where: {name}FilterInput): {name}Connection }}
"""


def read_schema(text: str, register: str) -> GraphQLSchema:
    """Reads a published schema, and adds the root field for events where it has none.

    Raises:
        SchemaError: it is no schema, or has no queries.
    """
    schema = read_published(text)
    if schema.query_type is None:
        raise SchemaError("the schema has no type Query")
    name = events_name(register)
    if name in schema.query_type.fields:
        return schema
    known = {"scalar Long": "Long", "scalar DafDateTime": "DafDateTime"}
    missing = "\n".join(text for text, scalar in known.items() if scalar not in schema.type_map)
    return extend_schema(schema, parse(missing + _EVENTS.format(name=name)))


def schema_of(register: str, datasets: Sequence[Dataset]) -> str:
    """Makes a schema as Datafordeler's look, from what the catalogue says of a register."""
    entities = {type_of(d): d for d in datasets}
    parts = [_COMMON, *(_COMPARED.format(scalar=s) for s in ("Long", "DafDateTime", "LocalDate"))]
    for name, dataset in entities.items():
        fields = {a.name: _SCALARS.get(a.type, "String") for a in dataset.attributes}
        fields |= dict.fromkeys(_TIMES, "DafDateTime")
        parts.append(
            _ENTITY.format(
                name=name,
                fields=" ".join(f"{n}: {scalar}" for n, scalar in fields.items()),
                filters=" ".join(f"{n}: Daf{s}OperationFilterInput" for n, s in fields.items()),
            )
        )
    roots = "".join(_ROOT.format(name=name) for name in entities)
    return "\n".join([*parts, f'"Query type for {register.upper()}"', f"type Query {{ {roots} }}"])


def type_of(dataset: Dataset) -> str:
    """What Datafordeler would call a dataset."""
    known = dataset.source.options.get("type")
    if isinstance(known, str):
        return known
    return f"{dataset.register.upper()}_{dataset.name.partition('.')[2].capitalize()}"


def events_name(register: str) -> str:
    """The root field of a register's events."""
    return f"{register.upper()}_Events"
