"""Receipt files, read and shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from audit.errors import LogError
from audit.formats import checkpoint, note, proof_file
from audit.formats import entry as entries
from exchange.cli.output import CommandError, console


def read(file: Path) -> tuple[proof_file.ProofFile, bytes]:
    """Reads a receipt and the entry that it carries, as far as that needs no key.

    Raises:
        CommandError: it is none, or carries no entry.
    """
    try:
        proof = proof_file.parse(file.read_bytes().decode())  # `read_text` would mend line ends
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


def render_entry(document: dict[str, Any]) -> None:
    """Prints an entry for people."""
    for name in sorted(document):
        value = document[name]
        if name == "commitments":
            value = ", ".join(sorted(value)) + " (sealed)"
        elif isinstance(value, list):
            value = ", ".join(v["id"] if isinstance(v, dict) else str(v) for v in value) or "-"
        elif isinstance(value, dict):
            value = ", ".join(f"{k} {v}" for k, v in sorted(value.items())) or "-"
        console.print(f"  {name:<22}{'-' if value in (None, '') else value}", markup=False)
