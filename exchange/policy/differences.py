"""What the embedded engine and OPA read differently without either of them failing: refused at load.

Found by OPA's own test cases (tests/integration/policy/test_policy_conformance.py), which still hold the list
to be whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from exchange.policy.errors import PolicyError
from exchange.policy.syntax import Module, nodes, path_of


def check_differences(modules: Iterable[Module]) -> None:
    """Refuses what the two engines decide differently.

    Raises:
        PolicyError: names the file, the line, and what to write instead.
    """
    for module in modules:
        for kind, node in nodes(module.tree["rules"]):
            if kind == "Membership" and node.get("key"):
                problem = "`key, value in …` differs between the engines on sets: write `…[key] == value`"
                raise PolicyError(problem, module.file, node["span"]["line"])
            if kind == "Call" and path_of(node.get("fcn") or {}) == ("strings", "replace_n"):
                _check_replacements(module, node)
        for rule in module.rules:
            head = (rule.tree.get("Spec") or {"head": {}})["head"]
            if "Set" in head and None in rule.path:
                problem = "a set below a computed name differs between the engines: build an object of sets"
                raise PolicyError(problem, module.file, rule.line)


def _check_replacements(module: Module, call: Mapping[str, Any]) -> None:
    """OPA replaces in one pass, regorus one key after the other: alike where no replacement makes a key."""
    written = call["params"][0].get("Object") if call["params"] else None
    pairs = [(_text(key), _text(value)) for _, key, value in written["fields"]] if written else []
    keys = [key for key, _ in pairs]
    single = bool(pairs) and all(key is not None and len(key) == 1 for key in keys)
    if not single or any(value is None or any(str(key) in value for key in keys) for _, value in pairs):
        problem = (
            "strings.replace_n differs between the engines unless its patterns are written out, "
            "of one character each, and none stands in a replacement"
        )
        raise PolicyError(problem, module.file, call["span"]["line"])


def _text(node: Mapping[str, Any]) -> str | None:
    return str(node["String"]["value"]) if "String" in node else None
