"""Making the index of a period again from what is sealed, and holding all that is kept of it to that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from audit.completeness import closed, rows, sparse_tree
from audit.completeness.closed import Closed
from audit.completeness.gathered import gather
from audit.completeness.rows import Standing
from audit.completeness.sparse_tree import BUCKETS, Bucket, Collision, IndexKeys, Listed
from audit.errors import FormatError
from audit.vault.key_reader import KeyReader
from audit.vault.vault import MasterKeyError

_SHOWN = 3  # entries that are named


def index_problems(
    connection: sa.Connection, keys: KeyReader, period: Standing, key_id: str, told: Closed
) -> Iterator[str]:
    """Says what does not hold of an index.

    Args:
        connection: one state of the log.
        keys: open what is sealed.
        period: what is kept of it.
        key_id: name of its keys.
        told: what the entry says that closed it.
    """
    try:
        secret = keys.period(key_id)
        index_keys = rows.keys_of(secret) if secret else None
    except (MasterKeyError, FormatError) as error:
        yield f"the keys of its index cannot be read: {error}"
        return
    if index_keys is None:
        yield "the keys of its index are gone, and no erasure says so"
        return
    if sparse_tree.key_commitment(index_keys.pseudonyms) != told.key:
        yield "the keys that are kept of its index are not those that it commits to"
    found = gather(connection, keys, period.first, period.end)
    try:
        leaves = found.listed(index_keys)
    except Collision as error:
        yield f"its index cannot be made again: {error}"
        return
    yield from _rows_problems(connection, key_id, index_keys, leaves, told.root)
    account = found.account
    if period.account != account.text or not told.has(closed.account_opening(index_keys.salts), account):
        yield f"its account is not that of the entries: {account.text}"


def _rows_problems(
    connection: sa.Connection, key_id: str, keys: IndexKeys, leaves: list[Listed], root: bytes
) -> Iterator[str]:
    hashes = [Bucket(keys, number, part).root() for number, part in enumerate(rows.split(leaves))]
    try:
        listed = [leaf for number in range(BUCKETS) for leaf in rows.leaves(connection, key_id, number)]
        kept = rows.hashes(connection, key_id)
    except FormatError as error:
        yield str(error)
        listed, kept = leaves, hashes
    different = list(_different(leaves, listed))
    yield from different
    if sparse_tree.root(hashes) != root:
        yield "its root is not the one over the entries of the period"
    elif kept != hashes and not different:
        yield "what proofs are made from is not what it commits to"


def _different(ours: Sequence[Listed], kept: Sequence[Listed]) -> Iterator[str]:
    """Says which entries an index does not list as it should; names the first, where there are many."""
    right = {index: pseudonym for pseudonym, indexes in ours for index in indexes}
    listed = {index: pseudonym for pseudonym, indexes in kept for index in indexes}
    wrong = [i for i in sorted(right.keys() | listed.keys()) if right.get(i) != listed.get(i)]
    for index in wrong[:_SHOWN]:
        if index not in listed:
            yield f"its index leaves out entry {index}"
        elif index not in right:
            yield f"its index lists entry {index}, which is not about anybody, or does not open"
        else:
            yield f"its index has entry {index} under another subject"
    if len(wrong) > _SHOWN:
        yield f"its index has {len(wrong) - _SHOWN} more entries wrong"
