"""Damage of every kind to a log: is each found, and by a verifier that nobody here wrote?

    python -m tests.mutation_of_logs [--of published …] [--count 4000] [--seed 20261122] [--json FILE]
    python -m tests.mutation_of_logs --of sqlite --case 17      # one of them again

Draws so many pieces of damage to each from a seed, does each, asks the verifiers, and undoes it:

    published    an exported log: its files
    sqlite       a log's databases: rows of every table, on SQLite
    postgresql   the same on PostgreSQL
    file         the bytes of the SQLite file

Ours knows the last checkpoint that it verified, as `hjemmel log verify --since` does, and the vault's key.
The outside ones are Tessera's fsck, and Go's checker, which is given that checkpoint too; a database is
published for them by an operator who checks nothing. Exit status 1 where something went unnoticed that
should not have. What nothing is held to is counted, by the reason why.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import click
from rich.progress import track

from audit.publishing.export import export
from tests.support import postgres
from tests.support import tsa as authorities
from tests.support.damage import whole_log
from tests.support.damage.database import DatabaseBench
from tests.support.damage.published import PublishedBench
from tests.support.damage.sqlite_file import FileBench
from tests.support.damage.verdict import Verdict
from tests.support.logs import LogSite
from tests.support.public_logs import grow
from tests.support.tsa import Tsa

ENTRIES = 600


class Bench(Protocol):
    """A log, and verifiers."""

    def case(self, chosen: random.Random) -> Verdict:
        """Draws damage, does it, asks, and undoes it."""


@contextmanager
def published(folder: Path, _tsa: Tsa | None = None) -> Iterator[Bench]:
    """An exported log, at half its size and then whole."""
    site = LogSite.at(folder)
    with site.database() as engine:
        grow(site, ENTRIES // 2)
        export(engine, site.verifier, folder / "log")
        shutil.copytree(folder / "log", folder / "before")
        grow(site, ENTRIES)
        export(engine, site.verifier, folder / "log")
    yield PublishedBench.of(folder / "log", folder / "before", site.verifier)


@contextmanager
def sqlite(folder: Path, tsa: Tsa) -> Iterator[Bench]:
    """A log's databases, on SQLite."""
    with DatabaseBench.of(whole_log.make(LogSite.at(folder), tsa, ENTRIES), folder / "out") as bench:
        yield bench


@contextmanager
def file(folder: Path, tsa: Tsa) -> Iterator[Bench]:
    """The bytes of a log's SQLite file."""
    yield FileBench.of(whole_log.make(LogSite.at(folder), tsa, ENTRIES), folder / "out")


@contextmanager
def postgresql(folder: Path, tsa: Tsa) -> Iterator[Bench]:
    """A log's databases, on a PostgreSQL server of their own."""
    with postgres.server() as server:
        site = LogSite.at(folder, server.fresh_database(), server.fresh_database())
        with DatabaseBench.of(whole_log.make(site, tsa, ENTRIES), folder / "out") as bench:
            yield bench


BENCHES: dict[str, Callable[[Path, Tsa], Any]] = {
    "published": published,
    "sqlite": sqlite,
    "postgresql": postgresql,
    "file": file,
}


def cases(bench: Bench, numbers: range, seed: int, name: str) -> Iterator[tuple[int, Verdict]]:
    """Judges some cases; each is drawn for itself, so that one can be repeated."""
    for number in numbers:
        yield number, bench.case(random.Random(f"{seed}/{name}/{number}"))


@click.command()
@click.option(
    "--of", "names", multiple=True, type=click.Choice(list(BENCHES)), help="Of what; by default, all."
)
@click.option("--count", default=4000, show_default=True, help="How many to each.")
@click.option("--seed", default=20261122, show_default=True, help="What they are drawn from.")
@click.option("--case", "only", type=int, help="Judges this one only, and prints its verdict.")
@click.option("--json", "out", type=click.Path(path_type=Path), help="Writes the result there.")
def main(names: tuple[str, ...], count: int, seed: int, only: int | None, out: Path | None) -> None:
    """Runs the damage and prints what was found."""
    lacking: list[str] = []
    result: dict[str, Any] = {"count": count, "seed": seed, "entries": ENTRIES}
    numbers = range(count) if only is None else range(only, only + 1)
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        (root / "tsa").mkdir()
        with authorities.running(root / "tsa") as tsa:
            for name in names or BENCHES:
                (root / name / "out").mkdir(parents=True)
                with BENCHES[name](root / name, tsa) as bench:
                    judged = cases(bench, numbers, seed, name)
                    shown = track(judged, name, count, disable=not sys.stderr.isatty())
                    verdicts = list(shown)
                if only is not None:
                    print(verdicts[0][1])
                lacking += [f"{name} {n}: {v.what}: {lack}" for n, v in verdicts for lack in v.lacks]
                result[name] = summary([v for _, v in verdicts])
    result["lacking"] = lacking
    text = json.dumps(result, indent=2)
    if out:
        out.write_text(text + "\n")
    if only is None:
        print(text)
    sys.exit(1 if lacking else 0)


def summary(verdicts: list[Verdict]) -> dict[str, Any]:
    """Adds up: in all, by kind, by place, and by why it was not found."""
    tables: dict[str, dict[str, Counter[str]]] = {"kinds": {}, "places": {}}
    whole: Counter[str] = Counter()
    for verdict in verdicts:
        whole.update(verdict.counted)
        tables["kinds"].setdefault(verdict.kind, Counter()).update(verdict.counted)
        tables["places"].setdefault(verdict.where, Counter()).update(verdict.counted)
    unheld = Counter(f"{v.where.partition('.')[0]}: {v.unheld}" for v in verdicts if not v.ours and v.unheld)
    return {
        "all": dict(whole),
        **{name: {k: dict(c) for k, c in sorted(table.items())} for name, table in tables.items()},
        "not_found": dict(sorted(unheld.items())),
    }


if __name__ == "__main__":
    main()
