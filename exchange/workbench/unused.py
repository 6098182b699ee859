"""What the enumeration reveals: agreements that promise what no law carries, and laws that nobody uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from exchange.workbench.permission import Permission
from exchange.workbench.permitted import Permitted


@dataclass(frozen=True, slots=True, order=True)
class Remark:
    """Something to look into: where, and what."""

    place: str
    message: str


def uncovered_terms(found: Permitted) -> tuple[Remark, ...]:
    """Terms of agreements in force that no rule covers: purposes, datasets and attributes."""
    day = found.on.isoformat()
    remarks: list[Remark] = []
    for name, agreement in sorted((found.policies.data.get("agreements") or {}).items()):
        if agreement["valid_from"] <= day and (agreement["valid_to"] is None or day <= agreement["valid_to"]):
            rows = [row for row in found.permissions if row.agreement == name]
            remarks += (Remark(f"agreements/{name}", message) for message in _uncovered(agreement, rows))
    return tuple(remarks)


def unused_permits(found: Permitted) -> tuple[Remark, ...]:
    """What laws permit and no agreement in force uses: whole datasets of a purpose, or single attributes."""
    opened: dict[tuple[str, str, str], set[str]] = {}
    for permit in found.permits:
        opened.setdefault((permit.law, permit.purpose, permit.dataset), set()).update(permit.attributes)
    used: dict[tuple[str, str, str], set[str]] = {}
    for row in found.permissions:
        used.setdefault((row.law, row.purpose, row.dataset), set()).update(row.attributes)
    remarks = []
    for (law, purpose, dataset), attributes in sorted(opened.items()):
        taken = used.get((law, purpose, dataset), set())
        rest = ", ".join(sorted(attributes - taken))
        if not taken:
            message = f"nobody can use {dataset} for {purpose}: no agreement in force carries it"
        elif rest:
            message = f"nobody is granted {rest} of {dataset} for {purpose}"
        else:
            continue
        remarks.append(Remark(f"legal_bases/{law}", message))
    return tuple(remarks)


def _uncovered(agreement: Mapping[str, Any], rows: list[Permission]) -> Iterator[str]:
    for purpose in sorted(set(agreement["purposes"]) - {row.purpose for row in rows}):
        yield f"no law carries its purpose {purpose} to any of its datasets"
    for dataset, attributes in sorted(agreement["datasets"].items()):
        granted = {name for row in rows if row.dataset == dataset for name in row.attributes}
        rest = ", ".join(sorted(set(attributes) - granted))
        if not granted:
            yield f"no law opens its dataset {dataset} for any of its purposes"
        elif rest:
            yield f"no law opens {rest} of its dataset {dataset} for any of its purposes"
