"""`hjemmel policy replay`: recorded decisions, made again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import click
import sqlalchemy as sa

from audit.files import read_private
from audit.reading.reader import LogReader
from audit.storage.policies import PolicyArchive
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import MasterKey
from exchange.cli.config import config_option
from exchange.cli.opening import existing
from exchange.cli.output import CommandError, errors, json_option, progress, read_vkey, result
from exchange.cli.policy import replay_screen
from exchange.config import Settings, load
from exchange.policy.policy_set import PolicySet
from exchange.workbench.replay import candidate as candidates
from exchange.workbench.replay import page, run, table
from exchange.workbench.replay.report import Report
from exchange.workbench.replay.span import Bound, Span, SpanError
from exchange.workbench.replay.worker import Job, ReplayError

_file = click.Path(path_type=Path, dir_okay=False)


def _bound(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Bound | None:
    try:
        return Bound.parse(value) if value is not None else None
    except SpanError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@config_option
@click.option(
    "--from", "first", metavar="INDEX|DATE", callback=_bound, help="First entry, or first day (UTC)."
)
@click.option("--to", "last", metavar="INDEX|DATE", callback=_bound, help="Last entry, or last day (UTC).")
@click.option(
    "--candidate",
    metavar="FOLDER|BUNDLE|REVISION",
    help="Policy set to compare with: what would newly be granted, refused, changed.",
)
@click.option(
    "--examples", type=click.IntRange(0, 1000), default=5, show_default=True, help="Indexes a group."
)
@click.option("--workers", type=click.IntRange(1, 64), help="Processes; by default one a core.")
@json_option
@click.option("--html", type=_file, help="Write the report as a page.")
@click.option("--csv", type=_file, help="Write the findings, or the groups, as a table.")
def replay(
    config_path: Path,
    first: Bound | None,
    last: Bound | None,
    candidate: str | None,
    examples: int,
    workers: int | None,
    as_json: bool,
    html: Path | None,
    csv: Path | None,
) -> None:
    """Decide recorded requests again, from what was recorded of them.

    Without --candidate: by the revisions that decided. Exit status 1 when anything comes out otherwise
    than the log says. With --candidate: also by that one, and what would become of the decisions.

    Runs beside a broker and writes nothing to the log. Opens policy inputs, so it needs the vault's
    master key; it takes entries as they stand, which hjemmel log verify proves.
    """
    for path in (html, csv):
        if path is not None and not path.parent.is_dir():
            raise CommandError(f"{path} cannot be written: there is no folder {path.parent}")
    settings = load(config_path)
    log, size, compared = _look(settings, candidate)
    try:
        span = Span.of(size, first, last)
    except SpanError as error:
        raise CommandError(str(error)) from error
    job = Job(
        settings.log.url,
        settings.vault.url,
        settings.vault.master_key,
        span,
        compared.bundle if compared else None,
        examples,
    )
    with progress("Deciding again", quiet=as_json) as advance:
        try:
            tally = run.replay(job, workers, advance)
        except ReplayError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            errors.print("interrupted: nothing was written")
            raise click.exceptions.Exit(130) from None
    report = Report(log, size, span, tally, compared)
    _write(html, lambda: page.rendered(report))
    _write(csv, lambda: table.written(report))
    result(as_json, report.document(), lambda: replay_screen.show(report))
    if compared is None and not report.holds:
        raise click.exceptions.Exit(1)


def _look(settings: Settings, candidate: str | None) -> tuple[str, int, PolicySet | None]:
    """Gives the log's name and size by its signed checkpoint, and the candidate."""
    verifier = read_vkey(settings.log.signing_key.with_suffix(".vkey"))
    with ExitStack() as opened:
        engines = [existing(url) for url in (settings.log.url, settings.vault.url)]
        for engine in engines:
            opened.callback(engine.dispose)
        master = MasterKey(read_private(settings.vault.master_key))
        reader = LogReader(engines[0], verifier, SubjectKeys(engines[1], master))
        try:
            head = reader.checkpoint()
            archived = partial(_archived, PolicyArchive(engines[0]))
            compared = candidates.find(candidate, archived) if candidate is not None else None
        except sa.exc.SQLAlchemyError as error:
            where = engines[0].url.render_as_string(hide_password=True)
            raise CommandError(f"{where} cannot be read as a log: {type(error).__name__}") from error
        return head.origin, head.size, compared


def _archived(archive: PolicyArchive, beginning: str) -> bytes:
    return archive.bundle(archive.find(beginning))


def _write(path: Path | None, content: Callable[[], str]) -> None:
    if path is None:
        return
    try:
        path.write_text(content(), "utf-8", newline="")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from error
