"""`hjemmel log fork-evidence`: two checkpoints that cannot both be true, in a file that anyone can check."""

from __future__ import annotations

from pathlib import Path

import click
import sqlalchemy as sa

from audit.errors import LogError
from audit.formats import checkpoint, proof_file
from audit.formats.note import NoteVerifier
from audit.witness import fork_evidence, fork_search
from audit.witness.fork_evidence import Fork, ForkEvidence
from exchange.cli.opening import existing
from exchange.cli.output import CommandError, console, json_option, read_vkey, result
from exchange.config import anchored_url

_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command("fork-evidence")
@click.argument("checkpoints", nargs=-1, type=_file)
@click.option("--vkey", required=True, type=_file, help="File with the log's public key.")
@click.option("--url", help="Database of the log, where the checkpoints are of different sizes.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the evidence to this file.")
@click.option("--check", "checked", type=_file, help="Check a file of evidence instead.")
@json_option
def fork_evidence_command(
    checkpoints: tuple[Path, ...],
    vkey: Path,
    url: str | None,
    output: Path | None,
    checked: Path | None,
    as_json: bool,
) -> None:
    """Prove that a log was forked, by two CHECKPOINTS (or receipts) that it signed.

    Two of the same size and different roots prove it by themselves. For two of different sizes the log's
    database is needed; then one checkpoint is enough, which is held against the log as it stands.

    Exit status 0 when the fork is proven, 1 when it is not.
    """
    if bool(checked) == bool(checkpoints) or len(checkpoints) > 2:  # noqa: PLR2004  # a pair
        raise click.UsageError("give one or two checkpoints, or a file with --check")
    verifier = read_vkey(vkey)
    found = _read(checked) if checked else _search(verifier, checkpoints, url)
    try:
        fork = found.check(verifier)
    except LogError as error:
        raise CommandError(str(error), {"proven": False}) from error
    if output:
        output.write_text(found.text, "utf-8")
    document = {
        "proven": fork.proven,
        "origin": fork.first.origin,
        "checkpoints": [{"size": c.size, "root": c.root.hex()} for c in (fork.first, fork.second)],
    }
    result(as_json, document, lambda: _render(fork, output))
    if not fork.proven:
        raise click.exceptions.Exit(1)


def _read(path: Path) -> ForkEvidence:
    if path.stat().st_size > fork_evidence.MAX_BYTES:
        raise CommandError(f"{path} is too large for evidence of a fork")
    return fork_evidence.parse(path.read_bytes())


def _search(verifier: NoteVerifier, paths: tuple[Path, ...], url: str | None) -> ForkEvidence:
    signed = [_signed(path) for path in paths]
    for path, text in zip(paths, signed, strict=True):
        try:
            checkpoint.verify(text, verifier)
        except LogError as error:
            raise CommandError(f"{path}: {error}", {"proven": False}) from error
    if url is None:
        if len(signed) == 1:
            raise click.UsageError("one checkpoint needs --url: the log to hold it against")
        return fork_evidence.evidence(signed[0], signed[1])
    engine = existing(anchored_url(url, Path.cwd()))
    try:
        with engine.connect().execution_options(read_only=True) as connection:
            found = fork_search.search(connection, verifier, signed)
    except sa.exc.SQLAlchemyError as error:
        raise CommandError(f"the log cannot be read: {type(error).__name__}") from error
    if found is None:
        raise CommandError("no fork: the log extends what was signed", {"proven": False})
    return found


def _signed(path: Path) -> str:
    """Reads a signed checkpoint, from a file of its own or from a receipt."""
    try:
        text = path.read_text("utf-8")
        is_receipt = text.startswith(proof_file.HEADER)
        return proof_file.parse(text).signed_checkpoint if is_receipt else text
    except (LogError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} is neither a checkpoint nor a receipt: {error}") from error


def _render(fork: Fork, output: Path | None) -> None:
    for head in (fork.first, fork.second):
        console.print(f"  signed: {head.size} entries, root {head.root.hex()}", markup=False)
    if fork.proven:
        console.print(f"[bold red]The log {fork.first.origin} was forked:[/] it signed both of these.")
    else:
        console.print(
            "Both are signed by the log, and by themselves they do not contradict each other: it has to\n"
            "show that the larger extends the smaller. If it cannot, it was forked. See --url."
        )
    if output:
        console.print(f"The evidence is in {output}; check it with --check and the log's public key.")
