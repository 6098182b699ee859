"""Measures searches of a large log: `python -m tests.bench.queries`.

A log of a million entries, on SQLite and on PostgreSQL, is written in bulk: a year of 21 authorities with
uneven shares, 30 purposes, 24 datasets, refusals with reasons. Its index is built in one go. Then each kind
of search is made many times, for values drawn at random, as an auditor; some also as an authority. Told are
the middle and the slowest twentieth, on the clock, for a first page of 50 records with their receipts (or a
count, where that is said), and how the database goes about it. The entry that each search makes in the log
is apart: it costs what any entry does (see log_append).

With --folder what was written stays there, on SQLite; a server's data is always gone afterwards.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from audit.formats.entry import AppliedObligation, Entry, Submission
from audit.queries.criteria import Criteria, Order, Viewer
from audit.queries.looks import Asker
from audit.queries.page_token import PageTokens, Place
from audit.queries.queries import Unrecorded
from tests.bench import machine
from tests.bench.log_entries import entry
from tests.support import bulk, postgres
from tests.support.logs import LogSite
from tests.support.searching import GROUND, Searching, searching

_RESULTS = Path(__file__).parents[2] / ".benchmarks"
_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
_SECONDS = 365 * 86_400
_AUTHORITIES = [f"910000{n:02d}" for n in range(21)]
_PURPOSES = [f"benefit.purpose-{n:02d}" for n in range(30)]
_DATASETS = [f"register-{n % 4}.dataset-{n:02d}" for n in range(24)]
_BASES = [f"law-{n:02d}.{n % 9 + 1}" for n in range(25)]
_REASONS = ["AGREEMENT_ENDED", "ATTRIBUTE_NOT_COVERED", "CONSENT_MISSING", "PURPOSE_UNKNOWN"]
_ATTRIBUTES = [f"attribute-{n:02d}" for n in range(20)]
_OBLIGATIONS = ("protect-address", "children-only", "second-person")
_REFUSED, _OBLIGED = 8, 12  # one in so many
_AIM = 300  # milliseconds, for the slowest twentieth
_console = Console(highlight=False, width=None if sys.stdout.isatty() else 130)
_errors = Console(stderr=True, highlight=False)
Draw = random.Random


def entries(count: int) -> Iterator[Submission]:
    """A year's entries: as in `log_entries`, but each asks for something else."""
    drawn = Draw(count)
    for number in range(count):
        made = entry(number, lean=True)
        time_of = _YEAR + timedelta(seconds=number * _SECONDS // count + drawn.randrange(-30, 1))
        few, refused = drawn.random() ** 2, drawn.randrange(_REFUSED) == 0  # low numbers are frequent
        base = int(few * len(_PURPOSES))
        consumer = _AUTHORITIES[int(drawn.random() ** 2 * len(_AUTHORITIES))]
        asked = tuple(drawn.sample(_ATTRIBUTES, 1 + drawn.randrange(4)))
        obliged = drawn.randrange(_OBLIGED) == 0
        assert isinstance(made.entry, Entry)
        told = replace(
            made.entry,
            time=time_of.replace(tzinfo=None).isoformat(timespec="seconds") + "Z",
            caller=consumer,
            consumer=consumer,
            dataset=_DATASETS[int(drawn.random() * len(_DATASETS))],
            purpose=_PURPOSES[base],
            legal_basis=_BASES[base % len(_BASES)],
            attributes_asked=asked,
            attributes_granted=() if refused else asked,
            attributes_released=() if refused else asked,
            outcome="refused" if refused else "granted",
            reasons=(drawn.choice(_REASONS),) if refused else (),
            obligations=(AppliedObligation(drawn.choice(_OBLIGATIONS), "", "withheld"),) if obliged else (),
        )
        yield Submission(told, made.subject, made.values, claims_request_id=True)


def _month(drawn: Draw) -> dict[str, datetime]:
    since = _YEAR + timedelta(days=drawn.randrange(335), hours=drawn.randrange(24))
    return {"since": since, "until": since + timedelta(days=30)}


def kinds(size: int) -> dict[str, Callable[[Draw], Criteria]]:
    """The kinds of searches, each for values drawn anew."""

    def subject(drawn: Draw) -> bytes:
        return b"personnummer:%010d" % drawn.randrange(max(1, size // 5))

    def caseworker(drawn: Draw) -> bytes:
        return b"sagsbehandler-%02d" % drawn.randrange(40)

    one = Draw.choice
    return {
        "everything": lambda _: Criteria(),
        "subject": lambda d: Criteria(subject=subject(d)),
        "subject unknown": lambda d: Criteria(subject=b"nobody %d" % d.randrange(10**9)),
        "caseworker": lambda d: Criteria(caseworker=caseworker(d)),
        "case": lambda d: Criteria(case=b"SAG-2026-%06d" % d.randrange(min(size, 10**6))),
        "authority": lambda d: Criteria(authorities=(one(d, _AUTHORITIES),)),
        "purpose": lambda d: Criteria(purposes=(one(d, _PURPOSES),)),
        "legal basis": lambda d: Criteria(legal_bases=(one(d, _BASES),)),
        "dataset": lambda d: Criteria(datasets=(one(d, _DATASETS),)),
        "outcome": lambda d: Criteria(outcomes=(one(d, ["granted", "refused"]),)),
        "reason": lambda d: Criteria(reasons=(one(d, _REASONS),)),
        "obligation": lambda d: Criteria(obligations=(one(d, list(_OBLIGATIONS)),)),
        "attribute": lambda d: Criteria(attributes=(one(d, _ATTRIBUTES),)),
        "month": lambda d: Criteria(**_month(d)),  # type: ignore[arg-type]
        "authority, purpose, month": lambda d: Criteria(
            authorities=(one(d, _AUTHORITIES),),
            purposes=(one(d, _PURPOSES),),
            **_month(d),  # type: ignore[arg-type]
        ),
        "six at once": lambda d: Criteria(
            authorities=(one(d, _AUTHORITIES),),
            purposes=tuple(d.sample(_PURPOSES, 3)),
            datasets=(one(d, _DATASETS),),
            outcomes=("refused",),
            reasons=(one(d, _REASONS),),
            attributes=(one(d, _ATTRIBUTES),),
        ),
        "caseworker, dataset, month": lambda d: Criteria(
            caseworker=caseworker(d),
            datasets=(one(d, _DATASETS),),
            **_month(d),  # type: ignore[arg-type]
        ),
    }


def _spread(found: list[float]) -> dict[str, float]:
    return {"p50": median(found), "p95": quantiles(found, n=20)[18], "most": max(found)}


def _timed(make: Callable[[], Unrecorded[Any]], rounds: int) -> dict[str, float]:
    found = []
    for _ in range(rounds):
        begun = time.perf_counter()
        make()._answer()  # what it costs to record it is measured elsewhere
        found.append((time.perf_counter() - begun) * 1000)
    return {"p50": median(found), "p95": quantiles(found, n=20)[18], "most": max(found)}


def measure(searches: Searching, size: int, rounds: int) -> dict[str, Any]:
    """Measures every kind of search of one log."""
    queries, drawn, made = searches.queries, Draw(size), kinds(size)
    auditor, authority = Asker(Viewer(None), GROUND), Asker(Viewer(_AUTHORITIES[3]), GROUND)

    def pages(asker: Asker, name: str, order: Order = Order.NEWEST) -> dict[str, float]:
        return _timed(lambda: queries.search(asker, made[name](drawn), order), rounds)

    def counts(name: str, by: str) -> dict[str, float]:
        return _timed(lambda: queries.count(auditor, made[name](drawn), by), rounds)

    found = {name: pages(auditor, name) for name in made}
    found |= {f"{name}, an authority's": pages(authority, name) for name in ("purpose", "subject")}
    found["purpose, oldest first"] = pages(auditor, "purpose", Order.OLDEST)
    middle = PageTokens(searches.site.master.page_tokens).write(
        Place(size // 2, size), auditor.viewer, Criteria(), Order.NEWEST
    )
    found["a page in the middle"] = _timed(
        lambda: queries.search(auditor, Criteria(), page_token=middle), rounds
    )
    for by in ("hour", "day", "month", "authority", "purpose", "dataset", "reason", "attribute"):
        found[f"count by {by}"] = counts("everything", by)
    found["count by day, of a purpose"] = counts("purpose", "day")
    return found


def plans(searches: Searching) -> dict[str, list[str]]:
    """How the database goes about the statements of a search."""
    statements = {
        "a value's sets": "SELECT segment, bits FROM search_postings WHERE field = 9 AND value = 1",
        "all sets of a field": "SELECT value, segment, bits FROM search_postings WHERE field = 9 "
        "AND segment BETWEEN 0 AND 100000",
        "tokens": "WITH wanted (segment, bucket) AS (VALUES (3, 1), (4, 200), (5, 7)) "
        "SELECT t.segment, t.tokens FROM wanted w JOIN search_tokens t "
        "ON t.segment = w.segment AND t.bucket = w.bucket",
        "segments of a time": "SELECT segment, earliest, latest FROM search_segments "
        "WHERE earliest < 1800000000000000 AND latest >= 1790000000000000",
    }
    sqlite = searches.index.dialect.name == "sqlite"
    found = {}
    with searches.index.connect() as connection:
        if not sqlite:
            connection.exec_driver_sql("ANALYZE")
        for name, statement in statements.items():
            explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN (ANALYZE, BUFFERS) "
            rows = connection.exec_driver_sql(explain + statement).all()
            found[name] = [str(row[-1]) for row in rows]
    return found


def _size_of(searches: Searching) -> int:
    if searches.index.dialect.name == "sqlite":
        with searches.index.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            return int(pages * connection.exec_driver_sql("PRAGMA page_size").scalar_one())
    names = ("state", "names", "segments", "postings", "tokens")
    total = " + ".join(f"pg_total_relation_size('search_{name}')" for name in names)
    with searches.index.connect() as connection:
        return int(connection.exec_driver_sql(f"SELECT {total}").scalar_one())


def run(site: LogSite, size: int, rounds: int) -> dict[str, Any]:
    """Writes what is missing of a log, indexes it, and measures."""
    written = bulk.size(site)
    if written < size:
        _errors.print(f"[dim]writing {size:,} entries[/]")
        bulk.write(site, entries(size))
    with searching(site) as searches:
        _errors.print("[dim]indexing[/]")
        begun, used = time.perf_counter(), time.process_time()
        searches.indexed()
        built = {
            "clock": (time.perf_counter() - begun) / size * 1e6,
            "cpu": (time.process_time() - used) / size * 1e6,
        }
        bytes_each = _size_of(searches) / size
        _errors.print("[dim]searching[/]")
        found = measure(searches, size, rounds)
        return {"index": {**built, "bytes": bytes_each}, "searches": found, "plans": plans(searches)}


def show(document: dict[str, Any]) -> None:
    """Prints the tables."""
    logs = document["logs"]
    table = Table(title=f"A log of {document['entries']:,} entries; milliseconds: middle, p95 (aim: {_AIM})")
    table.add_column("search")
    for kind in logs:
        table.add_column(kind, justify="right")
    for name in next(iter(logs.values()))["searches"]:
        cells = [f"{s['p50']:.1f}, {s['p95']:.1f}" for s in (log["searches"][name] for log in logs.values())]
        table.add_row(name, *cells)
    _console.print(table)
    for kind, log in logs.items():
        index = log["index"]
        _console.print(
            f"{kind}: indexed in {index['clock']:.0f} µs an entry ({index['cpu']:.0f} of this process), "
            f"{index['bytes']:.0f} bytes an entry",
            markup=False,
        )
        for name, lines in log["plans"].items():
            _console.print(f"  {name}: {'; '.join(line.strip() for line in lines[:4])}", markup=False)


@click.command()
@click.option("--entries", "size", default=1_000_000, show_default=True)
@click.option("--rounds", default=60, show_default=True)
@click.option("--only", type=click.Choice(["sqlite", "postgresql"]))
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False))
def main(size: int, rounds: int, only: str | None, folder: Path | None) -> None:
    """Measure searches."""
    logs: dict[str, Any] = {}
    with ExitStack() as running:
        place = folder or Path(running.enter_context(tempfile.TemporaryDirectory(prefix="hjemmel-queries-")))
        if only in {None, "sqlite"}:
            there = place / f"sqlite-{size}"
            fresh = not (there / "log.pem").exists()
            there.mkdir(parents=True, exist_ok=True)
            site = LogSite.at(there) if fresh else _kept(there)
            logs["sqlite"] = run(site, size, rounds)
        if only in {None, "postgresql"}:
            server = running.enter_context(postgres.server(folder))
            (place / "postgresql").mkdir(parents=True, exist_ok=True)
            site = LogSite.at(place / "postgresql", server.fresh_database(), server.fresh_database())
            logs["postgresql"] = run(site, size, rounds)
    document = {"machine": machine.description(), "entries": size, "rounds": rounds, "logs": logs}
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / f"queries-{size}.json").write_text(json.dumps(document, indent=2))
    show(document)


def _kept(folder: Path) -> LogSite:
    return LogSite(f"sqlite:///{folder}/log.db", f"sqlite:///{folder}/keys.db", folder)


if __name__ == "__main__":
    main()
