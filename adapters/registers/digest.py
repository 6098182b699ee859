"""The fingerprint of generated registers, and those that are published."""

import hashlib
import json
from types import MappingProxyType
from typing import Final

from adapters.registers.model import Registers

PUBLISHED_DIGESTS: Final = MappingProxyType(
    {
        200: "0ae923e6df49692fe6cc2fbc2e1fc309b87baad68858919862bc64890f11502a",
        10_000: "22469ba748d1f968805a3ba9e013724d821a6a6264a42364b8286fbccab99138",
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
