"""The fingerprint of generated registers, and those that are published."""

import hashlib
import json
from types import MappingProxyType
from typing import Final

from adapters.registers.model import Registers

PUBLISHED_DIGESTS: Final = MappingProxyType(
    {
        200: "dbef2a4990b8c6b4a4bb287fe86a5007e68d83d98f60cc191d9979c5f33f267d",
        10_000: "d6a5a6df97fd9a8756927fba1713619dd63c0d1df51f7a1843cd31f124ffd0a4",
    }
)
"""Digest by number of persons, for the default seed. A change here is a change of the data."""


def digest(registers: Registers) -> str:
    """Returns the SHA-256 over all rows in canonical form.

    Canonical: for every table in the order of names one line of JSON without spaces,
    `[name,columns,rows]`, in UTF-8; rows are sorted already.
    """
    sha = hashlib.sha256()
    for name in sorted(registers.tables):
        table = registers.tables[name]
        line = json.dumps([name, table.columns, table.rows], ensure_ascii=False, separators=(",", ":"))
        sha.update(line.encode())
        sha.update(b"\n")
    return sha.hexdigest()
