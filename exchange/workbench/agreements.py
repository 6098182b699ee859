"""Checks of the agreements: what they name is there, and no two say the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from exchange.workbench.findings import Examined, Finding, Severity, in_data

_DATA = "agreements"


def agreements(examined: Examined) -> Iterable[Finding]:
    """Parties, purposes, datasets and attributes are known, and the provider is the dataset's."""
    for name, terms in examined.data(_DATA).items():
        if terms["id"] != name:
            yield _found(examined, (name, "id"), f"{name} calls itself {terms['id']}", f"write {name}")
        for party in ("consumer", "provider"):
            if terms[party] not in examined.data("authorities"):
                problem = f"{name}: the {party} {terms[party]} is not among the authorities"
                remedy = "add it to authorities/data.json, or correct the number"
                yield _found(examined, (name, party), problem, remedy)
        for number, purpose in enumerate(terms["purposes"]):
            if purpose not in examined.data("purposes"):
                problem = f"{name}: the purpose {purpose} is not known"
                remedy = "add it to purposes/data.json, or correct its name"
                yield _found(examined, (name, "purposes", number), problem, remedy)
        for dataset, attributes in terms["datasets"].items():
            yield from _dataset(examined, name, terms, dataset, attributes)


def _dataset(
    examined: Examined, name: str, terms: dict[str, Any], dataset: str, attributes: list[str]
) -> Iterator[Finding]:
    known = examined.catalogue.datasets.get(dataset)
    if known is None:
        problem = f"{name}: no register has the dataset {dataset}"
        yield _found(
            examined, (name, "datasets", dataset), problem, "correct its name, as the catalogue spells it"
        )
        return
    if known.provider != terms["provider"]:
        problem = f"{name}: {dataset} is provided by {known.provider}, not by {terms['provider']}"
        remedy = "make an agreement with the provider of the dataset"
        yield _found(examined, (name, "datasets", dataset), problem, remedy)
    for number, attribute in enumerate(attributes):
        if attribute not in known.attribute_names:
            problem = f"{name}: {dataset} has no attribute {attribute}"
            remedy = "correct its name, as the catalogue spells it"
            yield _found(examined, (name, "datasets", dataset, number), problem, remedy)


def overlaps(examined: Examined) -> Iterable[Finding]:
    """Two agreements do not carry one dataset between the same parties for one purpose at one time."""
    carried: dict[tuple[str, ...], list[str]] = defaultdict(list)
    terms = examined.data(_DATA)
    for name, agreement in terms.items():
        for purpose in agreement["purposes"]:
            for dataset in agreement["datasets"]:
                carried[agreement["consumer"], agreement["provider"], purpose, dataset].append(name)
    for (_, _, purpose, dataset), names in carried.items():
        for one, other in combinations(names, 2):
            if _at_once(terms[one], terms[other]):
                problem = f"{other} carries {dataset} for {purpose} as {one} does, on the same days"
                remedy = "end the earlier agreement, or take the dataset or the purpose out of one"
                at = (_DATA, other, "datasets", dataset)
                yield in_data(examined, Severity.WARNING, "agreement-overlap", at, problem, remedy)


def _at_once(one: dict[str, Any], other: dict[str, Any]) -> bool:
    first, second = sorted((one, other), key=lambda terms: str(terms["valid_from"]))
    return first["valid_to"] is None or second["valid_from"] <= first["valid_to"]


def _found(examined: Examined, path: tuple[str | int, ...], problem: str, remedy: str) -> Finding:
    return in_data(examined, Severity.ERROR, "agreement", (_DATA, *path), problem, remedy)
