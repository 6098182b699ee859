"""`hjemmel log erase` and `erasure-proof`: a log that forgets, and says so."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa

from audit.erasure.erasing import Erasing, Wanted
from audit.erasure.retention import CODE, read
from audit.errors import LogStopped
from audit.files import read_private
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import MasterKey
from exchange.cli.config import config_option
from exchange.cli.opening import existing, open_log
from exchange.cli.output import CommandError, console, json_option, result
from exchange.config import Settings, load
from exchange.model.identifiers import SUBJECT_KEYS
from exchange.sealed import subject_bytes

_EVERY = 0.1  # seconds
_GROUND = "gdpr.17.1"  # the right to erasure

own_option = click.option(
    "--own", is_flag=True, help="No broker runs on this log: own it for a moment and do the work here."
)


@click.command()
@config_option
@click.option(
    "--subject",
    nargs=2,
    metavar="KIND VALUE",
    help="Everything sealed about a subject. VALUE - reads it from standard input.",
)
@click.option("--record", type=click.IntRange(0), metavar="INDEX", help="What is sealed of one record.")
@click.option(
    "--retention",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="What is older than the classes of this TOML file let it be.",
)
@click.option("--ground", default=_GROUND, show_default=True, help="Code of the ground; a class has its own.")
@click.option("--dry-run", is_flag=True, help="Only count what would be erased.")
@click.option("--wait", default=30.0, show_default=True, help="Seconds to wait until the broker has done it.")
@own_option
@json_option
def erase(
    config_path: Path,
    subject: tuple[str, str] | None,
    record: int | None,
    retention: Path | None,
    ground: str,
    dry_run: bool,
    wait: float,
    own: bool,
    as_json: bool,
) -> None:
    """Erase what is sealed, so that nothing opens it again and every proof holds as before.

    The broker that owns the log does the work, within a second, and an entry of the log says so. Exit
    status 1 when it is not done yet: it will be, by the broker that next owns the log.
    """
    if sum(choice is not None for choice in (subject, record, retention)) != 1:
        raise click.UsageError("name one of --subject, --record and --retention")
    if not CODE.fullmatch(ground):
        raise click.UsageError("--ground is a code such as gdpr.17.1")
    settings = load(config_path)
    with erasing(settings) as asking:
        wanted = _wanted(asking, subject, record, retention, ground)
        asked: list[tuple[Wanted, int | None]] = [
            (w, None if dry_run else asking.ask(w, code)) for w, code in wanted
        ]
        numbers = [number for _, number in asked if number is not None]
        done = _carried_out(settings, asking, numbers, wait, own=own)
        told = [_told(asking, w, number) for w, number in asked]
    document = {"dry_run": dry_run, "done": done, "erasures": told}

    def show() -> None:
        for one in told:
            what = f"{one['scope']} {one['rule']}".rstrip()
            under_way = f", {one['under_way']} under way" if one["under_way"] else ""
            said = f"; entries {', '.join(map(str, one['entries']))} say so" if one["entries"] else ""
            console.print(f"{what}: {one['records']} records{under_way}{said}", markup=False)
        if dry_run or not told:
            console.print("Nothing was erased.")
        elif not done:
            console.print("Asked for; no broker has done it yet. The one that next owns the log will.")

    result(as_json, document, show)
    if not done:
        raise click.exceptions.Exit(1)


@click.command("erasure-proof")
@click.argument("index", type=click.IntRange(0))
@config_option
@json_option
def erasure_proof(index: int, config_path: Path, as_json: bool) -> None:
    """Show what the erasure with its entry at INDEX covers, and whether exactly that is gone.

    The ranges and the opening are what an auditor needs to hold the entry to: its commitment "covers" is
    HMAC-SHA256(opening, "erased" ‖ 0x00 ‖ ranges). That nothing else is gone is shown by hjemmel log
    verify: whatever is missing without such an entry is a finding. Exit status 1 when something that was
    erased is there again.
    """
    settings = load(config_path)
    with erasing(settings) as asking:
        covered = asking.proof(index)
    reader = open_log(config_path)
    stored = reader.by_index(index)
    proof = reader.proof(index, extra=stored.leaf)
    proof.verify(stored.leaf, reader.verifier)
    details = getattr(stored.content, "details", {})
    document = {
        "entry": index,
        "details": dict(details),
        "opening": covered.opening.hex(),
        "indexes": covered.indexes,
        "records": covered.records,
        "holds": covered.holds,
        "sealed_again": list(covered.sealed_again),
        "keys_again": len(covered.keys_again),
        "proof": proof.text,
    }

    def show() -> None:
        told = f"{details['scope']}, ground {details['ground']}, {covered.records} records"
        console.print(f"entry    {index}: {told}; in the log, signed", markup=False)
        console.print(f"covers   {covered.indexes or 'none'}", markup=False)
        console.print(f"opening  {covered.opening.hex()}")
        if covered.holds:
            console.print("[bold green]All of it is gone.[/] That nothing else is: hjemmel log verify.")
        else:
            again = f"{len(covered.sealed_again)} sealed parts and {len(covered.keys_again)} keys"
            console.print(f"[bold red]✗[/] {again} are there again")

    result(as_json, document, show)
    if not covered.holds:
        raise click.exceptions.Exit(1)


@contextmanager
def erasing(settings: Settings) -> Iterator[Erasing]:
    """Opens a log's databases for asking.

    Raises:
        CommandError: there is no log, or its databases cannot be used.
    """
    log, keys = existing(settings.log.url), existing(settings.vault.url)
    try:
        yield Erasing(log, SubjectKeys(keys, MasterKey(read_private(settings.vault.master_key))))
    except sa.exc.SQLAlchemyError as error:
        kind = type(error).__name__
        raise CommandError(f"the log's database fails ({kind}): run this version's broker once") from error
    finally:
        log.dispose()
        keys.dispose()


def own_for_a_moment(settings: Settings) -> None:
    """Owns the log, does what is waiting, and lets go of it.

    Raises:
        CommandError: a broker listens where this one's configuration says, or the log cannot be owned.
    """
    with owned(settings):
        pass


@contextmanager
def owned(settings: Settings) -> Iterator[None]:
    """Owns the log for as long as this lasts.

    Raises:
        CommandError: a broker listens where this one's configuration says, or the log cannot be owned.
    """
    from audit.log import AuditLog  # noqa: PLC0415  # needed by few calls, and slow to import
    from exchange import wiring  # noqa: PLC0415  # as above

    refuse_beside_broker(settings)
    try:
        log = AuditLog.open(wiring.log_settings(settings))
    except LogStopped as error:
        raise CommandError(f"the log cannot be owned: {error}") from error
    try:
        yield
    finally:
        log.close()


def refuse_beside_broker(settings: Settings) -> None:
    """Refuses where a broker of this configuration runs on this machine.

    Raises:
        CommandError: it does.
    """
    from exchange.edge.server import check_free  # noqa: PLC0415  # gRPC: slow to import

    for address in filter(None, (settings.server.address, settings.server.probe_address)):
        try:
            check_free(address)
        except OSError as error:
            raise CommandError(f"a broker runs at {address}: stop it first, or let it do the work") from error


def _wanted(
    asking: Erasing, subject: tuple[str, str] | None, record: int | None, retention: Path | None, ground: str
) -> list[tuple[Wanted, str]]:
    if subject is not None:
        kind, value = subject
        form = SUBJECT_KEYS.get(kind)
        if form is None:
            raise click.UsageError(f"KIND is one of {', '.join(SUBJECT_KEYS)}")
        value = sys.stdin.readline().strip() if value == "-" else value
        if not form[0](value):
            raise click.UsageError(f"a {kind} is {form[1]}")
        return [(asking.subject(subject_bytes(kind, value)), ground)]
    if record is not None:
        return [(asking.record(record), ground)]
    today = datetime.now(UTC).date().isoformat()
    classes = read(retention) if retention else []
    return [(part, rule.ground) for rule in classes for part in asking.retention(rule, today)]


def _carried_out(settings: Settings, asking: Erasing, numbers: list[int], wait: float, *, own: bool) -> bool:
    if own and numbers:
        own_for_a_moment(settings)
    end = time.monotonic() + wait
    while not all(asking.done(n) for n in numbers):
        if time.monotonic() >= end:
            return False
        time.sleep(_EVERY)
    return True


def _told(asking: Erasing, wanted: Wanted, number: int | None) -> dict[str, Any]:
    return {
        "scope": wanted.scope.value,
        "rule": wanted.rule,
        "records": wanted.records if number is None else asking.covered(number),
        "under_way": wanted.intentions,
        "entries": [] if number is None else asking.entries(number),
    }
