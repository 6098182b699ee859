"""`hjemmel receipt verify`: whether a receipt holds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import orjson

from audit import tlog_policy
from audit.errors import LogError
from audit.tlog_policy import Policy
from exchange.cli.output import CommandError, console, json_option, read_vkey, result
from exchange.cli.receipt import file_argument
from exchange.cli.receipt.reading import read, render_entry


@click.command()
@file_argument
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
    proof, entry = read(file)
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
        render_entry(orjson.loads(entry))
        console.print(
            f"[bold green]The receipt holds:[/] entry {proof.index} of {head.size} in {head.origin},"
            f" by {len(proof.hashes)} hashes and the log's signature."
        )
        for name, time in accepted.cosigned.items():
            when = datetime.fromtimestamp(time, UTC).isoformat(" ", "minutes")
            console.print(f"  cosigned by {name} on {when}", markup=False)

    result(as_json, document, render)
