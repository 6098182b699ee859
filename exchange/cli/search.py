"""`hjemmel log search`: records by any criteria, and the entry that says that somebody looked."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click
import orjson
import sqlalchemy as sa
from rich.table import Table
from rich.text import Text

from audit.completeness import asked
from audit.errors import LogError
from audit.files import read_private
from audit.formats.entry import Entry, Event, Submission
from audit.formats.ranges import Range
from audit.queries import waiting
from audit.queries.criteria import GROUPS, PUBLIC, Criteria, Order, Viewer
from audit.queries.danish_time import Unit, parse
from audit.queries.indexing import Indexer
from audit.queries.looks import Asker
from audit.queries.queries import MOST, Counts, Page, Queries, Unrecorded
from audit.reading.reader import LogReader
from audit.storage import database
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import MasterKey
from exchange.cli.config import config_option
from exchange.cli.erasure import own_option, owned
from exchange.cli.opening import existing
from exchange.cli.output import CommandError, console, json_option, progress, read_vkey, result
from exchange.cli.periods import wait_option
from exchange.config import Settings, load
from exchange.model.identifiers import SUBJECT_KEYS
from exchange.sealed import subject_bytes

_EVERY = 0.05  # seconds
_OPTIONS = {
    "kinds": ("--kind", "Kind of entry: exchange, dry_run, matching, queried, erased, …"),
    "outcomes": ("--outcome", "granted, refused, failed or interrupted."),
    "authorities": ("--authority", "CVR number of an authority that took part, in whatever part."),
    "consumers": ("--consumer", "CVR number of who asked."),
    "providers": ("--provider", "CVR number of whose register was asked."),
    "processors": ("--processor", "CVR number of who called on another's behalf."),
    "datasets": ("--dataset", "Dataset."),
    "purposes": ("--purpose", "Purpose."),
    "legal_bases": ("--legal-basis", "Legal basis that was cited."),
    "agreements": ("--agreement", "Agreement."),
    "attributes": ("--attribute", "Attribute that was asked for."),
    "released": ("--released", "Attribute that was released."),
    "reasons": ("--reason", "Reason code."),
    "obligations": ("--obligation", "Obligation that was applied."),
    "revisions": ("--policy-revision", "Policy revision that decided."),
}


def _criteria_options(command: Any) -> Any:
    for name in reversed(PUBLIC):
        option, text = _OPTIONS[name]
        command = click.option(option, name, multiple=True, help=text)(command)
    return command


@click.command()
@config_option
@click.option("--ground", required=True, metavar="CODE", help="Ground in law of the search, e.g. gdpr.15.")
@click.option(
    "--subject",
    "kind",
    type=click.Choice(sorted(SUBJECT_KEYS)),
    help="Whom it is about: the identifier is read from standard input, or asked for.",
)
@click.option("--caseworker", is_flag=True, help="Who caused it: likewise, on the next line.")
@click.option("--case", "by_case", is_flag=True, help="The case reference: likewise.")
@_criteria_options
@click.option("--from", "since", metavar="TIME", help="A day, or a time with its zone.")
@click.option("--to", "until", metavar="TIME", help="Likewise; a day is meant with all of it.")
@click.option("--needs-review", is_flag=True, help="Only what a second person has to look at.")
@click.option(
    "--as", "authority", metavar="CVR", help="As this authority's officer: on its side of the log only."
)
@click.option("--oldest", is_flag=True, help="The oldest first, instead of the newest.")
@click.option(
    "--size", type=click.IntRange(1, MOST), default=20, show_default=True, help="Records of a page."
)
@click.option("--page", default="", metavar="TOKEN", help="The page after the one that gave this token.")
@click.option("--count", "only_count", is_flag=True, help="Only count them.")
@click.option(
    "--by", type=click.Choice([*(unit.value for unit in Unit), *GROUPS]), help="Count them by this."
)
@wait_option
@own_option
@json_option
def search(
    config_path: Path,
    ground: str,
    kind: str | None,
    authority: str | None,
    page: str,
    by: str | None,
    wait: float,
    *,
    caseworker: bool,
    by_case: bool,
    since: str | None,
    until: str | None,
    needs_review: bool,
    oldest: bool,
    size: int,
    only_count: bool,
    own: bool,
    as_json: bool,
    **public: tuple[str, ...],
) -> None:
    """Search the log: all that is given must hold, and of several values of one option any.

    That the search was made is an entry of the log, with its ground and its criteria, before it is answered;
    subject, caseworker and case are committed to there and sealed. They are read from standard input: they
    do not belong into a shell's history. Needs a running broker, or --own.
    """
    settings = load(config_path)
    try:
        asker = Asker(Viewer(authority), ground)
        criteria = Criteria(
            subject=_subject(kind) if kind else None,
            caseworker=_line("caseworker").encode() if caseworker else None,
            case=_line("case").encode() if by_case else None,
            since=parse(since) if since else None,
            until=parse(until, last=True) if until else None,
            needs_review=needs_review,
            **public,
        )
    except LogError as error:
        raise click.UsageError(str(error)) from error
    with _opened(settings, quiet=as_json) as (log, keys, queries):
        if only_count or by:
            counted = queries.count(asker, criteria, by or "")
            index = _record(settings, log, keys, counted, wait, own=own)
            counts = counted.recorded(index)
            result(as_json, _plain_counts(counts, index), lambda: _show_counts(counts, by, index))
        else:
            order = Order.OLDEST if oldest else Order.NEWEST
            searched = queries.search(asker, criteria, order, size, page)
            index = _record(settings, log, keys, searched, wait, own=own)
            found = searched.recorded(index)
            result(as_json, _plain_page(found, index), lambda: _show_page(found, index))


@contextmanager
def _opened(settings: Settings, *, quiet: bool) -> Iterator[tuple[sa.Engine, SubjectKeys, Queries]]:
    """Opens a log, and an index that goes to its end."""
    from exchange.wiring import searches  # noqa: PLC0415  # policy engines, adapters: slow to import

    master = MasterKey(read_private(settings.vault.master_key))
    verifier = read_vkey(settings.log.signing_key.with_suffix(".vkey"))
    log, keys_engine = existing(settings.log.url), existing(settings.vault.url)
    index = database.connect(searches.index_url(settings))
    keys = SubjectKeys(keys_engine, master)
    try:
        indexer = Indexer(log, index, keys)
        indexer.prepare()
        with progress("Indexing entries", quiet=quiet) as advance:
            indexer.catch_up(advance)
        yield log, keys, Queries(index, LogReader(log, verifier, keys), keys, master.page_tokens)
    except sa.exc.SQLAlchemyError as error:
        problem = type(error).__name__
        raise CommandError(f"the log's database fails ({problem}): run this version's broker once") from error
    finally:
        for engine in (index, log, keys_engine):
            engine.dispose()


def _record(
    settings: Settings, log: sa.Engine, keys: SubjectKeys, made: Unrecorded[Any], wait: float, *, own: bool
) -> int:
    """Has the owner of the log record a search; gives the entry's index."""
    submission: Submission = made.submission
    number = waiting.ask(log, keys, submission)
    deadline = time.monotonic() + wait
    with owned(settings) if own else nullcontext():
        while True:
            with log.connect().execution_options(read_only=True) as connection:
                index = asked.answered(connection, number)
            if index == waiting.UNREADABLE:
                raise CommandError("the log could not record the search: search again")
            if index is not None:
                return index
            if time.monotonic() >= deadline:
                raise CommandError(
                    "no broker has recorded the search, so it is not answered: start one, or add --own"
                )
            time.sleep(_EVERY)


