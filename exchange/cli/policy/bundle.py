"""`hjemmel policy bundle`: a policy set as a bundle for an OPA server."""

from __future__ import annotations

from pathlib import Path

import click

from exchange.cli.output import CommandError, console, json_option, result
from exchange.cli.policy import folder_argument
from exchange.policy import policy_set
from exchange.policy.bundle import BundleSigner, pack
from exchange.policy.embedded import EmbeddedEngine


@click.command()
@folder_argument
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Where to write it.")
@click.option(
    "--signing-key",
    type=click.Path(path_type=Path),
    help="Key to sign it with: P-256 or RSA, PEM, mode 0600.",
)
@click.option("--key-id", help="Name under which OPA knows the key that verifies it.")
@json_option
def bundle(folder: Path, output: Path, signing_key: Path | None, key_id: str | None, as_json: bool) -> None:
    """Pack a policy set as a bundle for an OPA server.

    Unsigned, the same set gives the same bytes.
    """
    if (signing_key is None) != (key_id is None):
        raise click.UsageError("--signing-key and --key-id go together")
    signer = BundleSigner.load(signing_key, key_id) if signing_key and key_id else None
    policies = policy_set.load(folder)
    EmbeddedEngine(policies, timeout=1)
    try:
        output.write_bytes(pack(policies, signer))
    except OSError as error:
        raise CommandError(f"{output} cannot be written: {error.strerror}") from error
    document = {
        "revision": policies.revision,
        "file": str(output),
        "signature": {"algorithm": signer.algorithm, "keyid": signer.key_id, "scope": signer.scope}
        if signer
        else None,
    }
    how = f"signed {signer.algorithm} by {signer.key_id}" if signer else "not signed"
    result(as_json, document, lambda: console.print(f"{output}: revision {policies.revision}, {how}"))
