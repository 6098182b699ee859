"""The log's tables as functions on a connection: what a commit writes, what a proof reads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from audit.formats.merkle import HASH_SIZE, subtree
from audit.formats.tiles import TILE_HEIGHT, TILE_WIDTH
from audit.storage.prepared import Prepared, PreparedInsert, one_of, run_one_of
from audit.storage.schema import entries, head, intentions, policy_revisions, reviews, sealed, tiles
from audit.vault.pages import Place
from audit.vault.vault import KeyName

_HEAD = 1
_REMEMBERED = 8 * TILE_WIDTH  # halves of the complete tiles under the partial ones of four levels

# What every group commit runs.
_SWAP_HEAD = Prepared(
    head.update()
    .where(
        head.c.id == sa.literal_column(str(_HEAD)),
        head.c.epoch == sa.bindparam("old_epoch"),
        head.c.size == sa.bindparam("old_size"),
    )
    .values(
        epoch=sa.bindparam("new_epoch"),
        size=sa.bindparam("new_size"),
        root=sa.bindparam("new_root"),
        signed_checkpoint=sa.bindparam("new_checkpoint"),
    )
)
_ADD_ENTRIES = PreparedInsert(entries)
_ADD_SEALED = PreparedInsert(sealed)
_ADD_INTENTIONS = PreparedInsert(intentions)
_CLOSE_INTENTIONS = one_of(lambda ids: intentions.delete().where(intentions.c.request_id.in_(ids)))
_RECORDED = one_of(
    lambda ids: sa.select(entries.c.request_id, entries.c.index, entries.c.leaf_hash).where(
        entries.c.request_id.in_(ids)
    )
)


@dataclass(frozen=True, slots=True)
class Head:
    """The state that a log has committed to, and the epoch of the owner that wrote it."""

    epoch: int
    size: int
    root: bytes
    signed_checkpoint: str


@dataclass(frozen=True, slots=True)
class SealedLeaf:
    """A leaf ready to be kept, with its sealed part; that is empty where it was erased meanwhile."""

    data: bytes
    leaf_hash: bytes
    request_id: str | None
    key: KeyName
    sealed: bytes
    needs_review: bool = False


def read_head(connection: sa.Connection, *, for_update: bool = False) -> Head | None:
    """Gives the head, or nothing where the log was never owned.

    Args:
        connection: where to read.
        for_update: keeps others from moving the head until this transaction ends, so that a busy owner
            cannot outrun one that takes over. SQLite's transactions lock so much anyway.
    """
    query = sa.select(head).where(head.c.id == _HEAD)
    row = connection.execute(query.with_for_update() if for_update else query).first()
    return Head(row.epoch, row.size, row.root, row.signed_checkpoint) if row else None


def create_head(connection: sa.Connection, new: Head) -> None:
    """Writes the head of an empty log."""
    connection.execute(
        head.insert(),
        {
            "id": _HEAD,
            "epoch": new.epoch,
            "size": new.size,
            "root": new.root,
            "signed_checkpoint": new.signed_checkpoint,
        },
    )


def swap_head(connection: sa.Connection, old: Head, new: Head) -> bool:
    """Replaces the head if it still has the old epoch and size; tells whether it had."""
    values = {
        "old_epoch": old.epoch,
        "old_size": old.size,
        "new_epoch": new.epoch,
        "new_size": new.size,
        "new_root": new.root,
        "new_checkpoint": new.signed_checkpoint,
    }
    return _SWAP_HEAD.run(connection, values).rowcount == 1


def append(connection: sa.Connection, first: int, leaves: Sequence[SealedLeaf]) -> None:
    """Inserts entries and their sealed parts at consecutive indexes."""
    if not leaves:
        return
    numbered = list(enumerate(leaves, first))
    _ADD_ENTRIES.run(
        connection,
        [
            {"index": i, "leaf": e.data, "leaf_hash": e.leaf_hash, "request_id": e.request_id}
            for i, e in numbered
        ],
    )
    _ADD_SEALED.run(
        connection, [{"index": i, **_named(e.key), "data": e.sealed} for i, e in numbered if e.sealed]
    )
    to_review = [{"index": i} for i, e in numbered if e.needs_review]
    if to_review:
        connection.execute(reviews.insert(), to_review)


def has_entries_from(connection: sa.Connection, index: int) -> bool:
    """Tells whether there are entries at or beyond an index."""
    query = sa.select(entries.c.index).where(entries.c.index >= index).limit(1)
    return connection.execute(query).first() is not None


def open_intentions(connection: sa.Connection, among: Collection[str] | None = None) -> list[SealedLeaf]:
    """Gives the intentions that nothing closed, oldest first (UUIDv7 sorts by time).

    Args:
        connection: where to read.
        among: those of these requests only.
    """
    query = sa.select(intentions).order_by(intentions.c.request_id)
    rows = connection.execute(query if among is None else query.where(intentions.c.request_id.in_(among)))
    return [SealedLeaf(r.leaf, b"", r.request_id, key_name(r), r.sealed) for r in rows]


def add_intentions(connection: sa.Connection, leaves: Sequence[SealedLeaf]) -> None:
    """Notes that registers are about to be read."""
    if leaves:
        _ADD_INTENTIONS.run(
            connection,
            [
                {
                    "request_id": e.request_id,
                    "leaf": e.data,
                    **_named(e.key),
                    "sealed": e.sealed,
                }
                for e in leaves
            ],
        )


def key_name(row: Any) -> KeyName:
    """Reads which key something is sealed with."""
    return KeyName(row.key_id, None if row.page is None else Place(row.page, row.slot))


def _named(key: KeyName) -> dict[str, Any]:
    page, slot = key.place or (None, None)
    return {"key_id": key.subject, "page": page, "slot": slot}


def close_intentions(connection: sa.Connection, request_ids: Collection[str]) -> None:
    """Removes the intentions that entries were written for."""
    if request_ids:
        run_one_of(_CLOSE_INTENTIONS, connection, tuple(request_ids))


def recorded(connection: sa.Connection, request_ids: Collection[str]) -> dict[str, tuple[int, bytes]]:
    """Gives index and leaf hash of the entries that these request ids stand for already."""
    if not request_ids:
        return {}
    rows = run_one_of(_RECORDED, connection, tuple(request_ids)).mappings()
    return {row["request_id"]: (row["index"], row["leaf_hash"]) for row in rows}


def standing_beyond(connection: sa.Connection, size: int, hashes: Collection[bytes]) -> dict[bytes, int]:
    """Gives the indexes of entries with these leaf hashes, looking from an earlier size on."""
    query = sa.select(entries.c.leaf_hash, entries.c.index).where(
        entries.c.index >= size, entries.c.leaf_hash.in_(hashes)
    )
    return {row["leaf_hash"]: row["index"] for row in connection.execute(query).mappings()}


def archive_policy(connection: sa.Connection, revision: str, bundle: bytes) -> None:
    """Keeps a policy set, once."""
    known = sa.select(policy_revisions.c.revision).where(policy_revisions.c.revision == revision)
    if connection.execute(known).first() is None:
        connection.execute(policy_revisions.insert(), {"revision": revision, "bundle": bundle})


def write_complete_tiles(connection: sa.Connection, old_size: int, new_size: int) -> None:
    """Writes the tiles that growing from one size to another completed."""
    level = 0
    while new_size >> TILE_HEIGHT * (level + 1) > 0:
        first = old_size >> TILE_HEIGHT * (level + 1)
        for index in range(first, new_size >> TILE_HEIGHT * (level + 1)):
            hashes = _tile_hashes(connection, level, index)
            connection.execute(tiles.insert(), {"level": level, "index": index, "hashes": hashes})
        level += 1


def _tile_hashes(connection: sa.Connection, level: int, index: int) -> bytes:
    begin, end = index * TILE_WIDTH, (index + 1) * TILE_WIDTH
    if level == 0:
        query = (
            sa.select(entries.c.leaf_hash)
            .where(entries.c.index >= begin, entries.c.index < end)
            .order_by(entries.c.index)
        )
        return b"".join(connection.execute(query).scalars())
    below = sa.select(tiles.c.hashes).where(
        tiles.c.level == level - 1, tiles.c.index >= begin, tiles.c.index < end
    )
    return b"".join(subtree(hashes) for hashes in connection.execute(below.order_by(tiles.c.index)).scalars())


class StoredNodes:
    """Reads nodes of the tree from tiles and, where a tile is not complete yet, from entries."""

    def __init__(self, connection: sa.Connection, known: dict[tuple[int, int], bytes] | None = None) -> None:
        """Takes the connection to read on.

        Args:
            connection: where tiles and entries are.
            known: remembers, from one reader to the next, what complete tiles under a partial one hash to.
                There may be 255 of them on each level, each to be read and hashed whole; none ever changes.
        """
        self._connection = connection
        self._known = {} if known is None else known
        self._tiles: dict[tuple[int, int], bytes | None] = {}

    def read(self, level: int, index: int) -> bytes:
        """Gives the hash of a complete subtree; see `merkle.NodeReader`."""
        tile_level, inner = divmod(level, TILE_HEIGHT)
        begin = index << inner
        tile = self._tile(tile_level, begin >> TILE_HEIGHT)
        offset = (begin % TILE_WIDTH) * HASH_SIZE
        if tile is not None:
            return subtree(tile[offset : offset + (HASH_SIZE << inner)])
        if tile_level > 0:
            below = [
                self._remembered(tile_level * TILE_HEIGHT - 1, 2 * i + half)
                for i in range(begin, begin + (1 << inner))
                for half in (0, 1)
            ]
            return subtree(b"".join(below))
        query = (
            sa.select(entries.c.leaf_hash)
            .where(entries.c.index >= begin, entries.c.index < begin + (1 << inner))
            .order_by(entries.c.index)
        )
        return subtree(b"".join(self._connection.execute(query).scalars()))

    def _remembered(self, level: int, index: int) -> bytes:
        found = self._known.get((level, index))
        if found is None:
            found = self.read(level, index)
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[level, index] = found
        return found

    def _tile(self, level: int, index: int) -> bytes | None:
        if (level, index) not in self._tiles:
            query = sa.select(tiles.c.hashes).where(tiles.c.level == level, tiles.c.index == index)
            self._tiles[level, index] = self._connection.execute(query).scalar()
        return self._tiles[level, index]