def _subject(kind: str) -> bytes:
    value = _line(kind)
    is_valid, form = SUBJECT_KEYS[kind]
    if not is_valid(value):
        raise click.UsageError(f"a {kind} is {form}")
    return subject_bytes(kind, value)


def _line(what: str) -> str:
    value: str = click.prompt(what, hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().strip()
    if not value:
        raise click.UsageError(f"standard input holds no {what}")
    return value


def _searched(searched: int, unsearched: tuple[Range, ...], index: int) -> dict[str, Any]:
    return {"searched": searched, "unsearched": _written(unsearched), "queried": index}


def _written(found: tuple[Range, ...]) -> str:
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in found)


def _plain_page(page: Page, index: int) -> dict[str, Any]:
    records = [
        {"index": stored.index, "entry": orjson.loads(stored.leaf), "proof": proof.text}
        for stored, proof in page.records
    ]
    found = _searched(page.searched, page.unsearched, index)
    return {"records": records, "count": page.count, "next": page.next_token, **found}


def _plain_counts(counts: Counts, index: int) -> dict[str, Any]:
    by = [{"value": value, "count": count} for value, count in counts.by]
    return {"count": counts.count, "by": by, **_searched(counts.searched, counts.unsearched, index)}


def _show_page(page: Page, index: int) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("entry", "time", "authority", "provider", "dataset", "purpose", "legal basis", "outcome"):
        table.add_column(heading, overflow="fold")
    for stored, _ in page.records:
        table.add_row(*map(_safe, (str(stored.index), stored.content.time, *_cells(stored.content))))
    if page.records:
        console.print(table)
    _show_end(f"{len(page.records)} of {page.count} records", page.searched, page.unsearched, index)
    if page.next_token:
        console.print(f"next page   --page {page.next_token}", markup=False, soft_wrap=True)


def _cells(content: Entry | Event) -> tuple[str, ...]:
    if isinstance(content, Event):
        return content.caller or "-", "-", content.kind, "-", "-", "-"
    told = content
    outcome = " ".join((told.outcome, *told.reasons))
    return told.consumer, told.provider, told.dataset, told.purpose, told.legal_basis, outcome


def _show_counts(counts: Counts, by: str | None, index: int) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column(by or "", overflow="fold")
    table.add_column("records", justify="right")
    for value, count in counts.by:
        table.add_row(_safe(value), f"{count:,}")
    if counts.by:
        console.print(table)
    _show_end(f"{counts.count:,} records", counts.searched, counts.unsearched, index)


def _show_end(found: str, searched: int, unsearched: tuple[Range, ...], index: int) -> None:
    console.print(f"found       {found}, among {searched:,} entries; entry {index} says so", markup=False)
    if unsearched:
        console.print(f"not yet     what is sealed of {_written(unsearched)}: search again", markup=False)


def _safe(text: str) -> Text:
    """A text of a caller's, so that a terminal shows it and does nothing else with it."""
    return Text("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text))
