"""From a published schema to an entry of the catalogue, which a person then reads and confirms."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from adapters.kinds.datafordeler.entry import USUAL
from adapters.kinds.datafordeler.published import (
    Field,
    Published,
    SchemaError,
    published,
    read_published,
    register_of,
)
from exchange.model.identifiers import SUBJECT_KEYS, is_uuid

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_IDENTIFIES = re.compile(r"cpr|personnummer", re.IGNORECASE)
_OF_PERSONS = re.compile(r"person|ejer|navn|telefon|mail|beskyt|koen|foedsel|doed|civil", re.IGNORECASE)
_KEY_TYPES = {"personnummer": "personnummer", "cvr_nummer": "cvr", "se_nummer": "cvr"}
_TYPES = {"Long": "integer", "Int": "integer", "Boolean": "boolean", "LocalDate": "date"}

_HEADER = """\
# {title}.
# Written by `hjemmel register import-sdl` from a schema whose SHA-256 is
# {digest}.
#
# A person must confirm this file before a broker reads it:
#   * sensitivity is a GUESS from the names of fields. Whoever answers for data protection confirms each.
#   * texts that begin with "In Danish:" are nobody's translation. They are the register's own words.
#   * cardinality "one" promises one current record for each key; a second one fails the exchange.
register = {register}
provider = {provider}

[title]
en = {en}
da = {da}
"""
_DATASET = """
[[datasets]]
name = {name}
subject = {subject}
title = {title}
{left_out}keys = [
{keys}
]
attributes = [
{attributes}
]

