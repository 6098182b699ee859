"""Writing many entries at once: a whole, signed log, faster than a broker could make it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import sqlalchemy as sa

from audit.formats.checkpoint import Checkpoint
from audit.formats.entry import Submission, commit_to
from audit.formats.merkle import EMPTY_ROOT, Frontier, complete_subtrees, leaf_hash
from audit.storage import database, store
from audit.storage.store import Head, SealedLeaf
from audit.vault import vault
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import Opened, RecordKey
from tests.support.logs import LogSite

_BATCH = 4096


def size(site: LogSite) -> int:
    """How many entries a log has; none where there is no log yet."""
    with site.database() as log:
        database.migrate(log, "log")
        with log.connect() as connection:
            head = store.read_head(connection)
    return head.size if head else 0


def write(site: LogSite, submissions: Iterable[Submission]) -> int:
    """Appends entries to a log as its owner would, in large transactions; gives how many it has then."""
    with site.database() as log, site.keys_database() as keys_engine:
        database.migrate(log, "log")
        database.migrate(keys_engine, "keys")
        keys, rest = SubjectKeys(keys_engine, site.master), iter(submissions)
        with log.begin() as connection:
            head = store.read_head(connection)
            if head is None:
                empty = Checkpoint(site.origin, 0, EMPTY_ROOT)
                head = Head(1, 0, empty.root, empty.sign(site.signer))
                store.create_head(connection, head)
            nodes = store.StoredNodes(connection)
            edge = [nodes.read(*node) for node in complete_subtrees(0, head.size)]
        tree = Frontier(head.size, edge)
        while batch := list(islice(rest, _BATCH)):
            _append(log, keys, site, tree, batch)
        return tree.size


def _append(
    log: sa.Engine, keys: SubjectKeys, site: LogSite, tree: Frontier, batch: list[Submission]
) -> None:
    taken = keys.take([submission.subject for submission in batch])
    sealed = [_seal(key, submission) for key, submission in zip(taken, batch, strict=True)]
    with log.begin() as connection:
        old = store.read_head(connection)
        assert old is not None
        store.append(connection, tree.size, sealed)
        for leaf in sealed:
            tree.append(leaf.leaf_hash)
        store.write_complete_tiles(connection, old.size, tree.size)
        head = Checkpoint(site.origin, tree.size, tree.root())
        assert store.swap_head(
            connection, old, Head(old.epoch, tree.size, tree.root(), head.sign(site.signer))
        )
    tree.settle()


def _seal(key: RecordKey, submission: Submission) -> SealedLeaf:
    leaf = commit_to(submission)
    request_id = submission.entry.request_id if submission.claims_request_id else None
    sealed = vault.seal(key.key, leaf.data, Opened(leaf.openings, submission.values))
    return SealedLeaf(leaf.data, leaf_hash(leaf.data), request_id, key.name, sealed)
