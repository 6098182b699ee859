"""A subject's part of a signed batch: what proves the request about it, and nothing about the others.

The authority signs a mandate, and for each batch the root of a Merkle tree over its subjects. Each record
seals the mandate, the batch's signature, the subject and its path to that root: as much as the envelope of a
single exchange proves. The same bytes are made by the broker and by the client that verifies.
"""

from __future__ import annotations

from collections.abc import Sequence

from hjemmel.exchange.v1 import envelope_pb2
from hjemmel.exchange.v1 import many_pb2 as pb

from audit.errors import VerificationError
from audit.formats import merkle
from audit.formats.merkle import leaf_hash, node_hash

MAX_SUBJECTS = 500  # in one batch
SALT = 16  # bytes


class Tree:
    """The Merkle tree (RFC 9162 section 2.1) over the subjects of a batch."""

    def __init__(self, subjects: Sequence[bytes]) -> None:
        """Takes the serialised subjects in their order."""
        self._size = len(subjects)
        self._levels = [[leaf_hash(s) for s in subjects]]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            pairs = zip(below[::2], below[1::2], strict=False)  # an odd one out stands in no complete subtree
            self._levels.append([node_hash(left, right) for left, right in pairs])

    @property
    def root(self) -> bytes:
        """The root."""
        return merkle.root(self._size, self._read)

    def path(self, index: int) -> list[bytes]:
        """The inclusion proof of a subject."""
        return merkle.inclusion_proof(index, self._size, self._read)

    def _read(self, level: int, index: int) -> bytes:
        return self._levels[level][index]


def requests(mandate: envelope_pb2.SignedEnvelope, batch: bytes, subjects: Sequence[bytes]) -> list[bytes]:
    """Makes the request of each subject of a batch, as it is sealed with its record."""
    tree = Tree(subjects)
    return [
        pb.BatchedRequest(
            mandate=mandate, batch=batch, subject=subject, index=index, hashes=tree.path(index)
        ).SerializeToString(deterministic=True)
        for index, subject in enumerate(subjects)
    ]


def holds(request: pb.BatchedRequest, batch: pb.BatchBody) -> bool:
    """Tells whether a subject stands in a batch where its request says."""
    try:
        merkle.verify_inclusion(
            leaf_hash(request.subject), request.index, batch.size, list(request.hashes), batch.root
        )
    except VerificationError:
        return False
    return True
