"""Verifying a log's timestamps: each token, and that the log still is what was stamped.

A token over a checkpoint that the entries no longer lead to proves that the log was rewritten: both
checkpoints carry the log's signature, and the token says that the other one was there first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from audit.errors import LogError, VerificationError
from audit.formats import checkpoint
from audit.formats.note import NoteVerifier
from audit.storage.schema import timestamps
from audit.timestamps import timestamp
from audit.timestamps.timestamp import Roots

_CHUNK = 256  # tokens have some thousands of bytes each
Find = Callable[[float, str, str], None]


@dataclass(frozen=True, slots=True)
class _Stamped:
    tsa: str
    time: str
    root: bytes


class TimestampCheck:
    """Holds the timestamps of a log to their authorities, and the log to its timestamps.

    Attributes:
        sizes: of the stamped checkpoints, at which `reached` is to be called.
        rooted: how many tokens hold under a root certificate.
        unrooted: how many could not be held to one.
    """

    def __init__(self, connection: sa.Connection, verifier: NoteVerifier, roots: Roots, find: Find) -> None:
        """Takes the log's database, its public key, the roots, and what findings are told to."""
        self._connection = connection
        self._verifier = verifier
        self._roots = roots
        self._find = find
        self._extended = (0, "")  # the largest stamped size that the log extends, and when it was stamped
        self._contradicted = False
        self.sizes: dict[int, list[_Stamped]] = {}
        self.rooted = self.unrooted = 0

    def read(self, size: int) -> None:
        """Verifies every token; a checkpoint beyond the log's size shows that entries were removed."""
        if not sa.inspect(self._connection).has_table(timestamps.name):
            return  # a log of an earlier release
        query = sa.select(timestamps).order_by(timestamps.c.size, timestamps.c.tsa)
        try:
            for row in self._connection.execute(query.execution_options(yield_per=_CHUNK)):
                self._row(row, size)
        except sa.exc.DBAPIError as error:
            self._find(size, "timestamps", f"one of them cannot be read: {type(error).__name__}")

    def times(self) -> dict[int, datetime]:
        """When the log was first stamped at each size; none without roots: then nobody vouches for any."""
        if not self._roots:
            return {}
        return {
            size: min(datetime.fromisoformat(stamped.time) for stamped in of_size)
            for size, of_size in self.sizes.items()
        }

    def reached(self, size: int, root: bytes) -> None:
        """Holds the tree at a size to the checkpoints of that size that were stamped.

        Told of the first that contradicts: after it every later one must.
        """
        for stamped in self.sizes[size]:
            if stamped.root == root:
                self._extended = (size, stamped.time)
            elif not self._contradicted:
                self._contradicted = True
                first, since = self._extended
                whole = f"; those before entry {first} are as on {since}" if first else ""
                problem = (
                    f"are not those that {stamped.tsa} stamped on {stamped.time}: rewritten since{whole}"
                )
                self._find(first, f"entries {first} to {size - 1}", problem)

    def _row(self, row: Any, size: int) -> None:
        place = f"timestamp {row.size} of {row.tsa}"
        at = row.size if isinstance(row.size, int) else size
        try:
            stamped = self._verified(row)
        except LogError as error:
            self._find(at, place, str(error))
            return
        if row.size > size:
            text = f"is of {row.size} entries on {row.time}, and the log has {size}: entries were removed"
            self._find(size, place, text)
        else:
            self.sizes.setdefault(row.size, []).append(stamped)

    def _verified(self, row: Any) -> _Stamped:
        texts = isinstance(row.checkpoint, str) and isinstance(row.time, str)
        if not (texts and isinstance(row.size, int) and isinstance(row.token, bytes)):
            raise VerificationError("is not stored as a number, two texts and bytes")
        signed = checkpoint.verify(row.checkpoint, self._verifier)
        if self._roots:
            token = timestamp.verify(row.token, row.checkpoint, self._roots)
        else:
            token = timestamp.read(row.token, row.checkpoint)
        if (signed.size, timestamp.rfc3339(token.time)) != (row.size, row.time):
            raise VerificationError("its size or time is not what the token and its checkpoint say")
        self.rooted, self.unrooted = self.rooted + bool(self._roots), self.unrooted + (not self._roots)
        return _Stamped(row.tsa, row.time, signed.root)
