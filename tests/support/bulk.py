"""Writing many entries at once: a whole, signed log, faster than a broker could make it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import sqlalchemy as sa

from audit.formats.checkpoint import Checkpoint
from audit.formats.entry import Submission, commit_to
from audit.formats.merkle import Frontier, leaf_hash
from audit.storage import database, store
from audit.storage.store import Head, SealedLeaf
from audit.vault import vault
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import Opened, RecordKey
from tests.support.logs import LogSite

_BATCH = 4096


def write(site: LogSite, submissions: Iterable[Submission]) -> int:
    """Appends entries to a new log as its owner would, in large transactions; gives their number."""
    with site.database() as log, site.keys_database() as keys_engine:
        database.migrate(log, "log")
        database.migrate(keys_engine, "keys")
        keys, tree, rest = SubjectKeys(keys_engine, site.master), Frontier(0, ()), iter(submissions)
        empty = Checkpoint(site.origin, 0, tree.root())
        with log.begin() as connection:
            store.create_head(connection, Head(1, 0, tree.root(), empty.sign(site.signer)))
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
        assert store.swap_head(connection, old, Head(1, tree.size, tree.root(), head.sign(site.signer)))
    tree.settle()


def _seal(key: RecordKey, submission: Submission) -> SealedLeaf:
    leaf = commit_to(submission)
    request_id = submission.entry.request_id if submission.claims_request_id else None
    sealed = vault.seal(key.key, leaf.data, Opened(leaf.openings, submission.values))
    return SealedLeaf(leaf.data, leaf_hash(leaf.data), request_id, key.name, sealed)