[datasets.source]
kind = "datafordeler"
{source}
"""


@dataclass(frozen=True, slots=True)
class WantedKey:
    """A key that datasets are to be looked up by.

    Attributes:
        kind: of the key.
        field: that holds it.
        many: whether several current records may have the same.
        type: the one type that has it; empty: every type with the field.
    """

    kind: str
    field: str
    many: bool = False
    type: str = ""

    @classmethod
    def parse(cls, text: str) -> WantedKey:
        """Reads `[TYPE:]KIND=FIELD[:many]`.

        Raises:
            SchemaError: it is not of that form, or the kind is none.
        """
        left, _, right = text.partition("=")
        entity, _, kind = left.rpartition(":")
        field, _, many = right.partition(":")
        if not field or many not in {"", "many", "one"}:
            raise SchemaError(f"key {text}: write KIND=FIELD, or KIND=FIELD:many")
        if kind not in SUBJECT_KEYS:
            raise SchemaError(f"key {text}: {kind!r} is none of {', '.join(sorted(SUBJECT_KEYS))}")
        return cls(kind, field, many == "many", entity)


def import_schema(
    schema: str,
    types: Sequence[str],
    *,
    provider: str,
    subject: str,
    keys: Sequence[WantedKey] = (),
    only: Collection[str] = (),
) -> tuple[str, str]:
    """Writes the catalogue file of some types; gives the register's name and the file's text.

    Args:
        schema: the published schema.
        types: root fields of it.
        provider: CVR number of the authority that is responsible.
        subject: what the records are about.
        keys: what they are looked up by; without any, by `id_lokalId`.
        only: the fields that are wanted; empty: all.

    Raises:
        SchemaError: the schema does not have what is asked.
    """
    read = read_published(schema)
    register, title = register_of(read)
    wanted = keys or [WantedKey("uuid", "id_lokalId")]
    entities = [published(read, name) for name in types]
    _check_used(wanted, only, entities)
    header = _HEADER.format(
        title=title,
        digest=hashlib.sha256(schema.encode()).hexdigest(),
        register=_quoted(register),
        provider=_quoted(provider),
        en=_quoted(f"In Danish: {title}"),
        da=_quoted(title),
    )
    return register, header + "".join(_dataset(register, e, subject, wanted, only) for e in entities)


def _check_used(wanted: Sequence[WantedKey], only: Collection[str], entities: Sequence[Published]) -> None:
    fields = {f.name for e in entities for f in e.fields}
    for name in only:
        if name not in fields:
            raise SchemaError(f"{name} is no field of {', '.join(e.name for e in entities)}")
    for key in wanted:
        if not any(_has(key, e) for e in entities):
            raise SchemaError(
                f"key {key.kind}: none of the types has a field {key.field}: say --key KIND=FIELD"
            )


def _has(key: WantedKey, entity: Published) -> bool:
    return key.type in {"", entity.name} and any(f.name == key.field for f in entity.fields)


def _dataset(
    register: str, entity: Published, subject: str, wanted: Sequence[WantedKey], only: Collection[str]
) -> str:
    keys = {key.field: key for key in wanted if _has(key, entity)}
    if not keys:
        raise SchemaError(f"{entity.name} has no key: say --key {entity.name}:KIND=FIELD")
    by_name = {f.name: f for f in entity.fields}
    for name in keys:
        if not by_name[name].found_by:
            raise SchemaError(f"{entity.name} cannot be searched by {name}: its filter takes no list")
    fields = [f for f in entity.fields if _wanted(f, keys, only)]
    types = {f.name: _type(f, keys.get(f.name)) for f in fields}
    return _DATASET.format(
        name=_quoted(f"{register}.{entity.name.partition('_')[2].lower()}"),
        subject=_quoted(subject),
        title=_table({"en": _quoted(entity.title.en), "da": _quoted(entity.title.da)}),
        left_out="".join(f"# Left out: {n} ({scalar})\n" for n, scalar in entity.left_out.items()),
        keys="\n".join(f"  {_key(key)}," for key in keys.values()),
        attributes="\n".join(f"  {_attribute(f, types[f.name], subject)}," for f in fields),
        source="\n".join(_source(entity, fields, types)),
    )


def _wanted(field: Field, keys: Collection[str], only: Collection[str]) -> bool:
    return _NAME.fullmatch(field.name) is not None and (not only or field.name in only or field.name in keys)


def _type(field: Field, key: WantedKey | None) -> str:
    if key is not None and key.kind in _KEY_TYPES:
        return _KEY_TYPES[key.kind]
    if key is not None and field.scalar == "String":
        return "uuid" if SUBJECT_KEYS[key.kind][0] is is_uuid else "string"
    if key is not None and key.kind in {"p_nummer", "number", "code"}:
        return "string"  # digits, but nothing to reckon with
    return _TYPES.get(field.scalar, "code" if field.coded else "string")


def _key(key: WantedKey) -> str:
    cardinality = "many" if key.many else "one"
    return _table(
        {"kind": _quoted(key.kind), "attribute": _quoted(key.field), "cardinality": _quoted(cardinality)}
    )


def _attribute(field: Field, kind: str, subject: str) -> str:
    return _table(
        {
            "name": _quoted(field.name),
            "type": _quoted(kind),
            "sensitivity": _quoted(_sensitivity(field.name, subject)),
            "en": _quoted(field.text.en),
            "da": _quoted(field.text.da),
        }
    )


def _sensitivity(name: str, subject: str) -> str:
    """A guess, on the careful side."""
    if _IDENTIFIES.search(name):
        return "identifier"
    return "confidential" if subject == "person" or _OF_PERSONS.search(name) else "ordinary"


def _source(entity: Published, fields: Sequence[Field], types: Mapping[str, str]) -> Iterable[str]:
    names = {f.name for f in entity.fields}
    identity = next(([name] for name in ("id_lokalId", "id") if name in names), [])
    scalars = {f.name: f.scalar for f in fields if f.scalar != USUAL.get(types[f.name], "String")}
    yield f"type = {_quoted(entity.name)}"
    yield f"identity = {_list(identity)}"
    yield f"effect = {_quoted(entity.effect)}"
    yield f"registration = {_quoted(entity.registration)}"
    yield f"weight = {entity.weight}"
    yield f"required = {_list([f.name for f in fields if f.required])}"
    if scalars:
        yield f"scalars = {_table({n: _quoted(s) for n, s in scalars.items()})}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # what JSON quotes, TOML reads


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(_quoted(t) for t in texts)}]"


def _table(values: Mapping[str, str]) -> str:
    return f"{{ {', '.join(f'{name} = {value}' for name, value in values.items())} }}"
