"""`hjemmel receipt`: a receipt file, read and verified by anyone with the log's public key."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

from audit import checkpoint, note, proof_file, tlog_policy
from audit import entry as entries
from audit.errors import LogError
from audit.tlog_policy import Policy
from exchange.cli.output import CommandError, console, json_option, read_vkey, result

_file = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))


@click.group()
def receipt() -> None:
    """Read and verify receipts (.tlog-proof files)."""


@receipt.command()
@_file
@json_option
def show(file: Path, as_json: bool) -> None:
    """Show what a receipt says, without believing it."""
    proof, entry = _read(file)
    document = {
        "index": proof.index,
        "entry": orjson.loads(entry),
        "checkpoint": proof.signed_checkpoint,
    }

    def render() -> None:
        console.print(f"entry {proof.index}, as the receipt says (not verified):", markup=False)
        _render_entry(orjson.loads(entry))

    result(as_json, document, render)


@receipt.command()
@_file
@click.option(
    "--vkey",
    type=click.Path(path_type=Path, exists=True),
    help="File with the log's public key, got from somewhere you trust.",
)
@click.option(
    "--policy",
    "policy_path",
    type=click.Path(path_type=Path, exists=True),
    help="Trust policy (c2sp.org/tlog-policy) of your own: the witnesses that must have cosigned.",
)
@json_option
def verify(file: Path, vkey: Path | None, policy_path: Path | None, as_json: bool) -> None:
    """Verify a receipt offline: signature of the log, inclusion of the entry, cosignatures of witnesses.

    With --policy, the checkpoint must be cosigned as the policy demands; --vkey may be left out where the
    policy lists the log. Exit status 1 when it does not hold.
    """
    proof, entry = _read(file)
    verifier = read_vkey(vkey) if vkey else None
    policy = tlog_policy.read(policy_path) if policy_path else Policy((), (), (), "none")
    if verifier is None and not policy.logs:
        raise click.UsageError("give the log's public key with --vkey, or a --policy that lists the log")
    try:
        accepted = policy.verify(proof.signed_checkpoint, verifier)
        head = accepted.checkpoint
        proof.verify_in(head, entry)
    except LogError as error:
        raise CommandError(f"the receipt does not hold: {error}", {"holds": False}) from error
    document = {
        "holds": True,
        "index": proof.index,
        "size": head.size,
        "origin": head.origin,
        "cosigned": dict(accepted.cosigned),
        "entry": orjson.loads(entry),
    }

    def render() -> None:
        _render_entry(orjson.loads(entry))
        console.print(
            f"[bold green]The receipt holds:[/] entry {proof.index} of {head.size} in {head.origin},"
            f" by {len(proof.hashes)} hashes and the log's signature."
        )
        for name, time in accepted.cosigned.items():
            when = datetime.fromtimestamp(time, UTC).isoformat(" ", "minutes")
            console.print(f"  cosigned by {name} on {when}", markup=False)

    result(as_json, document, render)


def _read(file: Path) -> tuple[proof_file.ProofFile, bytes]:
    try:
        proof = proof_file.parse(file.read_text("utf-8"))
        checkpoint.parse(note.parse(proof.signed_checkpoint).text)
    except (LogError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} is no receipt: {error}", {"holds": False}) from error
    if proof.extra is None:
        raise CommandError(f"{file} does not carry the entry (no 'extra' line)", {"holds": False})
    try:
        entries.decode_any(proof.extra)
    except LogError as error:
        raise CommandError(f"{file} carries no entry of a log: {error}", {"holds": False}) from error
    return proof, proof.extra


def _render_entry(document: dict[str, Any]) -> None:
    for name in sorted(document):
        value = document[name]
        if name == "commitments":
            value = ", ".join(sorted(value)) + " (sealed)"
        elif isinstance(value, list):
            value = ", ".join(v["id"] if isinstance(v, dict) else str(v) for v in value) or "-"
        elif isinstance(value, dict):
            value = ", ".join(f"{k} {v}" for k, v in sorted(value.items())) or "-"
        console.print(f"  {name:<22}{'-' if value in (None, '') else value}", markup=False)
