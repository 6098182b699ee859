"""Damage to the rows of a log's databases, done as their administrator could, and undone."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from audit.formats import checkpoint
from audit.formats.checkpoint import Checkpoint
from audit.formats.merkle import leaf_hash
from audit.vault.subject_keys import SubjectKeys
from audit.verification.verify import verify_log
from tests.support.damage import unheld
from tests.support.damage.outsiders import Outsiders
from tests.support.damage.rows import TABLES, Changes, Databases, Key, Row, Rows, key_of, read_rows
from tests.support.damage.values import damaged
from tests.support.damage.verdict import Verdict
from tests.support.damage.whole_log import WholeLog

_HASH = 32
#: Tables are not drawn evenly: most of what matters is in few of them.
_WEIGHTS = {"log_entries": 10, "vault_sealed": 4, "log_tiles": 5, "log_head": 4, "log_erasures": 2}


@dataclass(frozen=True)
class Damage:
    """Changes of some rows.

    Attributes:
        kind: what sort of change.
        where: which table, and which column where it is of one.
        what: which one it is, for people.
        changes: what the rows become.
    """

    kind: str
    where: str
    what: str
    changes: Changes


@dataclass(frozen=True)
class DatabaseBench:
    """A log's databases, and the verifiers."""

    whole: WholeLog
    databases: Databases
    known: Checkpoint
    outsiders: Outsiders

    @classmethod
    @contextmanager
    def of(cls, whole: WholeLog, folder: Path) -> Iterator[DatabaseBench]:
        """Reads a log; its checkpoint is what was last verified."""
        rows = read_rows(whole.site)
        signed = rows["log_head"][1,]["signed_checkpoint"]
        known = checkpoint.verify(signed, whole.site.verifier)
        with whole.site.database() as log, whole.site.keys_database() as keys:
            outsiders = Outsiders.of(folder, log, known, whole.site.verifier.vkey)
            yield cls(whole, Databases(log, keys, rows), known, outsiders)

    def case(self, chosen: random.Random) -> Verdict:
        """Draws damage that changes something and that the database takes; has it judged."""
        while True:
            damage = self._draw(chosen)
            if all(self._rows[t].get(key) == row for (t, key), row in damage.changes.items()):
                continue
            try:
                return self.judge(damage)
            except (sa.exc.IntegrityError, sa.exc.DataError):
                continue  # two rows under one key, or a number too large: no such row can be

    def judge(self, damage: Damage) -> Verdict:
        """Does it, asks the verifiers, and undoes it."""
        with self.databases.changed(damage.changes):
            places = self._ours()
            seen = self.outsiders.judge(self.databases.log)
        allowed = _places(damage.changes, self._rows)
        return Verdict(
            damage.kind,
            damage.where,
            damage.what,
            bool(places),
            not places or not allowed or _is_among(places[0], allowed),
            seen.fsck,
            seen.go,
            seen.committed,
            "" if places else unheld.why(damage.changes, self._rows),
        )

    @property
    def _rows(self) -> Rows:
        return self.databases.rows

    def _ours(self) -> list[str]:
        """The places that are found in a whole verification, or in one that knows the last checkpoint."""
        site, keys = self.whole.site, SubjectKeys(self.databases.keys, self.whole.site.master)
        roots = self.whole.tsa.roots
        report = verify_log(self.databases.log, site.verifier, keys, roots=roots)
        if report.holds:
            report = verify_log(self.databases.log, site.verifier, since=self.known)
        return [f.place for f in report.findings]

    # Damage of each kind

    def _draw(self, chosen: random.Random) -> Damage:
        filled = [name for name, rows in self._rows.items() if rows]
        table = chosen.choices(filled, [_WEIGHTS.get(name, 1) for name in filled])[0]
        kinds: list[Callable[[str, random.Random], Damage]] = [
            *(self._value, self._value, self._value, self._value, self._swap),
            *(self._delete, self._copy, self._roll_back, self._forge),
        ]
        return chosen.choice(kinds)(table, chosen)

    def _value(self, table: str, chosen: random.Random) -> Damage:
        key = chosen.choice(sorted(self._rows[table], key=str))
        old = self._rows[table][key]
        column = chosen.choice(sorted(old))
        kind = chosen.choice(["flip", "flip", "overwrite", "truncate", "extend", "nothing"])
        if kind == "nothing" and TABLES[table].columns[column].primary_key:
            kind = "flip"  # a key that is nothing is drawn by the database
        new = {**old, column: damaged(old[column], kind, chosen)}
        return Damage(kind, f"{table}.{column}", f"{column} of {table} {key}", {(table, key): new})

    def _swap(self, table: str, chosen: random.Random) -> Damage:
        rows = self._rows[table]
        one, other = chosen.choices(sorted(rows, key=str), k=2)
        column = chosen.choice(sorted(rows[one]))
        new = {
            (table, one): {**rows[one], column: rows[other][column]},
            (table, other): {**rows[other], column: rows[one][column]},
        }
        return Damage("swap", f"{table}.{column}", f"{column} of {table} {one} and {other}", new)

    def _delete(self, table: str, chosen: random.Random) -> Damage:
        key = chosen.choice(sorted(self._rows[table], key=str))
        return Damage("delete", table, f"{table} {key}", {(table, key): None})

    def _copy(self, table: str, chosen: random.Random) -> Damage:
        """A row is there twice, under another key."""
        old = self._rows[table][chosen.choice(sorted(self._rows[table], key=str))]
        column = chosen.choice(list(TABLES[table].primary_key.columns)).name
        new = {**old, column: damaged(old[column], "flip", chosen)}
        new |= {"request_id": None} if table == "log_entries" else {}
        key = key_of(table, new)
        if key in self._rows[table]:
            return self._value(table, chosen)
        return Damage("copy", table, f"{table} {key_of(table, old)} as {key}", {(table, key): new})

    def _roll_back(self, table: str, chosen: random.Random) -> Damage:
        """One table, the log's tables or everything is as it was before."""
        log = [n for n in self._rows if n.startswith(("log_", "vault_sealed"))]
        tables, what = chosen.choice([([table], table), (log, "the log"), (list(self._rows), "everything")])
        before = self.whole.before
        changes: dict[tuple[str, Key], Row | None] = {
            (t, key): before[t].get(key)
            for t in tables
            for key in self._rows[t].keys() | before[t].keys()
            if self._rows[t].get(key) != before[t].get(key)
        }
        return Damage("roll back", what, f"{len(changes)} rows of {what}", changes)

    def _forge(self, _table: str, chosen: random.Random) -> Damage:
        """An entry is another one, and its stored hash and its tile fit it."""
        index = chosen.randrange(self.known.size)
        old = self._rows["log_entries"][index,]
        leaf = old["leaf"].replace(b'"granted"', b'"refused"').replace(b"2026-11-21", b"2026-11-20")
        new = {**old, "leaf": leaf, "leaf_hash": leaf_hash(leaf)}
        changes: dict[tuple[str, Key], Row | None] = {("log_entries", (index,)): new}
        tile = self._rows["log_tiles"].get((0, index // 256))
        if tile:
            at = index % 256 * _HASH
            hashes = tile["hashes"][:at] + leaf_hash(leaf) + tile["hashes"][at + _HASH :]
            changes["log_tiles", (0, index // 256)] = {**tile, "hashes": hashes}
        return Damage("forge", "log_entries", f"entry {index}", changes)


def _is_among(place: str, allowed: set[str]) -> bool:
    """Tells whether a place is one of these, or a run of entries with one of them in it."""
    run = re.fullmatch(r"entries ([0-9]+) to ([0-9]+)", place)
    indexes = range(int(run[1]), int(run[2]) + 1) if run else ()
    return (
        place in allowed or place.startswith("entries from") or any(f"entry {i}" in allowed for i in indexes)
    )


def _places(changes: Changes, rows: Rows) -> set[str]:
    """What the first finding may name: what was changed. Nothing in particular where much follows from it.

    Without the entry of an erasure, everything that it covers is missing; with an older head, everything
    after it is too much.
    """
    covering = {("log_entries", key) for key in rows["log_erasures"]}
    if len(changes) > 3 or changes.keys() & covering:
        return set()
    places = set()
    for (table, key), new in changes.items():
        keys = {key, key_of(table, new) if new else key}
        match table:
            case "log_entries" | "vault_sealed":
                places |= {f"entry {k[0]}" for k in keys}
            case "log_tiles":
                places |= {f"tile/{k[0]}/{k[1]}" for k in keys} | {"tree"}
            case "log_head":
                if new and new["size"] < rows[table].get(key, new)["size"]:
                    return set()
                places |= {"head", "checkpoint", *(f"head {k[0]}" for k in keys)}
            case _:
                return set()
    tiles = {f"tile/0/{k[0] // 256}" for t, k in changes if t == "log_entries"}
    return places | tiles | {"tree"}
