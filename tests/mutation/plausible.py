"""What an author might add to a set by mistake: another member of the same kind."""

from __future__ import annotations

import json
from collections.abc import Collection
from zlib import crc32

from adapters.catalogue import load_catalogue
from exchange.config import DEFAULT_POLICIES
from exchange.model.identifiers import SUBJECT_KEYS
from exchange.model.request import SUBJECT_ROLES

_AUTHORITIES = json.loads((DEFAULT_POLICIES / "schemas/authorities/schema.json").read_text("utf-8"))
_DATASETS = load_catalogue().datasets.values()
_POOLS: tuple[frozenset[str], ...] = (
    frozenset(_AUTHORITIES["additionalProperties"]["properties"]["kind"]["enum"]),
    frozenset(SUBJECT_ROLES),
    frozenset(SUBJECT_KEYS),
    frozenset({"change", "dry_run", "exchange", "matching", "watch"}),
    *(frozenset(dataset.attribute_names) for dataset in _DATASETS),
    frozenset().union(*(dataset.attribute_names for dataset in _DATASETS)),
)


def one_more(members: Collection[str]) -> str | None:
    """Gives a member to add, the same one each time; none where the set's kind is not known."""
    for pool in _POOLS:
        others = sorted(pool.difference(members))
        if members and pool.issuperset(members) and others:
            return others[crc32("".join(sorted(members)).encode()) % len(others)]
    return None
