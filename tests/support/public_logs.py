"""Large logs made quickly: entries, tiles and head as the log's owner writes them, with nothing sealed."""

from __future__ import annotations

from dataclasses import replace

from audit.formats import entry
from audit.formats.checkpoint import Checkpoint
from audit.formats.merkle import Frontier, complete_subtrees, leaf_hash
from audit.storage import database, store
from audit.storage.store import Head, SealedLeaf, StoredNodes
from audit.vault.vault import KeyName
from tests.support.logs import ENTRY, LogSite, request_id

_BATCH = 8192


def grow(site: LogSite, size: int, *, altered: int | None = None) -> None:
    """Brings a log, or a new one, to a size in large transactions.

    Args:
        site: where it lives.
        size: how many entries it is to have.
        altered: index of an entry that is to be another one than in every other log that is made here.
    """
    with site.database() as engine:
        database.migrate(engine, "log")
        with engine.begin() as connection:
            old = store.read_head(connection)
            if old is None:
                empty = Checkpoint(site.origin, 0, Frontier(0, ()).root())
                old = Head(1, 0, empty.root, empty.sign(site.signer))
                store.create_head(connection, old)
            nodes = StoredNodes(connection)
            tree = Frontier(old.size, [nodes.read(*node) for node in complete_subtrees(0, old.size)])
        for first in range(old.size, size, _BATCH):
            leaves = [_leaf(n, altered=n == altered) for n in range(first, min(size, first + _BATCH))]
            with engine.begin() as connection:
                store.append(connection, first, leaves)
                for leaf in leaves:
                    tree.append(leaf.leaf_hash)
                store.write_complete_tiles(connection, first, tree.size)
                signed = Checkpoint(site.origin, tree.size, tree.root()).sign(site.signer)
                new = Head(1, tree.size, tree.root(), signed)
                assert store.swap_head(connection, old, new)
            tree.settle()
            old = new


def _leaf(number: int, *, altered: bool) -> SealedLeaf:
    """An entry whose sealed part nobody can open: only what is public counts here."""
    name = request_id(number)
    data = entry.encode(replace(ENTRY, request_id=name, outcome="failed" if altered else "granted"), {})
    return SealedLeaf(data, leaf_hash(data), name, KeyName("subject", None), b"sealed")
