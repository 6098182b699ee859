"""What a driver was told before a fault ended it: a file of JSON lines, each written by one system call.

A line is written when the matter counts for the outside: before a register is read, and at the moment at
which an answer would leave. Whatever stands in the file has been promised.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from audit.formats import proof_file
from audit.formats.proof_file import ProofFile
from exchange.model.trace import Receipt


@dataclass(frozen=True, slots=True)
class Told:
    """All promises of one file, or of some of its lines.

    Attributes:
        reads: request ids under which a register was read.
        answers: by request id, the digest of the data that left.
        receipts: everything that was acknowledged with a place in the log.
        erased: numbers of erasures that were reported done.
        events: numbers of policy events that the log was reported to tell of.
        exported: sizes that an export was reported to stand at.
        copied: sizes of backups that were reported whole.
    """

    reads: tuple[str, ...]
    answers: dict[str, bytes]
    receipts: tuple[ProofFile, ...]
    erased: tuple[int, ...]
    events: tuple[int, ...]
    exported: tuple[int, ...]
    copied: tuple[int, ...]


class Side:
    """Writes such a file."""

    def __init__(self, path: Path) -> None:
        """Opens it, to be added to."""
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def read(self, request_id: str) -> None:
        """A register is read when this returns, not before: the line is durable."""
        self._write(read=request_id)
        os.fsync(self._file)

    def answered(self, request_id: str, data: bytes, receipt: Receipt | None) -> None:
        """Data leave."""
        told = receipt_text(receipt) if receipt else ""
        self._write(answer=request_id, data=sha256(data).hexdigest(), receipt=told)

    def acknowledged(self, receipt: Receipt) -> None:
        """A place in the log is told, and no data leave."""
        self._write(receipt=receipt_text(receipt))

    def fact(self, **fact: int) -> None:
        """Something was done: `erased`, `event`, `exported` or `copied`, and its number."""
        self._write(**fact)

    def _write(self, **line: Any) -> None:
        os.write(self._file, orjson.dumps(line) + b"\n")


def receipt_text(receipt: Receipt) -> str:
    """A receipt with its entry, as a proof file."""
    proof = proof_file.parse(receipt.proof)
    return ProofFile(proof.index, proof.hashes, proof.signed_checkpoint, receipt.entry).text


def read(path: Path) -> Told:
    """Reads such a file; a last line that a kill cut short told nobody anything."""
    return parse(path.read_bytes().splitlines(keepends=True) if path.exists() else ())


def parse(lines: Iterable[bytes]) -> Told:
    """Reads the lines of such a file."""
    whole = [orjson.loads(line) for line in lines if line.endswith(b"\n")]

    def numbers(name: str) -> tuple[int, ...]:
        return tuple(line[name] for line in whole if name in line)

    return Told(
        tuple(line["read"] for line in whole if "read" in line),
        {line["answer"]: bytes.fromhex(line["data"]) for line in whole if "answer" in line},
        tuple(_receipts(whole, proof_file.parse)),
        numbers("erased"),
        numbers("event"),
        numbers("exported"),
        numbers("copied"),
    )


def _receipts(lines: Iterable[dict[str, Any]], parsed: Callable[[str], ProofFile]) -> Iterator[ProofFile]:
    return (parsed(line["receipt"]) for line in lines if line.get("receipt"))
