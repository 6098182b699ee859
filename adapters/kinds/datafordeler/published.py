"""What a published schema says of a type: its fields, in words of people, and how it is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    StringValueNode,
    build_schema,
    get_named_type,
    is_non_null_type,
)

from adapters.kinds.datafordeler.entry import SCALARS, Asks
from adapters.kinds.datafordeler.query import EFFECT, REGISTRATION
from exchange.model.catalogue import Text

_LINE = re.compile(r"^(?P<name>[A-Za-z]+)(?: \((?P<language>da|en)\))?: (?P<value>.*)$")
_MEMO = re.compile(r"<memo>#NOTES#|#NOTES#.*$")
_TITLE = re.compile(r"Query type for \w+ - (?P<title>.+)")

#: Fields that every entity of Datafordeler has, and whose schemas say nothing of them.
_COMMON: Mapping[str, Text] = {
    "datafordelerOpdateringstid": Text(
        "When Datafordeler last updated it", "Tidspunkt for Datafordelerens opdatering"
    ),
    "forretningshaendelse": Text(
        "Business event that led to the record", "Forretningshændelse bag registreringen"
    ),
    "forretningsomraade": Text("Business area", "Forretningsområde"),
    "forretningsproces": Text("Business process", "Forretningsproces"),
    "id_lokalId": Text("Identifier in the register", "Lokal id i registret"),
    "id_namespace": Text("Namespace of the identifier", "Navnerum for id"),
    "kommunekode": Text("Municipality code", "Kommunekode"),
    "registreringFra": Text("Recorded from", "Registreret fra"),
    "registreringTil": Text("Recorded until", "Registreret til"),
    "registreringsaktoer": Text("Who recorded it", "Registreringsaktør"),
    "status": Text("Life-cycle status", "Livscyklusstatus"),
    "virkningFra": Text("In effect from", "Virkning fra"),
    "virkningTil": Text("In effect until", "Virkning til"),
    "virkningsaktoer": Text("Who brought it into effect", "Virkningsaktør"),
}


class SchemaError(ValueError):
    """A schema does not serve; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a type.

    Attributes:
        scalar: what it holds.
        required: whether it always has a value.
        coded: whether it holds a code of a list.
        found_by: whether records can be found by many values of it at once.
        text: what it is, in both languages.
    """

    name: str
    scalar: str
    required: bool
    coded: bool
    found_by: bool
    text: Text


@dataclass(frozen=True, slots=True)
class Published:
    """One type.

    Attributes:
        left_out: fields that the catalogue has no type for, with theirs.
    """

    name: str
    title: Text
    effect: Asks
    registration: Asks
    weight: int
    fields: Sequence[Field]
    left_out: Mapping[str, str]


def read_published(schema: str) -> GraphQLSchema:
    """Reads the text of a schema.

    Raises:
        SchemaError: it is none.
    """
    try:
        return build_schema(schema)
    except (GraphQLError, TypeError) as error:
        raise SchemaError(f"this is no schema of GraphQL: {error}") from error


def register_of(schema: GraphQLSchema) -> tuple[str, str]:
    """The register's name, and its title where the schema has one.

    Raises:
        SchemaError: there are no root fields.
    """
    query = schema.query_type
    if query is None or not query.fields:
        raise SchemaError("the schema has no root fields")
    name = next(iter(query.fields)).partition("_")[0]
    match = _TITLE.fullmatch((query.description or "").strip())
    return name.lower(), match["title"] if match else name


def published(schema: GraphQLSchema, name: str) -> Published:
    """Reads one type.

    Raises:
        SchemaError: there is none of that name that can be asked for.
    """
    roots = schema.query_type.fields if schema.query_type else {}
    entity = schema.type_map.get(name)
    if name not in roots or not isinstance(entity, GraphQLObjectType):
        near = [n for n in roots if name.rpartition("_")[2].lower() in n.lower()] or list(roots)
        raise SchemaError(f"{name} cannot be asked for; there are {', '.join(sorted(near))}")
    root = roots[name]
    scalars = {n: get_named_type(f.type).name for n, f in entity.fields.items()}
    known = {n: f for n, f in entity.fields.items() if scalars[n] in SCALARS}
    filters = root.args["where"].type if "where" in root.args else None
    found_by = _found_by(filters)
    return Published(
        name=name,
        title=_title(entity.description, name),
        effect=_asks(root, "virkningstid", EFFECT, scalars),
        registration=_asks(root, "registreringstid", REGISTRATION, scalars),
        weight=_weight(root),
        fields=[_field(schema, n, f, scalars[n], found_by) for n, f in known.items()],
        left_out={n: scalars[n] for n in entity.fields if n not in known},
    )


def _field(
    schema: GraphQLSchema, name: str, field: GraphQLField, scalar: str, found_by: frozenset[str]
) -> Field:
    lines = _lines(field.description)
    modelled = lines.get(("type", ""), "CharacterString")
    listed = scalar == "String" and modelled != "CharacterString"
    refers = any(n.endswith(f"_{modelled}") for n in schema.type_map)
    return Field(
        name=name,
        scalar=scalar,
        required=is_non_null_type(field.type),
        coded=listed and not refers,
        found_by=name in found_by,
        text=_text(field.description, name),
    )


def _found_by(filters: object) -> frozenset[str]:
    """The fields whose filter takes many values."""
    if not isinstance(filters, GraphQLInputObjectType):
        return frozenset()
    operators = {n: get_named_type(f.type) for n, f in filters.fields.items()}
    return frozenset(
        n for n, o in operators.items() if isinstance(o, GraphQLInputObjectType) and "in" in o.fields
    )


def _asks(root: GraphQLField, argument: str, times: tuple[str, str], fields: Mapping[str, str]) -> Asks:
    if not set(times) <= set(fields):
        return Asks.NONE
    return Asks.ARGUMENT if argument in root.args else Asks.FIELDS


def _weight(root: GraphQLField) -> int:
    directives = (root.ast_node.directives if root.ast_node else None) or ()
    for directive in directives:
        for argument in (directive.arguments if directive.name.value == "cost" else None) or ():
            value = argument.value
            if isinstance(value, StringValueNode) and value.value.isdecimal():
                return int(value.value)
    return 0


def _text(description: str | None, name: str) -> Text:
    """A text in both languages. Where only Danish is there, the English one says so: nobody translated it."""
    lines = _lines(description)
    danish, english = (
        _joined(lines.get(("prefLabel", lang), ""), lines.get(("definition", lang), ""))
        for lang in ("da", "en")
    )
    if not danish and not english:
        return _COMMON.get(
            name, Text(f"{name} (the schema does not describe it)", f"{name} (skemaet beskriver det ikke)")
        )
    return Text(english or f"In Danish: {danish}", danish or f"På engelsk: {english}")


def _title(description: str | None, name: str) -> Text:
    """The label alone: what a type is stands in the schema at length."""
    label = _lines(description).get(("prefLabel", "da"))
    return Text(f"In Danish: {label}", label) if label else Text(name, name)


def _joined(label: str, definition: str) -> str:
    if not label or not definition or definition.lower() in label.lower():
        return label or definition
    return f"{label}: {definition}"


def _lines(description: str | None) -> dict[tuple[str, str], str]:
    """The lines of a docstring that Grunddatamodellen wrote, by name and language."""
    found: dict[tuple[str, str], str] = {}
    for line in (description or "").splitlines():
        match = _LINE.match(line.strip())
        if match:
            value = " ".join(_MEMO.sub("", match["value"]).split())
            found.setdefault((match["name"], match["language"] or ""), value)
    return found
