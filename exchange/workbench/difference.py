"""The difference between two enumerations: what is newly permitted, no longer permitted, or changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from exchange.workbench.permission import Conditions, Permission, merged


@dataclass(frozen=True, slots=True)
class Change:
    """A combination that both sides permit, but not alike.

    Attributes:
        row: the combination, with the attributes and conditions of the newer side.
        added: attributes that only the newer side grants.
        removed: attributes that only the older side grants.
        before: the versions and conditions of the older side, by manner of asking.
        after: those of the newer side.
    """

    row: Permission
    added: tuple[str, ...]
    removed: tuple[str, ...]
    before: tuple[Footing, ...]
    after: tuple[Footing, ...]

    @property
    def same_footing(self) -> bool:
        """Whether attributes alone differ."""
        return self.before == self.after


@dataclass(frozen=True, slots=True)
class Footing:
    """On which version of the law, and on which conditions, something is permitted."""

    version: str
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Difference:
    """Two enumerations, compared."""

    new: tuple[Permission, ...]
    gone: tuple[Permission, ...]
    changed: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        """Whether both permit the same."""
        return not (self.new or self.gone or self.changed)


_Place = tuple[str, ...]


def compare(before: Iterable[Permission], after: Iterable[Permission]) -> Difference:
    """Compares what was permitted with what is, role by role and key by key."""
    old, new = _by_place(before), _by_place(after)
    changes = [
        _change(old[place], new[place]) for place in old.keys() & new.keys() if old[place] != new[place]
    ]
    return Difference(
        new=merged(row for place in new.keys() - old.keys() for row in new[place]),
        gone=merged(row for place in old.keys() - new.keys() for row in old[place]),
        changed=_merged(changes),
    )


def _by_place(rows: Iterable[Permission]) -> Mapping[_Place, tuple[Permission, ...]]:
    """Takes rows apart to one role and key each; a place has several where the manner of asking matters."""
    found: dict[_Place, tuple[Permission, ...]] = {}
    for row in rows:
        for role in row.roles:
            for key in row.keys:
                one = replace(row, roles=(role,), keys=(key,))
                place = (row.consumer, row.purpose, row.law, row.agreement, row.dataset, role, key)
                found[place] = (*found.get(place, ()), one)
    return found


def _change(before: tuple[Permission, ...], after: tuple[Permission, ...]) -> Change:
    old, new = _attributes(before), _attributes(after)
    return Change(
        row=replace(after[0], attributes=tuple(sorted(new))),
        added=tuple(sorted(new - old)),
        removed=tuple(sorted(old - new)),
        before=tuple(Footing(row.version, row.conditions) for row in before),
        after=tuple(Footing(row.version, row.conditions) for row in after),
    )


def _attributes(rows: Iterable[Permission]) -> set[str]:
    return {name for row in rows for name in row.attributes}


def _merged(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Merges changes that differ in role or key only, as rows are merged."""
    alike: dict[tuple[object, ...], list[Change]] = {}
    for change in changes:
        alike.setdefault((change.added, change.removed, change.before, change.after), []).append(change)
    found = [
        replace(same[0], row=row) for same in alike.values() for row in merged(change.row for change in same)
    ]
    return tuple(sorted(found, key=_order))


def _order(change: Change) -> _Place:
    row = change.row
    return (row.consumer, row.purpose, row.dataset, row.law, row.agreement, *row.roles)
