"""The mutants of a policy set: its deciding modules, each with one small change."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import orjson

from exchange.policy.embedded import compile_set
from exchange.policy.policy_set import PolicySet
from tests.mutation.edits import edits

#: Where the law and the decision lie; what only carries them to and fro is left out.
DECIDING = ("decision", "legal_basis", "terms")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one small change.

    Attributes:
        name: module, rule and change; the same from run to run, wherever the lines move.
        kind: what was done.
        path: of the module.
        text: of the changed module.
    """

    name: str
    kind: str
    path: str
    text: str

    def applied(self, policies: PolicySet) -> PolicySet:
        """The policy set with this module in place of its own."""
        return PolicySet({**policies.modules, self.path: self.text}, policies.data)


def mutants(policies: PolicySet) -> list[Mutant]:
    """Makes every mutant of a policy set, in the order of its modules."""
    named: Counter[str] = Counter()
    made = []
    for path, kind, text, name in _changes(policies):
        named[name] += 1
        unique = name if named[name] == 1 else f"{name} ({named[name]})"
        made.append(Mutant(unique, kind, path, text))
    return made


def _changes(policies: PolicySet) -> Iterator[tuple[str, str, str, str]]:
    for module in orjson.loads(compile_set(policies).get_ast_as_json()):
        path, source = module["source"]["file"], module["source"]["contents"].encode()
        if path.partition("/")[0] not in DECIDING:
            continue
        for rule in module["ast"]["rules"]:
            ((_, found),) = rule.items()
            start = found["span"]["start"]
            head = re.match(r"(?:default )?[\w.]+", source[start:].decode())
            for edit in edits(source, rule):
                old, new = _short(source[edit.start : edit.end]), _short(edit.new) or "nothing"
                name = f"{path} {head[0] if head else ''}: {edit.kind}: {edit.said or f'{old} → {new}'}"
                yield path, edit.kind, edit.applied(source).decode(), name


def _short(text: bytes) -> str:
    words = " ".join(text.decode().split())
    return words if len(words) <= 90 else f"{words[:60]} … {words[-25:]}"
