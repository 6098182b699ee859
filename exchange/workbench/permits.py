"""The permits of the laws, as the embedded engine evaluates them, and whether they can ever hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import regorus

from exchange.model.request import SUBJECT_ROLES
from exchange.policy.embedded import compile_set
from exchange.workbench.findings import Examined, Finding, Severity

_CHECK = "permit"


@dataclass(frozen=True, slots=True)
class Permit:
    """What one law permits for one purpose, with the place of its rule."""

    law: str
    purpose: str
    terms: Mapping[str, Any]
    file: str
    line: int


def permits_of(examined: Examined) -> Iterator[Permit]:
    """Evaluates what every law permits on the first day of each of its versions."""
    engine = compile_set(examined.policies)
    for module in examined.modules:
        rule = next((r for r in module.rules if r.path == (*module.package, "permits")), None)
        if rule is None or module.package[:1] != ("legal_basis",):
            continue
        path = ".".join(("data", *module.package, "permits"))
        for law in _laws(module.text):
            for purpose, terms in _evaluate(engine, path, examined, law).items():
                yield Permit(law, purpose, terms, module.file, rule.line)


def _laws(text: str) -> list[str]:
    """The citations that a module answers to."""
    return sorted(set(re.findall(r'input\.legal_basis == "([^"]+)"', text)))


def _evaluate(engine: regorus.Engine, path: str, examined: Examined, law: str) -> dict[str, Any]:
    basis = examined.data("legal_bases").get(law) or {"versions": [{"valid_from": "2018-01-01"}]}
    found: dict[str, Any] = {}
    for version in basis["versions"]:
        engine.set_input_json(json.dumps({"legal_basis": law, "law_date": version["valid_from"]}))
        permits = json.loads(engine.eval_rule_as_json(path))
        found |= permits if isinstance(permits, dict) else {}
    return found


def permits(examined: Examined) -> Iterable[Finding]:
    """A permit names purposes, datasets, attributes, keys, kinds of authority and roles that there are."""
    known = _Known.of(examined)
    for permit in permits_of(examined):
        for problem, remedy in known.problems(permit):
            yield Finding(
                Severity.ERROR, _CHECK, permit.file, permit.line, f"{permit.law}: {problem}", remedy
            )


@dataclass(frozen=True)
class _Known:
    examined: Examined
    kinds: frozenset[str]

    @classmethod
    def of(cls, examined: Examined) -> _Known:
        return cls(examined, frozenset(a["kind"] for a in examined.data("authorities").values()))

    def problems(self, permit: Permit) -> Iterator[tuple[str, str]]:
        if permit.purpose not in self.examined.data("purposes"):
            yield (
                f"the purpose {permit.purpose} is not known, so nobody can ask for it",
                "add it to purposes/data.json, or correct its name",
            )
        for kind in _names(permit, "consumers") - self.kinds:
            yield (
                f"no authority is of the kind {kind}",
                "correct the kind, or add the authority to authorities/data.json",
            )
        for role in _names(permit, "subjects") - set(SUBJECT_ROLES):
            yield f"no request can have the subject role {role}", f"one of {', '.join(SUBJECT_ROLES)}"
        for field in ("consumers", "subjects", "keys", "attributes"):
            if not permit.terms.get(field):
                yield f"{permit.purpose} has no {field}, so it can never hold", f"fill in {field}"
        yield from self._datasets(permit)

    def _datasets(self, permit: Permit) -> Iterator[tuple[str, str]]:
        datasets = self.examined.catalogue.datasets
        opened = permit.terms.get("attributes")
        opened = opened if isinstance(opened, dict) else {}
        for name, attributes in opened.items():
            if name not in datasets:
                yield (
                    f"no register has the dataset {name}",
                    "correct its name, as the catalogue spells it",
                )
                continue
            for attribute in sorted(set(attributes) - datasets[name].attribute_names):
                yield f"{name} has no attribute {attribute}", "correct its name, as the catalogue spells it"
        found = [datasets[name] for name in opened if name in datasets]
        for key in sorted(_names(permit, "keys")):
            if found and not any(dataset.key(key) for dataset in found):
                names = ", ".join(sorted(dataset.name for dataset in found))
                usable = sorted({k.kind for dataset in found for k in dataset.keys})
                yield f"{names} cannot be looked up by {key}", f"one of {', '.join(usable)}"
        for dataset in found:
            if not any(dataset.key(key) for key in _names(permit, "keys")):
                fitting = ", ".join(sorted(key.kind for key in dataset.keys))
                yield f"no key of {permit.purpose} finds anything in {dataset.name}", f"one of {fitting}"


def _names(permit: Permit, field: str) -> set[str]:
    names = permit.terms.get(field) or ()
    return {str(name) for name in names}
