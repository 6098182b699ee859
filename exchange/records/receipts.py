"""Receipts that one's own client kept: `.tlog-proof` files in a folder, each of one recorded entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audit.errors import FormatError, LogError
from audit.formats import entry, proof_file, side
from audit.formats.note import NoteVerifier
from exchange.records.findings import Finding, Kind

_PATTERN = "*.tlog-proof"


@dataclass(frozen=True, slots=True)
class KeptReceipt:
    """A receipt that holds: the file, its text, and the entry that it proves."""

    name: str
    text: str
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Receipts:
    """The receipts of a folder: those of the own side by index, and those that do not hold.

    Attributes:
        by_index: what holds.
        findings: files that hold nothing, and those that contradict each other.
    """

    by_index: Mapping[int, KeptReceipt]
    findings: tuple[Finding, ...]


def read(folder: Path, authority: str, log: NoteVerifier) -> Receipts:
    """Reads and verifies the receipts of a folder, those below it included.

    Raises:
        OSError: a file cannot be read.
    """
    found: dict[int, KeptReceipt] = {}
    findings: list[Finding] = []
    for path in sorted(folder.rglob(_PATTERN)):
        name = str(path.relative_to(folder))
        try:
            index, receipt = _read(path, name, authority, log)
        except (LogError, UnicodeDecodeError) as error:
            problem = "is not text" if isinstance(error, UnicodeDecodeError) else str(error)
            findings.append(Finding(Kind.RECEIPT_INVALID, name, problem))
            continue
        other = found.setdefault(index, receipt)
        if other.leaf != receipt.leaf:
            problem = f"proves another entry {index} than {other.name}: the log signed both"
            evidence = {f"{index}-one.tlog-proof": other.text, f"{index}-other.tlog-proof": receipt.text}
            findings.append(Finding(Kind.FORKED, name, problem, index, evidence))
    return Receipts(found, tuple(findings))


def _read(path: Path, name: str, authority: str, log: NoteVerifier) -> tuple[int, KeptReceipt]:
    proof = proof_file.parse(path.read_bytes().decode())  # `read_text` would mend line ends
    if proof.extra is None:
        raise FormatError("does not carry the entry")
    proof.verify(proof.extra, log)
    if not side.concerns(entry.decode_any(proof.extra)[0], authority):
        raise FormatError(f"is of an entry that is not on the side of {authority}")
    return proof.index, KeptReceipt(name, proof.text, proof.extra)
