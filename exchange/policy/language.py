"""What compiles and must not decide: recursion, data over rules, and where the two engines differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from exchange.policy.errors import PolicyError
from exchange.policy.syntax import Module, Path, Rule, nodes, path_of, references

_OTHER_WAY = "give one of the two another name"


def check_language(modules: Iterable[Module], data: Mapping[str, Any]) -> None:
    """Refuses modules that compile but would not decide the same, or not at all.

    Raises:
        PolicyError: names the file, the line, and what to write instead.
    """
    modules = tuple(modules)
    _check_names(modules)
    _check_data(modules, data)
    _check_recursion(modules)


def _check_names(modules: tuple[Module, ...]) -> None:
    # regorus takes the rule where OPA takes the variable.
    named: dict[tuple[str, ...], set[str | None]] = {}
    for module in modules:
        own = named.setdefault(module.package, set())
        own.update(rule.path[len(module.package)] for rule in module.rules)
    for module in modules:
        taken = named[module.package] | set(module.imports)
        for name, line in _declared_with_some(module, module.tree["rules"]):
            if name in taken:
                problem = f"`some {name}` has the name of a rule or an import: {_OTHER_WAY}"
                raise PolicyError(problem, module.file, line)


def _check_data(modules: tuple[Module, ...], data: Mapping[str, Any]) -> None:
    # regorus lets the data win where OPA refuses the bundle: a data file could answer for a rule.
    for module in modules:
        for rule in module.rules:
            place: Any = data
            for number, part in enumerate(rule.path, 1):
                if not isinstance(place, dict) or part not in place:
                    break
                place = place[part]
                if number == len(rule.path) or not isinstance(place, dict):
                    where = ".".join(str(p) for p in rule.path[:number])
                    problem = f"{rule.name} is given by data too (data.{where}): {_OTHER_WAY}"
                    raise PolicyError(problem, module.file, rule.line)


def _check_recursion(modules: tuple[Module, ...]) -> None:
    rules: dict[Path, Rule] = {}
    uses: dict[Path, set[Path]] = {}
    for module in modules:
        for rule in module.rules:
            path = _fixed(rule.path)
            rules.setdefault(path, rule)
            uses.setdefault(path, set()).update(_uses(module, rule))
    edges = {path: [r for r in rules if any(_meet(r, used) for used in uses[path])] for path in rules}
    cycle = _cycle(edges)
    if cycle:
        first = rules[cycle[0]]
        way = " → ".join(rules[path].name for path in cycle)
        raise PolicyError(f"{first.name} depends on itself: {way}", first.file, first.line)


def _uses(module: Module, rule: Rule) -> Iterator[Path]:
    local = set(_locals(module, rule.content))
    for path, _ in references(rule.content):
        root = path[0]
        if root == "data":
            yield path[1:]
        elif root in local or root == "input" or root is None:
            continue
        elif root in module.imports:
            imported = module.imports[root]
            if imported[0] == "data":
                yield (*imported[1:], *path[1:])
        else:
            yield (*module.package, *path)


def _locals(module: Module, tree: Any) -> Iterator[str]:
    yield from (name for name, _ in _declared_with_some(module, tree))
    for kind, node in nodes(tree):
        if kind == "AssignExpr" and node["op"] == "ColEq":
            yield from _variables(node["lhs"])
        elif kind == "args" and isinstance(node, list):
            yield from _variables(node)
        elif kind == "Every":
            yield from (module.at(node[part]) for part in ("key", "value") if node[part])


def _declared_with_some(module: Module, tree: Any) -> Iterator[tuple[str, int]]:
    for kind, node in nodes(tree):
        if kind == "SomeVars":
            yield from ((module.at(span), span["line"]) for span in node["vars"])
        elif kind == "SomeIn":
            declared = [part for part in (node["key"], node["value"]) if part]
            yield from ((name, node["span"]["line"]) for name in _variables(declared))


def _variables(tree: Any) -> Iterator[str]:
    for kind, node in nodes(tree):
        if kind == "Var" and isinstance(node, dict) and path_of({"Var": node}) != ("_",):
            yield str(node["value"])


def _fixed(path: Path) -> Path:
    """The parts of a rule's path up to the first that only its evaluation knows."""
    return path[: path.index(None)] if None in path else path


def _meet(rule: Path, used: Path) -> bool:
    """Whether evaluating a reference evaluates a rule."""
    return all(
        left is None or right is None or left == right for left, right in zip(rule, used, strict=False)
    )


def _cycle(edges: Mapping[Path, list[Path]]) -> list[Path]:
    done: set[Path] = set()
    for start in edges:
        if start in done:
            continue
        way, waiting = [start], [iter(edges[start])]
        while way:
            following = next(waiting[-1], None)
            if following is None:
                done.add(way.pop())
                waiting.pop()
            elif following in way:
                return [*way[way.index(following) :], following]
            elif following not in done:
                way.append(following)
                waiting.append(iter(edges[following]))
    return []
