"""`hjemmel log timestamps` and `timestamp-of`: what outsiders say about when entries existed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import sqlalchemy as sa
from rich.table import Table

from audit.errors import LogError
from audit.formats.proof_file import ProofFile
from audit.timestamps import timestamp, timestamp_file
from audit.timestamps.timestamp import Roots, Token
from audit.timestamps.timestamps import TimestampArchive
from exchange.cli.config import config_option
from exchange.cli.opening import existing, open_log
from exchange.cli.output import CommandError, console, json_option, read_vkey, result
from exchange.config import Settings, load

tsa_root_option = click.option(
    "--tsa-root",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Root certificates of the timestamp authorities, PEM, got from somewhere you trust.",
)


@click.command()
@config_option
@json_option
def timestamps(config_path: Path, as_json: bool) -> None:
    """List the timestamps of the log: size, time, authority, age. `hjemmel log verify` verifies them."""
    settings = load(config_path)
    try:
        kept = TimestampArchive(existing(settings.log.url)).all()
        size = open_log(config_path).checkpoint().size
    except sa.exc.SQLAlchemyError as error:
        raise CommandError(f"the log cannot be read: {type(error).__name__}") from error
    now = datetime.now(UTC)
    ages = [now - datetime.fromisoformat(stamp.time) for stamp in kept]
    uncovered = size - max((stamp.size for stamp in kept), default=0)
    document = {
        "timestamps": [
            {"size": s.size, "time": s.time, "tsa": s.tsa, "age_seconds": round(age.total_seconds())}
            for s, age in zip(kept, ages, strict=True)
        ],
        "size": size,
        "uncovered": uncovered,
    }

    def show() -> None:
        table = Table(box=None, pad_edge=False)
        for heading in ("entries", "time", "authority", "age"):
            table.add_column(heading, overflow="fold")
        for stamp, age in zip(kept, ages, strict=True):
            table.add_row(
                str(stamp.size), stamp.time, stamp.tsa, str(timedelta(seconds=int(age.total_seconds())))
            )
        if kept:
            console.print(table)
        console.print(
            f"{len(kept)} timestamps; {uncovered} of {size} entries are under none yet", markup=False
        )

    result(as_json, document, show)


@click.command("timestamp-of")
@click.argument("index", type=click.IntRange(0))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="File to write; `hjemmel receipt verify --timestamp` reads it.",
)
@config_option
@json_option
def timestamp_of(index: int, output: Path, config_path: Path, as_json: bool) -> None:
    """Write evidence that an entry existed by a time: token, checkpoint, inclusion proof, entry."""
    settings = load(config_path)
    verifier = read_vkey(settings.log.signing_key.with_suffix(".vkey"))
    try:
        evidence = TimestampArchive(existing(settings.log.url)).evidence(index)
    except sa.exc.SQLAlchemyError as error:
        raise CommandError(f"the log cannot be read: {type(error).__name__}") from error
    # What does not hold is not handed out.
    token = evidence.verify(verifier, timestamp.read_roots(settings.timestamps.root_certificates))
    output.write_text(evidence.text, "utf-8")
    time = timestamp.rfc3339(token.time)
    document = {"index": index, "time": time, "signer": token.signer, "file": str(output)}
    result(
        as_json,
        document,
        lambda: console.print(
            f"entry {index} existed on {time}, says {token.signer}: {output}", markup=False, soft_wrap=True
        ),
    )


def configured_roots(settings: Settings) -> Roots:
    """The root certificates of a configuration; none where it has no such file and needs none."""
    path = settings.timestamps.root_certificates
    return timestamp.read_roots(path) if settings.timestamps.url or path.exists() else ()


def check_timestamp(file: Path, receipt: ProofFile, vkey: Path, tsa_root: Path) -> Token:
    """Verifies evidence that the entry of a receipt existed by a time, and gives the token.

    Raises:
        CommandError: the evidence does not hold, or is of another entry.
    """
    try:
        evidence = timestamp_file.parse(file.read_text("utf-8"))
        token = evidence.verify(read_vkey(vkey), timestamp.read_roots(tsa_root))
        evidence.check_is_of(receipt)
    except (LogError, UnicodeDecodeError) as error:
        raise CommandError(f"the timestamp does not hold: {error}", {"holds": False}) from error
    return token
