"""A sparse Merkle tree over pseudonyms: who has which entries, and who has none.

A subject's pseudonym is `HMAC-SHA256(key, "subject" ‖ 0x00 ‖ subject)`; its first 48 bits are the way from
the root to the one place where its entries can stand. So a path from there shows all of them, or that there
are none.

    leaf       SHA-256(0x03 ‖ salt ‖ pseudonym ‖ indexes of its entries, ascending, 8 bytes each)
    empty      SHA-256(0x04 ‖ salt): a subtree without leaves
    node       SHA-256(0x02 ‖ left ‖ right)

Whoever holds a proof holds the key of the pseudonyms, and could try every number against what else the
proof says. Therefore it says next to nothing else: every leaf and every empty subtree has a salt of its own,
so that the siblings on a path all look alike, and empty subtrees begin 16 levels down, so that proving one
absence proves no more than that of a 65,536th part of all numbers.
"""

from __future__ import annotations

import hmac
import os
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256, shake_256
from itertools import pairwise

from audit.errors import LogError, VerificationError

HASH_SIZE = 32
KEY_SIZE = 32
DEPTH = 48
SHALLOWEST = 16  # where empty subtrees begin
_BITS = 8  # of a pseudonym that name its bucket
BUCKETS = 1 << _BITS
_INDEX = 8  # bytes

Listed = tuple[bytes, tuple[int, ...]]  # a pseudonym and the indexes of its entries


class Collision(LogError):
    """Two pseudonyms begin alike: the index needs other keys."""


@dataclass(frozen=True, slots=True)
class IndexKeys:
    """The two keys of one index.

    Attributes:
        pseudonyms: makes pseudonyms; goes into every proof.
        salts: makes salts; never given out.
    """

    pseudonyms: bytes
    salts: bytes

    @classmethod
    def draw(cls) -> IndexKeys:
        """Draws keys."""
        return cls(os.urandom(KEY_SIZE), os.urandom(KEY_SIZE))

    def beside(self, pseudonym: bytes) -> bytes:
        """The salts of a leaf, and of the empty subtrees beside its path: one hash size each."""
        return shake_256(self.salts + b"leaf" + pseudonym).digest(HASH_SIZE * (1 + DEPTH - SHALLOWEST))

    def cells(self, bucket: int) -> bytes:
        """The salts of the subtrees in which empty ones begin, of one bucket, for where they are empty."""
        return shake_256(self.salts + b"cell" + bucket.to_bytes(1)).digest(HASH_SIZE << SHALLOWEST - _BITS)


@dataclass(frozen=True, slots=True)
class Path:
    """The way from one place of the tree to its root.

    Attributes:
        siblings: the hashes beside it, from the deepest upwards.
        salt: of the leaf, or of the empty subtree that stands there instead.
        indexes: the entries that the leaf lists; none where it is absent.
    """

    siblings: tuple[bytes, ...]
    salt: bytes
    indexes: tuple[int, ...]


def pseudonym_of(key: bytes, subject: bytes) -> bytes:
    """Makes a subject's pseudonym."""
    return hmac.digest(key, b"subject\x00" + subject, "sha256")


def key_commitment(key: bytes) -> bytes:
    """Commits to a key of pseudonyms, which is random and so cannot be guessed."""
    return sha256(b"\x05" + key).digest()


def bucket_of(pseudonym: bytes) -> int:
    """Tells which of the 256 parts of the tree a pseudonym stands in."""
    return pseudonym[0]


def listed(entries: Mapping[bytes, Sequence[int]]) -> list[Listed]:
    """Sorts pseudonyms and their entries as trees take them.

    Raises:
        Collision: two of them begin alike.
    """
    ordered = [(p, tuple(sorted(entries[p]))) for p in sorted(entries)]
    for (one, _), (other, _) in pairwise(ordered):
        if _position(one) == _position(other):
            raise Collision("two pseudonyms of an index begin alike")
    return ordered


