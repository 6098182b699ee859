"""The rules that can refuse, as their METADATA describes them: the conditions that people read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from exchange.model.catalogue import Text
from exchange.policy.metadata import blocks
from exchange.policy.policy_set import PolicyError, PolicySet
from exchange.workbench.citations import web_address

#: The order in which people think of conditions; modules of other names come last.
_ORDER = ("shape", "request", "law_deny", "manner", "agreement_deny", "consent")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with a code, a text and a law behind it.

    Attributes:
        package: where it stands, e.g. `decision` or `legal_basis.bsl.section_8`.
        name: what it adds to: `deny` (the whole request), `refuse` (an attribute), `oblige`, or its own.
        title: the condition that holds when the rule does not refuse.
        message: what a person is told whom it refuses.
        after: codes of conditions without which this one cannot be judged.
        place: file and line.
    """

    package: str
    name: str
    code: str
    title: Text
    message: Text
    law: str
    links: tuple[str, ...]
    after: tuple[str, ...]
    place: str


def read_rules(policies: PolicySet) -> tuple[Rule, ...]:
    """Reads every rule of a set that has a text, in the order in which people think of conditions.

    Raises:
        PolicyError: a METADATA block is not valid.
    """
    found: list[Rule] = []
    for path in sorted(policies.modules, key=_order):
        module = policies.modules[path]
        package = re.search(r"^package\s+([\w.]+)", module, re.MULTILINE)
        lines = module.splitlines()
        try:
            described = [(line, block) for line, block in blocks(path, module) if _has_text(block)]
        except ValueError as error:
            raise PolicyError(str(error)) from error
        for line, block in described:
            name = _name(lines[line:])
            found.append(_rule(package[1] if package else "", name, block, f"{path}:{line}"))
    return tuple(found)


def _rule(package: str, name: str, block: Mapping[str, Any], place: str) -> Rule:
    custom, title = block["custom"], block.get("title", "")
    message, resources = custom["failure_msg"], block.get("related_resources") or ()
    return Rule(
        package=package,
        name=name,
        code=custom["short_name"],
        title=Text(title, custom["title_da"]),
        message=Text(message["en"].strip(), message["da"].strip()),
        law=custom.get("legal_basis", ""),
        links=tuple(filter(None, (web_address(link["ref"]) for link in resources))),
        after=tuple(custom.get("after") or ()),
        place=place,
    )


def _name(lines: list[str]) -> str:
    code = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    words = re.match(r"(?:default\s+)?(\w+)", code)
    return words[1] if words else ""


def _has_text(block: Mapping[str, Any]) -> bool:
    custom = block.get("custom") or {}
    return "failure_msg" in custom and "short_name" in custom


def _order(path: str) -> tuple[int, str]:
    stem = path.rpartition("/")[2].removesuffix(".rego")
    return (_ORDER.index(stem) if stem in _ORDER else len(_ORDER), path)
