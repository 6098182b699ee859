"""Tiles: written when they are complete, derived from the entries, and read for proofs."""

from __future__ import annotations

import random
from dataclasses import replace
from hashlib import sha256

import pytest
import sqlalchemy as sa

from audit.errors import FormatError
from audit.formats import merkle
from audit.formats.checkpoint import Checkpoint
from audit.formats.entry import Submission, commit_to
from audit.formats.merkle import Frontier, leaf_hash
from audit.storage import database, store
from audit.storage.schema import entries, head, sealed, tiles
from tests.support.logs import ENTRY, LogSite, all_still_prove, fill, still_proves, submission, textbook_root

WIDTH = 256
HUGE = WIDTH**2
HASHES = [sha256(n.to_bytes(4)).digest() for n in range(HUGE + 300)]


@pytest.mark.parametrize("sizes", [(255, 1, 1), (257,), (1, 511, 1)])
async def test_tile_is_written_when_it_is_complete(log_site: LogSite, sizes: tuple[int, ...]) -> None:
    """After each group there is exactly one tile for each 256 entries, of their leaf hashes."""
    with log_site.opened() as log:
        hashes: list[bytes] = []
        for count in sizes:
            done = await fill(log, count, first=len(hashes))
            hashes += [leaf_hash(a.leaf.data) for a in done]
            complete = range(len(hashes) // WIDTH)
            expected = {(0, n): b"".join(hashes[n * WIDTH : (n + 1) * WIDTH]) for n in complete}
            assert expected == _tiles(log_site)
            assert textbook_root(hashes) == log.reader.checkpoint().root
            still_proves(log, done[-1])
    assert log_site.verify().holds


async def test_proofs_read_across_tiles(sqlite_site: LogSite) -> None:
    """Every entry before, in and after complete tiles has its proof, and so has every earlier size."""
    with sqlite_site.opened() as log:
        done = await fill(log, 600)
        tree = log.reader.checkpoint()
        hashes = [leaf_hash(a.leaf.data) for a in done]
        for index in (*range(0, 600, 7), 254, 255, 256, 257, 510, 511, 512, 513, 598, 599):
            log.reader.proof(index).verify(done[index].leaf.data, sqlite_site.verifier)
        for size in (1, 2, 255, 256, 257, 300, 511, 512, 513, 599, 600):
            proof = log.reader.consistency(size, 600)
            merkle.verify_consistency(size, 600, proof, textbook_root(hashes[:size]), tree.root)


def test_stored_nodes_are_the_trees(log_site: LogSite) -> None:
    """With 65,836 entries, written in unequal groups, any node that is asked for is the tree's own."""
    tree = Frontier(0, ())
    for hash_ in HASHES:
        tree.append(hash_)  # not settled: it remembers every node
    with log_site.database() as engine:
        database.migrate(engine, "log")
        with engine.begin() as connection:
            _insert(connection, range(len(HASHES)))
            size = 0
            for new in (0, 100, 256, 1000, HUGE - 1, HUGE + 1, HUGE + 300):
                store.write_complete_tiles(connection, size, new)
                size = new
        expected = {(0, n) for n in range(size // WIDTH)} | {(1, 0)}
        assert expected == _tiles(log_site).keys()
        draw = random.Random(20261121)
        with engine.connect() as connection:
            nodes = store.StoredNodes(connection)
            assert tree.root() == merkle.root(size, nodes.read)
            for _ in range(400):
                level = draw.randrange(17)
                index = draw.randrange(size >> level)
                assert tree.read(level, index) == nodes.read(level, index), (level, index)
        # Tiles are a derived view: without those above, the nodes are the same.
        log_site.execute("DELETE FROM log_tiles WHERE level = 1")
        with engine.connect() as connection:
            assert tree.root() == merkle.root(size, store.StoredNodes(connection).read)


async def test_second_level_is_written_by_the_log(sqlite_site: LogSite) -> None:
    """A log of 65,535 entries goes on over the edge at which a tile of tiles is complete."""
    bare = replace(ENTRY, request_id=None)
    leaf = commit_to(Submission(bare, b"subject 1", {}, claims_request_id=False)).data
    size, hash_ = HUGE - 1, leaf_hash(leaf)
    tree = Frontier(0, ())
    with sqlite_site.database() as engine:
        database.migrate(engine, "log")
        with engine.begin() as connection:
            rows = [{"index": i, "leaf": leaf, "leaf_hash": hash_, "request_id": None} for i in range(size)]
            connection.execute(entries.insert(), rows)
            beside = [{"index": i, "key_id": "erased", "data": b""} for i in range(size)]
            connection.execute(sealed.insert(), beside)
            for _ in range(size):
                tree.append(hash_)
            store.write_complete_tiles(connection, 0, size)
            signed = Checkpoint(sqlite_site.origin, size, tree.root()).sign(sqlite_site.signer)
            row = {"id": 1, "epoch": 1, "size": size, "root": tree.root()}
            connection.execute(head.insert(), row | {"signed_checkpoint": signed})
    old_root = tree.root()
    assert (1, 0) not in _tiles(sqlite_site)
    with sqlite_site.opened() as log:
        done = await fill(log, 5)
        assert list(range(size, size + 5)) == [a.index for a in done]
        assert (1, 0) in _tiles(sqlite_site)
        all_still_prove(log, done)
        for appended in done:
            tree.append(leaf_hash(appended.leaf.data))
        for index in (0, 255, 256, 40_000, size - 1):
            log.reader.proof(index).verify(leaf, sqlite_site.verifier)
        new = log.reader.checkpoint()
        assert tree.root() == new.root
        proof = log.reader.consistency(size, new.size)
        merkle.verify_consistency(size, new.size, proof, old_root, new.root)
    sqlite_site.execute("UPDATE log_tiles SET hashes = zeroblob(8192) WHERE level = 1")
    report = sqlite_site.verify(sealed=False)
    assert (size + 5, ["tile/1/0"]) == (report.entries, [f.place for f in report.findings])


@pytest.mark.parametrize("length", [0, 1, 31, 33, 96, 160, 8191])
def test_ragged_run_of_hashes_is_refused(length: int) -> None:
    """Hashes that are not 32 bytes each, or not a power of two in number, are damage, not a crash."""
    with pytest.raises(FormatError, match="damaged"):
        merkle.subtree(bytes(length))


async def test_damaged_tile_gives_no_proof(sqlite_site: LogSite) -> None:
    """A proof that cannot be built is an error that says what to do."""
    with sqlite_site.opened() as log:
        await fill(log, 300)
        sqlite_site.execute("UPDATE log_tiles SET hashes = substr(hashes, 1, 100)")
        with pytest.raises(FormatError, match="hjemmel log verify"):
            log.reader.proof(290)
        # The writer needs nothing of the tile, and proves what it appends from memory.
        await log.append(submission(900), closes_intention=False)


def _insert(connection: sa.Connection, indexes: range) -> None:
    rows = [{"index": i, "leaf": b"", "leaf_hash": HASHES[i], "request_id": None} for i in indexes]
    connection.execute(entries.insert(), rows)


def _tiles(site: LogSite) -> dict[tuple[int, int], bytes]:
    with site.database() as engine, engine.connect() as connection:
        return {(t.level, t.index_): t.hashes for t in connection.execute(_ALL)}


_ALL = sa.select(tiles.c.level, tiles.c.index.label("index_"), tiles.c.hashes)
