"""The Rego of a new rule, laid out as `opa fmt` does."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from exchange.workbench.scaffold import NewRule

_WIDTH = 100

_MODULE = """\
# METADATA
{title}
# description: >-
#   To be filled in: what the law lets whom read about whom, and for what, for a reader who knows no
#   Rego. The citation is unverified.
# schemas:
#   - input: schema.input.schema
# custom:
{citation}
#   legal_basis: {law}
{resources}package {package}

# METADATA
# title: For which purpose, who may ask about whom, by which key, for what
# custom:
#   legal_basis: {law}
permits := {{{purpose}: {{
	"consumers": {consumers},
	"subjects": {subjects},
	"keys": {keys},
	"attributes": {attributes},
}}}} if {{
	input.legal_basis == {cited}
}}
"""

_TEST = """\
package {package}_test

import data.{package}

test_allow_what_the_law_opens if {{
	permits := {rule}.permits with input as {{"legal_basis": {cited}}}
	object.keys(permits) == {{{purpose}}}
	permit := permits{step}
{opened}
}}

test_refuse_when_another_law_is_cited if {{
	not {rule}.permits with input as {{"legal_basis": "another.law"}}
}}
"""


def module(new: NewRule) -> str:
    """The module of a new rule."""
    return _MODULE.format(
        title=_yaml("# ", "title", new.title_en),
        citation=_yaml("#   ", "citation", new.citation),
        resources=f"# related_resources:\n#   - ref: {new.url}\n" if new.url else "",
        **_names(new),
    )


def test(new: NewRule) -> str:
    """Its tests: of what it permits, and that it permits only when it is cited."""
    names = _names(new)
    fields = ("consumers", "subjects", "keys", "attributes")
    opened = "\n".join(f"\t{_is(f'permit.{field}', names[field])}" for field in fields)
    return _TEST.format(rule=new.rule, opened=opened, **names)


def _is(name: str, value: str) -> str:
    # OPA's types know an empty set, and refuse to compare with it.
    return f"count({name}) == 0" if value in {"set()", "{}"} else f"{name} == {value}"


def _names(new: NewRule) -> dict[str, str]:
    return {
        "law": new.law,
        "cited": _text(new.law),
        "package": new.package,
        "purpose": _text(new.purpose),
        "step": f".{new.purpose}" if new.purpose.isalpha() else f"[{_text(new.purpose)}]",
        "consumers": _set(new.consumer_kinds, 1),
        "subjects": _set(new.subjects, 1),
        "keys": _set(new.keys, 1),
        "attributes": _object(new.attributes),
    }


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _set(names: Iterable[str], depth: int) -> str:
    texts = [_text(name) for name in sorted(set(names))]
    if not texts:
        return "set()"
    line = f"{{{', '.join(texts)}}}"
    if len(line) < _WIDTH - 20:
        return line
    inner = "".join("\t" * (depth + 1) + f"{text},\n" for text in texts)
    return "{\n" + inner + "\t" * depth + "}"


def _object(attributes: Mapping[str, Iterable[str]]) -> str:
    if not attributes:
        return "{}"
    if len(attributes) == 1:
        ((dataset, names),) = attributes.items()
        return f"{{{_text(dataset)}: {_set(names, 1)}}}"
    fields = "".join(
        f"\t\t{_text(dataset)}: {_set(names, 2)},\n" for dataset, names in sorted(attributes.items())
    )
    return "{\n" + fields + "\t}"


def _yaml(margin: str, name: str, value: str) -> str:
    """One field of a METADATA block, plain where YAML reads it as it stands."""
    line = f"{name}: {value}"
    if len(line) > _WIDTH:
        folded = textwrap.wrap(value, _WIDTH - 10, break_long_words=False, break_on_hyphens=False)
        return "\n".join([f"{margin}{name}: >-", *(f"{margin}  {part}" for part in folded)])
    try:
        plain = yaml.safe_load(line) == {name: value}
    except yaml.YAMLError:
        plain = False
    return margin + (line if plain else f"{name}: {_text(value)}")
