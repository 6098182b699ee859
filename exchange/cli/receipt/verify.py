"""`hjemmel receipt verify`: whether a receipt holds."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import orjson
from rich.markup import escape

from audit.errors import LogError
from audit.formats import tlog_policy
from audit.formats.tlog_policy import Policy
from audit.timestamps.timestamp import rfc3339
from exchange.cli.output import CommandError, console, json_option, read_vkey, result
from exchange.cli.receipt import file_argument
from exchange.cli.receipt.reading import read, render_entry
from exchange.cli.timestamps import check_timestamp, tsa_root_option


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
@click.option(
    "--timestamp",
    "evidence",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Evidence of hjemmel log timestamp-of, by when the entry existed; needs --tsa-root and --vkey.",
)
@tsa_root_option
@json_option
def verify(
    file: Path,
    vkey: Path | None,
    policy_path: Path | None,
    evidence: Path | None,
    tsa_root: Path | None,
    as_json: bool,
) -> None:
    """Verify a receipt offline: the log's signature, the entry's inclusion, cosignatures, time where given.

    With --policy, the checkpoint must be cosigned as the policy demands; --vkey may be left out where the
    policy lists the log. Exit status 1 when it does not hold.
    """
    if (evidence is None) != (tsa_root is None) or (evidence is not None and vkey is None):
        raise click.UsageError("--timestamp, --tsa-root and --vkey go together")
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
    token = check_timestamp(evidence, proof, vkey, tsa_root) if evidence and tsa_root and vkey else None
    existed = {"existed_by": rfc3339(token.time), "signer": token.signer} if token else {}
    document = {
        "holds": True,
        "index": proof.index,
        "size": head.size,
        "origin": head.origin,
        "cosigned": dict(accepted.cosigned),
        **existed,
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
        if token:
            console.print(
                f"[bold green]The timestamp holds:[/] the entry existed on {rfc3339(token.time)},"
                f" says {escape(token.signer)}."
            )

    result(as_json, document, render)
