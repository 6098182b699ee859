"""Staged rows become part of what is served, within one transaction.

Whole tables at once where nothing is to be decided, thing by thing where something changed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa

from adapters.kinds.snapshot.entry import FileEntry
from adapters.kinds.snapshot.history import Version, merged
from adapters.kinds.snapshot.rows import Refusals
from adapters.kinds.snapshot.store import Store

_THINGS: Final = 200  # at once


class Merge:
    """One file's rows."""

    def __init__(self, store: Store, entry: FileEntry, taken: str) -> None:
        """Takes a store with staged rows, the entry, and when the file was taken."""
        self._store, self._entry, self._taken = store, entry, taken
        self._connection = store.connection
        self._times = entry.times

    def refuse_repeated(self, refused: Refusals) -> None:
        """Takes out what the file has twice: one of those that are alike stays, of others none does."""
        staged = self._store.staged
        same = [staged.c[n] for n in (*self._entry.identity, *(t for t in self._times if t.endswith("Fra")))]
        groups = sa.select(*same).group_by(*same).having(sa.func.count() > 1).limit(_THINGS)
        while found := self._connection.execute(groups).fetchall():
            for values in found:
                where = [column == value for column, value in zip(same, values, strict=True)]
                rows = self._connection.execute(
                    sa.select(staged).where(*where).order_by(staged.c.line)
                ).fetchall()
                alike = len({tuple(row[:-1]) for row in rows}) == 1
                out = [row.line for row in (rows[1:] if alike else rows)]
                for line in out:
                    refused.add("repeated" if alike else "contradicts_another_row", line)
                self._connection.execute(sa.delete(staged).where(*where, staged.c.line.in_(out)))

    def run(self, *, full: bool) -> Counter[str]:
        """Puts the staged rows with what is served, and gives what became of rows."""
        is_first = not sa.inspect(self._connection).has_table(self._store.served.name)
        if is_first:
            self._connection.execute(sa.schema.CreateTable(self._store.served))
            counts = Counter(overlapping=self._overlapping(), new=self._insert_new(is_first=True))
        else:
            counts = Counter(overlapping=self._overlapping())
            self._find_touched(full=full)  # before anything is inserted
            counts["new"] = self._insert_new(is_first=False)
            for things in self._things():
                counts += self._decide(things, full=full)
        for index in self._store.indexes:
            index.create(self._connection, checkfirst=True)
        return counts

    def _same_thing(self, a: sa.FromClause, b: sa.FromClause) -> list[sa.ColumnElement[bool]]:
        return [a.c[name] == b.c[name] for name in self._entry.identity]

    def _alike(self, staged: sa.FromClause, served: sa.FromClause) -> sa.ColumnElement[bool]:
        compared = [*self._entry.dataset.attribute_names, *self._times]
        still = []
        if not self._entry.tells_registration:
            compared = [name for name in compared if not name.startswith("registrering")]
            still = [served.c.registreringTil.is_(None)]
        compared = [name for name in compared if name not in self._entry.identity]
        return sa.and_(
            *self._same_thing(staged, served),
            *(staged.c[name].is_not_distinct_from(served.c[name]) for name in compared),
            *still,
        )

    def _insert_new(self, *, is_first: bool) -> int:
        """Takes over all rows about things that were not known before."""
        staged, served = self._store.staged, self._store.served
        columns = [staged.c[column.name] for column in served.columns]
        rows = sa.select(*columns)
        if not is_first:
            before = served.alias("before")
            rows = rows.where(~sa.exists().where(*self._same_thing(staged, before)))
        inserted = sa.insert(served).from_select([c.name for c in columns], rows)
        return self._connection.execute(inserted.execution_options(preserve_rowcount=True)).rowcount

    def _find_touched(self, *, full: bool) -> None:
        """Finds the known things about which the file says anything else than before."""
        staged, served, touched = self._store.staged, self._store.served, self._store.touched
        known = served.alias("known")
        changed = sa.select(*(staged.c[name] for name in self._entry.identity)).where(
            sa.exists().where(*self._same_thing(staged, known)),
            ~sa.exists().where(self._alike(staged, served)),
        )
        found: Any = changed
        if full:
            missed = sa.select(*(known.c[name] for name in self._entry.identity)).where(
                known.c.registreringTil.is_(None), ~sa.exists().where(self._alike(staged, known))
            )
            found = sa.union(changed, missed)
        else:
            found = changed.distinct()
        self._connection.execute(sa.insert(touched).from_select(list(self._entry.identity), found))

    def _things(self) -> Iterator[list[tuple[Any, ...]]]:
        touched = self._store.touched
        last: tuple[Any, ...] | None = None
        while True:
            page = sa.select(touched).order_by(*touched.c).limit(_THINGS)
            if last is not None:
                page = page.where(sa.tuple_(*touched.c) > sa.tuple_(*map(sa.literal, last)))
            found = [tuple(row) for row in self._connection.execute(page)]
            if not found:
                return
            last = found[-1]
            yield found

    def _decide(self, things: Sequence[tuple[Any, ...]], *, full: bool) -> Counter[str]:
        before, arrived = (
            self._versions(self._store.served, things),
            self._versions(self._store.staged, things),
        )
        counts: Counter[str] = Counter()
        rows: list[dict[str, Any]] = []
        for thing in things:
            tells = self._entry.tells_registration
            after, told = merged(before[thing], arrived[thing], self._taken, full=full, tells=tells)
            counts += told
            rows += map(self._row, after)
        served = self._store.served
        self._connection.execute(sa.delete(served).where(self._one_of(served, things)))
        self._connection.execute(sa.insert(served), rows)
        return counts

    def _one_of(self, table: sa.Table, things: Sequence[tuple[Any, ...]]) -> sa.ColumnElement[bool]:
        return sa.tuple_(*(table.c[name] for name in self._entry.identity)).in_(things)

    def _versions(
        self, table: sa.Table, things: Sequence[tuple[Any, ...]]
    ) -> defaultdict[tuple[Any, ...], list[Version]]:
        found: defaultdict[tuple[Any, ...], list[Version]] = defaultdict(list)
        names = [a.name for a in self._entry.dataset.attributes]
        for row in self._connection.execute(sa.select(table).where(self._one_of(table, things))).mappings():
            found[tuple(row[name] for name in self._entry.identity)].append(
                Version(
                    content=tuple(row[name] for name in names),
                    registered=row["registreringFra"],
                    ended=row["registreringTil"],
                    begins=row.get("virkningFra") or "",
                    ends=row.get("virkningTil"),
                )
            )
        return found

    def _row(self, version: Version) -> dict[str, Any]:
        names = [a.name for a in self._entry.dataset.attributes]
        times = {
            "registreringFra": version.registered,
            "registreringTil": version.ended,
            "virkningFra": version.begins,
            "virkningTil": version.ends,
        }
        told: Iterable[tuple[str, Any]] = ((name, times[name]) for name in self._times)
        return dict(zip(names, version.content, strict=True)) | dict(told)

    def _overlapping(self) -> int:
        """Counts things of which the file has two current rows about a common time."""
        staged = self._store.staged
        identity = [staged.c[name] for name in self._entry.identity]
        if "virkningFra" not in self._times:
            return 0  # repeated rows were refused
        window: dict[str, Any] = {"partition_by": identity, "order_by": staged.c.virkningFra}
        pairs = (
            sa.select(
                *identity,
                staged.c.virkningFra.label("begins"),
                sa.func.lag(staged.c.virkningFra).over(**window).label("before"),
                sa.func.lag(staged.c.virkningTil).over(**window).label("ends"),
            )
            .where(staged.c.registreringTil.is_(None))
            .subquery()
        )
        met = sa.select(*(pairs.c[name] for name in self._entry.identity)).where(
            pairs.c.before.is_not(None), sa.or_(pairs.c.ends.is_(None), pairs.c.ends > pairs.c.begins)
        )
        return self._connection.execute(
            sa.select(sa.func.count()).select_from(met.distinct().subquery())
        ).scalar_one()
