"""A module's syntax tree, as regorus gives it: references, names and where they stand.

A reference is read as a path of parts; a part that is only known when a rule is evaluated is `None`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

Path = tuple[str | None, ...]
Node = Mapping[str, Any]
_REFERENCES = ("Var", "RefDot", "RefBrack")


@dataclass(frozen=True)
class Rule:
    """One rule: the module that it stands in, its path below `data`, its line, and its tree."""

    file: str
    path: Path
    line: int
    tree: Node
    is_function: bool

    @property
    def content(self) -> list[Any]:
        """What the rule is made of, without the name that it gives itself."""
        if "Default" in self.tree:
            return [self.tree["Default"]["value"]]
        ((_, head),) = self.tree["Spec"]["head"].items()
        return [{k: v for k, v in head.items() if k != "refr"}, self.tree["Spec"]["bodies"]]

    @property
    def name(self) -> str:
        """The path as an author writes it."""
        return ".".join(("data", *(part or "[…]" for part in self.path)))


@dataclass(frozen=True)
class Module:
    """One parsed module."""

    file: str
    text: str
    tree: Node

    @cached_property
    def package(self) -> tuple[str, ...]:
        """The parts of its package."""
        return tuple(str(part) for part in path_of(self.tree["package"]["refr"]) or ())

    @cached_property
    def imports(self) -> Mapping[str, Path]:
        """What each imported name stands for."""
        found: dict[str, Path] = {}
        for imported in self.tree["imports"]:
            path = path_of(imported["refr"]) or ()
            alias = imported.get("as")
            name = self.at(alias) if alias else path[-1]
            found[str(name)] = path
        return found

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Its rules; a default is one too."""
        return tuple(self._rules())

    def _rules(self) -> Iterator[Rule]:
        for tree in self.tree["rules"]:
            if "Default" in tree:
                head, is_function = tree["Default"], bool(tree["Default"]["args"])
            else:
                ((kind, head),) = tree["Spec"]["head"].items()
                is_function = kind == "Func"
            body = tree.get("Default") or tree["Spec"]
            path = (*self.package, *(path_of(head["refr"]) or ()))
            yield Rule(self.file, path, body["span"]["line"], tree, is_function)

    def at(self, span: Node) -> str:
        """The text at a place; regorus counts bytes."""
        return self.text.encode()[span["start"] : span["end"]].decode()


def modules_of(ast: str) -> tuple[Module, ...]:
    """Reads the trees of `Engine.get_ast_as_json`."""
    return tuple(Module(m["source"]["file"], m["source"]["contents"], m["ast"]) for m in orjson.loads(ast))


def path_of(node: Node) -> Path | None:
    """Reads a reference; nothing where the node is none."""
    if "Var" in node:
        return (str(node["Var"]["value"]),)
    if "RefDot" in node:
        left = path_of(node["RefDot"]["refr"])
        return None if left is None else (*left, str(node["RefDot"]["field"][1]))
    if "RefBrack" in node:
        left = path_of(node["RefBrack"]["refr"])
        index = node["RefBrack"]["index"].get("String")
        return None if left is None else (*left, str(index["value"]) if index else None)
    return None


def nodes(tree: Any) -> Iterator[tuple[str, Any]]:
    """Walks a tree: each part with its kind, from the outside in."""
    waiting: list[tuple[str, Any]] = [("", tree)]
    while waiting:
        kind, node = waiting.pop()
        yield kind, node
        waiting += _below(kind, node)


def references(tree: Any) -> Iterator[tuple[Path, int]]:
    """Every reference in a tree, whole, and those inside its brackets; each with its line."""
    waiting: list[tuple[str, Any]] = [("", tree)]
    while waiting:
        kind, node = waiting.pop()
        path = path_of({kind: node}) if kind in _REFERENCES else None
        if path is None:
            waiting += _below(kind, node)
            continue
        yield path, node["span"]["line"]
        while kind != "Var":  # the rest of the reference is in the path; what stands in brackets is not
            waiting += _below("", node.get("index"))
            ((kind, node),) = node["refr"].items()


def calls(tree: Any) -> Iterator[tuple[str, int]]:
    """Every call in a tree: the function's name and the line."""
    for kind, node in nodes(tree):
        if kind == "Call" and isinstance(node, dict) and "fcn" in node:
            path = path_of(node["fcn"]) or (None,)
            name = "of a computed name" if None in path else ".".join(str(part) for part in path)
            yield name, node["span"]["line"]


def _below(kind: str, node: Any) -> list[tuple[str, Any]]:
    """The parts of a node that have parts themselves."""
    if isinstance(node, dict):
        return [(k, v) for k, v in node.items() if v and k != "span" and isinstance(v, (dict, list))]
    return [(kind, item) for item in node if item] if isinstance(node, list) else []
