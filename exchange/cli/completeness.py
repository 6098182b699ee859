"""`hjemmel log complete` and `verify-complete`: all records about a subject, and proof that these are all."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from audit.completeness import proof_json, proving, rows
from audit.completeness.asked import What
from audit.completeness.proof import Verified
from audit.erasure.retention import CODE
from audit.errors import LogError
from audit.files import read_private, write_private
from audit.formats import canonical
from audit.vault.key_reader import KeyReader
from audit.vault.vault import MasterKey
from exchange.cli.completeness_view import document_of, show_verified
from exchange.cli.config import config_option
from exchange.cli.erasure import own_option
from exchange.cli.opening import existing
from exchange.cli.output import CommandError, console, json_option, progress, read_vkey, result
from exchange.cli.periods import answered, opened_log, wait_option
from exchange.config import Settings, load
from exchange.model.identifiers import SUBJECT_KEYS
from exchange.sealed import subject_bytes

_GROUND = "gdpr.15"  # the right of access
_DENMARK = ZoneInfo("Europe/Copenhagen")

from_option = click.option("--from", "begin", metavar="TIME", help="A day, or a time with its zone.")
to_option = click.option("--to", "end", metavar="TIME", help="Likewise; a day is meant with all of it.")


@click.command()
@click.argument("kind", type=click.Choice(sorted(SUBJECT_KEYS)))
@config_option
@from_option
@to_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="A new file.")
@click.option("--ground", default=_GROUND, show_default=True, help="Code of the ground of the disclosure.")
@wait_option
@own_option
@json_option
def complete(
    kind: str,
    config_path: Path,
    begin: str | None,
    end: str | None,
    out: Path,
    ground: str,
    wait: float,
    own: bool,
    as_json: bool,
) -> None:
    """Give all records about a subject in a time, with the proof that none was left out.

    The subject is read from standard input, or asked for: it does not belong into a shell's history. That
    it was disclosed is an entry of the log, without the subject, before the file is written. The file is
    personal data; whoever gets it verifies it with `hjemmel log verify-complete` and the log's public key.
    """
    if not CODE.fullmatch(ground):
        raise click.UsageError("--ground is a code such as gdpr.15")
    if not begin or not end:
        raise click.UsageError("--from and --to are needed")
    span = (_time(begin), _time(end, last=True))
    settings = load(config_path)
    verifier = read_vkey(settings.log.signing_key.with_suffix(".vkey"))
    subject = _subject(kind)
    if out.exists():
        raise CommandError(f"{out} is there already: name a new file")
    with opened_log(settings) as engine, _keys(settings) as keys:
        with engine.connect() as connection:
            chosen = proving.covering(rows.standing(connection), *span)
        details = {"ground": ground, "since": chosen[0].since, "until": chosen[-1].until}
        disclosed = canonical.encode({**details, "periods": str(len(chosen))}).decode()
        entry = answered(settings, engine, What.DISCLOSED, disclosed, wait, own=own)
        if entry is None:
            raise CommandError("no broker has recorded the disclosure: start one, or own the log with --own")
        with progress("Proving periods", quiet=as_json) as advance:
            proof = proving.prove(engine, verifier, keys, subject, span, advance)
    verified = proof.verify(verifier)
    write_private(out, proof_json.write(proof))
    document = {**document_of(verified), "file": str(out), "disclosed_by": entry}

    def show() -> None:
        show_verified(verified)
        console.print(f"written  {out}, which is personal data; entry {entry} says so", markup=False)

    result(as_json, document, show)


@click.command("verify-complete")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--vkey",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    required=True,
    help="File with the log's public key, got from somewhere you trust.",
)
@click.option(
    "--subject",
    "kind",
    type=click.Choice(sorted(SUBJECT_KEYS)),
    help="Whom the file must be about; the identifier is read from standard input, or asked for.",
)
@from_option
@to_option
@json_option
def verify_complete(
    file: Path, vkey: Path, kind: str | None, begin: str | None, end: str | None, as_json: bool
) -> None:
    """Verify a file of `hjemmel log complete`, with the log's public key alone.

    Exit status 1 when it does not hold: a record is missing or not of the log, or of somebody else, or
    the file does not cover the time or the subject that it should.
    """
    wanted = _subject(kind) if kind else None
    span = (_time(begin) if begin else None, _time(end, last=True) if end else None)
    try:
        verified = proof_json.parse(file.read_bytes()).verify(read_vkey(vkey))
        problem = _uncovered(verified, wanted, *span)
        document = {"holds": not problem, "problem": problem, **document_of(verified)}
    except LogError as error:
        verified, problem = None, str(error)
        document = {"holds": False, "problem": problem}

    def show() -> None:
        if verified is not None:
            show_verified(verified)
        if problem:
            console.print(f"[bold red]✗[/] {problem}", markup=True)
        else:
            console.print("[bold green]These are all records about the subject in that time.[/]")

    result(as_json, document, show)
    if problem:
        raise click.exceptions.Exit(1)


def _subject(kind: str) -> bytes:
    terminal = sys.stdin.isatty()
    value = click.prompt(kind, hide_input=True) if terminal else sys.stdin.readline().strip()
    is_valid, form = SUBJECT_KEYS[kind]
    if not is_valid(value):
        raise click.UsageError(f"a {kind} is {form}")
    return subject_bytes(kind, value)


def _time(text: str, *, last: bool = False) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError("a time is written as 2026-11-21 or 2026-11-21T08:00:00Z") from error
    if len(text) == len("2026-11-21"):
        return (found + timedelta(days=last)).replace(tzinfo=_DENMARK)
    if found.tzinfo is None:
        raise click.UsageError("a time of day needs its zone, as in 2026-11-21T08:00:00Z")
    return found


def _uncovered(
    verified: Verified, subject: bytes | None, begin: datetime | None, end: datetime | None
) -> str | None:
    """Tells what a proof that holds does not cover of what it should."""
    if subject is not None and verified.subject != subject:
        return "the file is about another subject"
    if begin and verified.since and datetime.fromisoformat(verified.since) > begin:
        return f"the file begins later: {verified.since}"
    if end and datetime.fromisoformat(verified.until) < end:
        return f"the file ends earlier: {verified.until}"
    return None


@contextmanager
def _keys(settings: Settings) -> Iterator[KeyReader]:
    engine = existing(settings.vault.url)
    try:
        yield KeyReader(engine, MasterKey(read_private(settings.vault.master_key)))
    finally:
        engine.dispose()
