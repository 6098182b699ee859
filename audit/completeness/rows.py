"""The tables of indexes: which periods there are, and what is needed to prove something from each.

An index stands where a row of `log_periods` names it. Rows of `log_period_buckets` that no such row names are
left over, or still being written: an owner that takes the log over removes them.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from audit.completeness.sparse_tree import (
    BUCKETS,
    HASH_SIZE,
    KEY_SIZE,
    Bucket,
    IndexKeys,
    Listed,
    bucket_of,
    pack,
)
from audit.errors import FormatError
from audit.storage.schema import period_buckets, periods

_PREFIX = "period:"
_NAME_SIZE = 16
_COUNT = 4  # bytes
_INDEX = 8
_HEADER = HASH_SIZE + _COUNT


@dataclass(frozen=True, slots=True)
class Standing:
    """A period as it is closed at present.

    Attributes:
        first: index of its first entry.
        end: index after its last one.
        since: see `closed.Closed`.
        until: likewise.
        entry: the entry that closed it last.
        key_id: name of the keys of its index; absent where they went and it is to be closed anew.
        account: what the entry commits to of what became of its entries; empty likewise.
    """

    first: int
    end: int
    since: str
    until: str
    entry: int
    key_id: str | None
    account: str


def new_name() -> str:
    """Draws the name of an index's keys."""
    return _PREFIX + os.urandom(_NAME_SIZE).hex()


def standing(connection: sa.Connection) -> list[Standing]:
    """Gives all periods, by their entries."""
    return [_read(row) for row in connection.execute(sa.select(periods).order_by(periods.c.first))]


def newest(connection: sa.Connection) -> Standing | None:
    """Gives the last period, where there is one."""
    row = connection.execute(sa.select(periods).order_by(periods.c.first.desc()).limit(1)).first()
    return _read(row) if row else None


def withdrawn(connection: sa.Connection) -> Standing | None:
    """Gives the first period that is to be closed anew, where there is one."""
    query = sa.select(periods).where(periods.c.key_id.is_(None)).order_by(periods.c.first).limit(1)
    row = connection.execute(query).first()
    return _read(row) if row else None


def at(connection: sa.Connection, first: int) -> Standing | None:
    """Gives the period that begins at an entry."""
    row = connection.execute(sa.select(periods).where(periods.c.first == first)).first()
    return _read(row) if row else None


def stand(connection: sa.Connection, period: Standing) -> None:
    """Notes how a period is closed at present."""
    connection.execute(periods.delete().where(periods.c.first == period.first))
    connection.execute(periods.insert(), asdict(period))


def withdraw(connection: sa.Connection, indexes: Sequence[int]) -> list[str]:
    """Takes back the indexes of the periods that some entries stand in: they are to be closed anew.

    Args:
        connection: a transaction of the log's owner.
        indexes: the entries, ascending.

    Returns:
        The names of the keys that have to go.
    """
    names = []
    for period in standing(connection) if indexes else ():
        at_or_after = bisect_left(indexes, period.first)
        touched = at_or_after < len(indexes) and indexes[at_or_after] < period.end
        if touched and period.key_id is not None:
            same = periods.c.first == period.first
            connection.execute(periods.update().where(same).values(key_id=None, account=""))
            discard(connection, period.key_id)
            names.append(period.key_id)
    return names


def part(key_id: str, bucket: int, root: bytes, leaves: Sequence[Listed]) -> dict[str, Any]:
    """Makes the row of a part of an index."""
    return {"key_id": key_id, "bucket": bucket, "hash": root, "leaves": _write(leaves)}


def stage(connection: sa.Connection, parts: Sequence[Mapping[str, Any]]) -> None:
    """Writes parts of an index."""
    connection.execute(period_buckets.insert(), parts)


def discard(connection: sa.Connection, key_id: str) -> None:
    """Removes the parts of an index."""
    connection.execute(period_buckets.delete().where(period_buckets.c.key_id == key_id))


def has_strays(connection: sa.Connection) -> bool:
    """Tells whether there are parts of indexes that no period has."""
    return connection.execute(sa.select(period_buckets.c.key_id).where(_stray()).limit(1)).first() is not None


def discard_strays(connection: sa.Connection) -> None:
    """Removes the parts of indexes that no period has."""
    connection.execute(period_buckets.delete().where(_stray()))


def hashes(connection: sa.Connection, key_id: str) -> list[bytes]:
    """Gives the hashes of the parts of an index.

    Raises:
        FormatError: they are not all there.
    """
    query = sa.select(period_buckets.c.hash).where(period_buckets.c.key_id == key_id)
    found = list(connection.execute(query.order_by(period_buckets.c.bucket)).scalars())
    if len(found) != BUCKETS or not all(isinstance(h, bytes) and len(h) == HASH_SIZE for h in found):
        raise FormatError("what is kept of an index is missing or damaged: run hjemmel log verify")
    return found


def leaves(connection: sa.Connection, key_id: str, bucket: int) -> list[Listed]:
    """Gives the leaves in one part of an index.

    Raises:
        FormatError: they are missing or damaged.
    """
    same = sa.and_(period_buckets.c.key_id == key_id, period_buckets.c.bucket == bucket)
    data = connection.execute(sa.select(period_buckets.c.leaves).where(same)).scalar()
    return _parse(data)


def split(listed: Iterable[Listed]) -> list[list[Listed]]:
    """Sorts leaves into the parts of a tree."""
    parts: list[list[Listed]] = [[] for _ in range(BUCKETS)]
    for leaf in listed:
        parts[bucket_of(leaf[0])].append(leaf)
    return parts


def keys_of(secret: bytes) -> IndexKeys:
    """Reads the two keys of an index as the vault keeps them.

    Raises:
        FormatError: they are of another size.
    """
    if len(secret) != 2 * KEY_SIZE:
        raise FormatError("the keys of an index have 64 bytes")
    return IndexKeys(secret[:KEY_SIZE], secret[KEY_SIZE:])


def bucket(connection: sa.Connection, key_id: str, number: int, keys: IndexKeys) -> Bucket:
    """Reads one part of an index.

    Raises:
        FormatError: it is missing or damaged.
    """
    return Bucket(keys, number, leaves(connection, key_id, number))


def _stray() -> sa.ColumnElement[bool]:
    return period_buckets.c.key_id.not_in(sa.select(periods.c.key_id).where(periods.c.key_id.is_not(None)))


def _read(row: Any) -> Standing:
    return Standing(row.first, row.end, row.since, row.until, row.entry, row.key_id, row.account)


def _write(listed: Sequence[Listed]) -> bytes:
    return b"".join(p + len(found).to_bytes(_COUNT) + pack(found) for p, found in listed)


def _parse(data: Any) -> list[Listed]:
    found: list[Listed] = []
    if not isinstance(data, bytes):
        raise FormatError("a part of an index is missing: run hjemmel log verify")
    begin = 0
    while begin < len(data):
        pseudonym = data[begin : begin + HASH_SIZE]
        count = int.from_bytes(data[begin + HASH_SIZE : begin + _HEADER])
        begin += _HEADER
        end = begin + count * _INDEX
        if not count or end > len(data):
            raise FormatError("a part of an index is damaged: run hjemmel log verify")
        indexes = tuple(int.from_bytes(data[i : i + _INDEX]) for i in range(begin, end, _INDEX))
        found.append((pseudonym, indexes))
        begin = end
    return found
