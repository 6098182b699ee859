"""Proofs of completeness as files: canonical JSON (RFC 8785); hashes, keys and salts in base64.

docs/completeness.md has the format in full.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from audit.completeness import closed, sparse_tree
from audit.completeness.proof import CompletenessProof, Included, Listed, PeriodProof
from audit.completeness.sparse_tree import Path
from audit.errors import FormatError
from audit.formats import canonical
from audit.formats.commitment import OPENING_SIZE
from audit.formats.merkle import HASH_SIZE
from audit.formats.proof_file import MAX_HASHES

FORMAT = "hjemmel completeness proof v1"
#: Most bytes of a file: ten years of daily periods with many records a day.
MAX_SIZE = 1 << 27


def write(proof: CompletenessProof) -> bytes:
    """Writes a proof."""
    return canonical.encode(
        {
            "format": FORMAT,
            "checkpoint": proof.signed_checkpoint,
            "subject": proof.subject.decode(),
            "periods": [_plain(p) for p in proof.periods],
        }
    )


def parse(data: bytes) -> CompletenessProof:
    """Reads a proof, in the canonical form only.

    Raises:
        FormatError: it is none.
    """
    if len(data) > MAX_SIZE:
        raise FormatError(f"a proof of completeness is at most {MAX_SIZE} bytes")
    document = _object(canonical.decode(data), "format", "checkpoint", "subject", "periods")
    if document["format"] != FORMAT:
        raise FormatError(f"not a {FORMAT}")
    periods = tuple(_period(p) for p in _list(document["periods"]))
    return CompletenessProof(_text(document["checkpoint"]), _text(document["subject"]).encode(), periods)


def _plain(proof: PeriodProof) -> dict[str, Any]:
    return {
        "entry": _plain_included(proof.entry),
        "account": proof.account.text,
        "account_opening": _base64(proof.account_opening),
        "key": _base64(proof.key),
        "path": [_base64(h) for h in proof.path.siblings],
        "salt": _base64(proof.path.salt),
        "records": [
            {**_plain_included(listed.entry), "opening": _base64(listed.opening)} for listed in proof.records
        ],
    }


def _plain_included(included: Included) -> dict[str, Any]:
    path = [_base64(h) for h in included.hashes]
    return {"index": included.index, "leaf": included.leaf.decode(), "path": path}


def _period(value: Any) -> PeriodProof:
    found = _object(value, "entry", "account", "account_opening", "key", "path", "salt", "records")
    records = tuple(_listed(r) for r in _list(found["records"]))
    indexes = tuple(r.entry.index for r in records)
    if list(indexes) != sorted(set(indexes)):
        raise FormatError("the records of a period ascend")
    return PeriodProof(
        _read_included(_object(found["entry"], "index", "leaf", "path")),
        closed.read_account(_text(found["account"])),
        _read(found["account_opening"], OPENING_SIZE),
        _read(found["key"], sparse_tree.KEY_SIZE),
        Path(_hashes(found["path"]), _read(found["salt"], HASH_SIZE), indexes),
        records,
    )


def _listed(value: Any) -> Listed:
    found = _object(value, "index", "leaf", "path", "opening")
    return Listed(_read_included(found), _read(found["opening"], OPENING_SIZE))


def _read_included(found: Mapping[str, Any]) -> Included:
    index = found["index"]
    if type(index) is not int or index < 0:
        raise FormatError("an index in the proof is a number")
    return Included(index, _text(found["leaf"]).encode(), _hashes(found["path"]))


def _object(value: Any, *names: str) -> Mapping[str, Any]:
    if not isinstance(value, dict) or value.keys() != set(names):
        raise FormatError(f"a part of the proof has exactly {', '.join(names)}")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise FormatError("a part of the proof is no list")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise FormatError("a part of the proof is no text")
    return value


def _hashes(value: Any) -> tuple[bytes, ...]:
    hashes = tuple(_read(h, HASH_SIZE) for h in _list(value))
    if len(hashes) > MAX_HASHES:
        raise FormatError(f"a path has at most {MAX_HASHES} hashes")
    return hashes


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _read(value: Any, size: int) -> bytes:
    try:
        data = base64.b64decode(_text(value), validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError("a part of the proof is not base64") from error
    if len(data) != size or _base64(data) != value:
        raise FormatError(f"a part of the proof is not {size} bytes in canonical base64")
    return data
