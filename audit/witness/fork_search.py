"""Holding signed checkpoints against the log as it is stored, and proving where they contradict it."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from audit.errors import NotFound
from audit.formats import checkpoint, merkle
from audit.formats.note import NoteVerifier
from audit.storage import store
from audit.witness import fork_evidence
from audit.witness.fork_evidence import ForkEvidence


def search(connection: sa.Connection, log: NoteVerifier, signed: Sequence[str]) -> ForkEvidence | None:
    """Looks for two checkpoints that contradict each other, among some and the log's own newest one.

    The stored tree proves what it had at every size, so that any checkpoint signed for a smaller size
    with another root is proven to be of a fork.

    Args:
        connection: to the log's database.
        log: the log's public key.
        signed: checkpoints that it signed.

    Returns:
        Evidence, proven where the stored tree proves it; nothing where all are of one history.

    Raises:
        NotFound: the log has no checkpoint.
        VerificationError: a checkpoint is not signed by the log.
    """
    head = store.read_head(connection)
    if head is None:
        raise NotFound("this log was never opened for writing")
    nodes = store.StoredNodes(connection)
    heads = sorted(
        ((checkpoint.verify(text, log), text) for text in (*signed, head.signed_checkpoint)),
        key=lambda pair: pair[0].size,
    )
    of_this_tree = [pair for pair in heads if _stands(pair[0].size, pair[0].root, head.size, nodes)]
    for small, small_text in heads:
        for large, large_text in heads:
            if small.size == large.size and small.root != large.root:
                return fork_evidence.evidence(small_text, large_text)
            if small.size >= large.size or (large, large_text) not in of_this_tree:
                continue
            root = merkle.root(small.size, nodes.read)
            if root != small.root:
                proof = merkle.consistency_proof(small.size, large.size, nodes.read)
                return fork_evidence.evidence(small_text, large_text, root, proof)
    beyond = [text for tree, text in heads if tree.size > head.size]
    return fork_evidence.evidence(head.signed_checkpoint, beyond[0]) if beyond else None


def _stands(size: int, root: bytes, stored: int, nodes: store.StoredNodes) -> bool:
    return size <= stored and merkle.root(size, nodes.read) == root
