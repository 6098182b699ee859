"""The built-ins that policies may call."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import regorus

from exchange.policy.errors import PolicyError
from exchange.policy.syntax import Module, calls

#: Built-ins on which regorus and OPA agree, in every one of OPA's own cases that policies can meet
#: (tests/integration/policy/test_policy_conformance.py). Anything else is refused at load.
BUILTINS = frozenset(
    {
        "abs", "array.concat", "array.reverse", "array.slice", "ceil", "concat",
        "contains", "count", "endswith", "floor", "format_int", "indexof", "intersection", "is_array",
        "is_boolean", "is_null", "is_number", "is_object", "is_set", "is_string", "lower", "max", "min",
        "numbers.range", "object.get", "object.keys", "object.remove", "object.union", "print",
        "regex.match", "replace", "round", "sort", "split", "startswith",
        "strings.replace_n", "substring", "sum",
        "time.add_date", "time.parse_rfc3339_ns", "to_number", "trim", "trim_prefix", "trim_space",
        "trim_suffix", "type_name", "union", "upper",
    }
)  # fmt: skip


def check_builtins(modules: Iterable[Module]) -> None:
    """Refuses built-ins on which the two engines may differ.

    Raises:
        PolicyError: names the file, the line and the built-in.
    """
    modules = tuple(modules)
    own = {
        ".".join(str(part) for part in rule.path[len(module.package) :])
        for module in modules
        for rule in module.rules
        if rule.is_function
    }
    for module in modules:
        for name, line in calls(module.tree["rules"]):
            root = name.split(".", maxsplit=1)[0]
            is_own = name in own or root == "data" or root in module.imports
            # A name of the engine's own goes before one of the set's: no import and no rule shadows it.
            if name in BUILTINS or (is_own and not _is_builtin(name)):
                continue
            raise PolicyError(f"the built-in {name} is not allowed in policies", module.file, line)


@cache
def _is_builtin(name: str) -> bool:
    probe = regorus.Engine()
    try:
        probe.add_policy("probe.rego", f"package probe\n\nfound if {name}(input.absent)\n")
        probe.eval_rule("data.probe.found")
    except Exception as error:  # noqa: BLE001  # regorus raises no kind of its own
        return "could not find function" not in str(error)
    return True