class Bucket:
    """One of the 256 parts of a tree, from the leaves in it."""

    def __init__(self, keys: IndexKeys, number: int, leaves: Sequence[Listed]) -> None:
        """Takes what `listed` gives, as far as it stands in this part."""
        self._keys = keys
        self._number = number
        self._leaves = leaves
        self._positions = [_position(pseudonym) for pseudonym, _ in leaves]

    def root(self) -> bytes:
        """The hash of this part."""
        return _levels(self._cells())[-1][0]

    def path(self, pseudonym: bytes) -> Path:
        """Gives the way from a pseudonym's place to the hash of this part.

        Raises:
            Collision: it is absent, and another one that begins alike stands in its place.
        """
        cell = pseudonym[1]
        begin, end = self._within(cell)
        if begin == end:
            salt = _block(self._keys.cells(self._number), cell)
            below = Path((), salt, ())
        else:
            below = self._descend(SHALLOWEST, begin, end, pseudonym)
        return Path((*below.siblings, *beside(self._cells(), cell)), below.salt, below.indexes)

    def _cells(self) -> list[bytes]:
        salts = self._keys.cells(self._number)
        hashes = []
        for cell in range(1 << SHALLOWEST - _BITS):
            begin, end = self._within(cell)
            if begin == end:
                hashes.append(_empty(_block(salts, cell)))
            else:
                hashes.append(self._subtree(SHALLOWEST, begin, end))
        return hashes

    def _within(self, cell: int) -> tuple[int, int]:
        shift = DEPTH - SHALLOWEST
        first = ((self._number << SHALLOWEST - _BITS) + cell) << shift
        return bisect_left(self._positions, first), bisect_left(self._positions, first + (1 << shift))

    def _subtree(self, depth: int, begin: int, end: int) -> bytes:
        """Hashes the subtree at a depth that some leaves, at least one, stand in."""
        if end - begin == 1:
            return self._alone(depth, begin)
        middle = self._middle(depth, begin, end)
        if begin < middle < end:
            return _node(self._subtree(depth + 1, begin, middle), self._subtree(depth + 1, middle, end))
        full = self._subtree(depth + 1, begin, end)
        empty = _empty(self._salt(begin, depth + 1))
        return _node(empty, full) if middle == begin else _node(full, empty)

    def _alone(self, depth: int, at: int) -> bytes:
        """Hashes a subtree with a single leaf: up from it, with an empty subtree beside every step."""
        pseudonym, indexes = self._leaves[at]
        salts = self._keys.beside(pseudonym)
        computed = leaf_hash(salts[:HASH_SIZE], pseudonym, indexes)
        position = self._positions[at]
        for level in range(DEPTH - SHALLOWEST, depth - SHALLOWEST, -1):  # nearly all the work there is
            empty = sha256(b"\x04" + salts[level * HASH_SIZE : (level + 1) * HASH_SIZE]).digest()
            computed = sha256(b"\x02" + (empty + computed if position & 1 else computed + empty)).digest()
            position >>= 1
        return computed

    def _descend(self, depth: int, begin: int, end: int, pseudonym: bytes) -> Path:
        """Gives the way up to the subtree at a depth."""
        position = _position(pseudonym)
        if end - begin == 1:
            return self._beside_one(depth, begin, pseudonym)
        middle = self._middle(depth, begin, end)
        right = position >> (DEPTH - 1 - depth) & 1
        ours, others = ((middle, end), (begin, middle)) if right else ((begin, middle), (middle, end))
        if ours[0] == ours[1]:
            return Path((self._subtree(depth + 1, *others),), self._salt(others[0], depth + 1), ())
        below = self._descend(depth + 1, *ours, pseudonym)
        if others[0] == others[1]:
            sibling = _empty(self._salt(ours[0], depth + 1))
        else:
            sibling = self._subtree(depth + 1, *others)
        return Path((*below.siblings, sibling), below.salt, below.indexes)

    def _beside_one(self, depth: int, at: int, pseudonym: bytes) -> Path:
        """Gives the way up in a subtree with a single leaf: that one's own, or from where it turns off."""
        there, indexes = self._leaves[at]
        salts = self._keys.beside(there)
        differing = self._positions[at] ^ _position(pseudonym)
        if there != pseudonym and not differing:
            raise Collision("another pseudonym of the index begins alike: close the period anew")
        level = DEPTH + 1 - differing.bit_length()  # of the subtrees in which the two part
        siblings = [] if not differing else [self._alone(level, at)]
        above = range(min(DEPTH, level - 1), depth, -1)
        siblings += [_empty(_block(salts, one - SHALLOWEST)) for one in above]
        if not differing:
            return Path(tuple(siblings), salts[:HASH_SIZE], indexes)
        return Path(tuple(siblings), _block(salts, level - SHALLOWEST), ())

    def _middle(self, depth: int, begin: int, end: int) -> int:
        shift = DEPTH - 1 - depth
        boundary = (self._positions[begin] >> shift | 1) << shift
        return bisect_left(self._positions, boundary, begin, end)

    def _salt(self, at: int, depth: int) -> bytes:
        """The salt of the empty subtree at a depth, beside the one whose first leaf this is."""
        return _block(self._keys.beside(self._leaves[at][0]), depth - SHALLOWEST)


def root(buckets: Sequence[bytes]) -> bytes:
    """The root of a tree, from the hashes of its 256 parts."""
    return _levels(buckets)[-1][0]


def beside(hashes: Sequence[bytes], at: int) -> list[bytes]:
    """The siblings on the way up from one of some hashes whose number is a power of two."""
    return [level[at >> height ^ 1] for height, level in enumerate(_levels(hashes)[:-1])]


def leaf_hash(salt: bytes, pseudonym: bytes, indexes: Sequence[int]) -> bytes:
    """Hashes a leaf."""
    return sha256(b"\x03" + salt + pseudonym + pack(indexes)).digest()


def pack(indexes: Sequence[int]) -> bytes:
    """Writes indexes in 8 bytes each."""
    return b"".join(i.to_bytes(_INDEX) for i in indexes)


def verify(path: Path, pseudonym: bytes, tree_root: bytes) -> None:
    """Verifies that exactly these entries, or none, stand under a pseudonym.

    Raises:
        VerificationError: the path does not lead to the root.
    """
    depth = len(path.siblings)
    shallowest = DEPTH if path.indexes else SHALLOWEST
    if not shallowest <= depth <= DEPTH:
        raise VerificationError("the path through the index has the wrong length")
    computed = leaf_hash(path.salt, pseudonym, path.indexes) if path.indexes else _empty(path.salt)
    way = _position(pseudonym) >> (DEPTH - depth)
    for height, sibling in enumerate(path.siblings):
        computed = _node(sibling, computed) if way >> height & 1 else _node(computed, sibling)
    if computed != tree_root:
        raise VerificationError("the path does not lead to the root of the index")


def _levels(hashes: Sequence[bytes]) -> list[Sequence[bytes]]:
    levels = [hashes]
    while len(hashes) > 1:
        hashes = [_node(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
        levels.append(hashes)
    return levels


def _position(pseudonym: bytes) -> int:
    return int.from_bytes(pseudonym[: DEPTH // 8])


def _block(salts: bytes, at: int) -> bytes:
    return salts[at * HASH_SIZE : (at + 1) * HASH_SIZE]


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x02" + left + right).digest()


def _empty(salt: bytes) -> bytes:
    return sha256(b"\x04" + salt).digest()
