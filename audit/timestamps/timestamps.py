"""The timestamps that a log has: kept beside it, read with it, handed out as evidence."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from audit.errors import NotFound
from audit.formats import merkle
from audit.formats.proof_file import ProofFile
from audit.storage import database, store
from audit.storage.schema import entries, timestamps
from audit.timestamps.timestamp_file import Evidence


@dataclass(frozen=True, slots=True)
class StoredTimestamp:
    """A timestamp as it is kept.

    Attributes:
        size: of the checkpoint.
        tsa: the authority, as it was configured.
        time: that the token states, RFC 3339 in UTC.
        checkpoint: the signed checkpoint, byte for byte as it was stamped.
        token: the TimeStampToken, DER.
    """

    size: int
    tsa: str
    time: str
    checkpoint: str
    token: bytes


class TimestampArchive:
    """The timestamps in a log's database. Used from any thread."""

    def __init__(self, engine: sa.Engine) -> None:
        """Takes the log's database."""
        self._engine = engine

    def newest_size(self, tsa: str) -> int:
        """The size of the largest checkpoint that an authority stamped; 0 where it stamped none."""
        query = sa.select(sa.func.max(timestamps.c.size)).where(timestamps.c.tsa == tsa)
        with self._engine.connect().execution_options(read_only=True) as connection:
            return connection.execute(query).scalar() or 0

    def keep(self, stamp: StoredTimestamp) -> None:
        """Keeps a timestamp that was verified."""
        with self._engine.begin() as connection:
            connection.execute(timestamps.insert(), asdict(stamp))

    def all(self) -> list[StoredTimestamp]:
        """Every timestamp, oldest first."""
        query = sa.select(timestamps).order_by(timestamps.c.size, timestamps.c.tsa)
        with self._engine.connect().execution_options(read_only=True) as connection:
            return [StoredTimestamp(**row) for row in connection.execute(query).mappings()]

    def evidence(self, index: int) -> Evidence:
        """Proves an entry under the earliest stamped checkpoint that commits to it.

        Raises:
            NotFound: there is no such entry, or no checkpoint over it was stamped yet.
        """
        query = (
            sa.select(timestamps)
            .where(timestamps.c.size > index)
            .order_by(timestamps.c.size, timestamps.c.time)
            .limit(1)
        )
        with database.snapshot(self._engine) as connection:
            leaf = connection.execute(sa.select(entries.c.leaf).where(entries.c.index == index)).scalar()
            if leaf is None:
                raise NotFound(f"the log has no entry {index}")
            row = connection.execute(query).first()
            if row is None:
                raise NotFound(f"no checkpoint over entry {index} was stamped yet")
            hashes = merkle.inclusion_proof(index, row.size, store.StoredNodes(connection).read)
        return Evidence(row.token, ProofFile(index, tuple(hashes), row.checkpoint, leaf))
