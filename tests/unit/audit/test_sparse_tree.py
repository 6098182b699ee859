"""The index's tree: every subject has one list under a root, or none; and a path tells nothing of others."""

from __future__ import annotations

import os
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.completeness import rows, sparse_tree
from audit.completeness.sparse_tree import (
    DEPTH,
    SHALLOWEST,
    Bucket,
    Collision,
    IndexKeys,
    Listed,
    Path,
    bucket_of,
    listed,
    pseudonym_of,
)
from audit.errors import VerificationError

KEYS = IndexKeys(b"\x01" * 32, b"\x02" * 32)
# Few first bits, so that pseudonyms meet; a tail that parts them at every depth.
NEAR = st.builds(
    lambda cell, bits, tail: bytes([7, cell]) + bits.to_bytes(4) + bytes([tail]) * 26,
    st.sampled_from([0, 1, 128]),
    st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 3), st.sampled_from([2**32 - 1, 2**31, 2**31 - 1])),
    st.integers(0, 255),
)
LEAVES = st.dictionaries(NEAR, st.sets(st.integers(0, 2**40), min_size=1, max_size=4).map(list), max_size=12)


class Index:
    """A whole tree."""

    def __init__(self, leaves: list[Listed], keys: IndexKeys = KEYS) -> None:
        self.keys = keys
        self.buckets = [Bucket(keys, n, part) for n, part in enumerate(rows.split(leaves))]
        self.hashes = [bucket.root() for bucket in self.buckets]
        self.root = sparse_tree.root(self.hashes)

    def path(self, pseudonym: bytes) -> Path:
        number = bucket_of(pseudonym)
        inner = self.buckets[number].path(pseudonym)
        return replace(inner, siblings=(*inner.siblings, *sparse_tree.beside(self.hashes, number)))


def textbook_root(leaves: list[Listed], keys: IndexKeys) -> bytes:
    """The tree as its description says, node by node, over all 48 levels."""
    salts = {p: keys.beside(p) for p, _ in leaves}

    def subtree(depth: int, prefix: str, inside: list[Listed]) -> bytes:
        if depth < SHALLOWEST or inside:
            if depth == DEPTH:
                [(p, indexes)] = inside
                listed_ = b"".join(i.to_bytes(8) for i in indexes)
                return sha256(b"\x03" + salts[p][:32] + p + listed_).digest()
            zero = [leaf for leaf in inside if _bits(leaf[0])[depth] == "0"]
            one = [leaf for leaf in inside if _bits(leaf[0])[depth] == "1"]
            hashes = []
            for bit, half, other in (("0", zero, one), ("1", one, zero)):
                if depth + 1 > SHALLOWEST and not half:
                    first = salts[other[0][0]]
                    at = depth + 1 - SHALLOWEST
                    hashes.append(sha256(b"\x04" + first[32 * at : 32 * at + 32]).digest())
                else:
                    hashes.append(subtree(depth + 1, prefix + bit, half))
            return sha256(b"\x02" + hashes[0] + hashes[1]).digest()
        bucket, cell = divmod(int(prefix, 2), 256)
        return sha256(b"\x04" + keys.cells(bucket)[32 * cell : 32 * cell + 32]).digest()

    return subtree(0, "", leaves)


def _bits(pseudonym: bytes) -> str:
    return f"{int.from_bytes(pseudonym[:6]):048b}"


def sorted_leaves(found: dict[bytes, list[int]]) -> list[Listed]:
    """What a tree takes, of pseudonyms that begin differently."""
    return listed(dict({p[:6]: (p, i) for p, i in found.items()}.values()))


@settings(max_examples=8, deadline=None)
@given(LEAVES)
def test_root_is_the_one_of_the_description(found: dict[bytes, list[int]]) -> None:
    """The quick way of making the tree gives what its description gives, node by node."""
    leaves = sorted_leaves(found)
    assert textbook_root(leaves, KEYS) == Index(leaves).root


@settings(max_examples=25, deadline=None)
@given(LEAVES, st.lists(NEAR, max_size=8))
def test_everybody_has_exactly_one_list_or_none(found: dict[bytes, list[int]], others: list[bytes]) -> None:
    """Each listed one is proved with its entries, each other one as absent, and neither as anything else."""
    leaves = sorted_leaves(found)
    index = Index(leaves)
    entries = dict(leaves)
    for pseudonym in {*entries, *others}:
        if pseudonym not in entries and any(p[:6] == pseudonym[:6] for p in entries):
            with pytest.raises(Collision):
                index.path(pseudonym)
            continue
        path = index.path(pseudonym)
        assert entries.get(pseudonym, ()) == path.indexes
        sparse_tree.verify(path, pseudonym, index.root)
        for wrong in _other_claims(path):
            with pytest.raises(VerificationError):
                sparse_tree.verify(wrong, pseudonym, index.root)


def _other_claims(path: Path) -> list[Path]:
    """What somebody could claim instead: fewer entries, more, others, none, or another depth."""
    return [
        *([replace(path, indexes=path.indexes[1:])] if path.indexes else []),
        replace(path, indexes=(*path.indexes, 2**41)),
        replace(path, indexes=()) if path.indexes else replace(path, indexes=(1,)),
        replace(path, siblings=path.siblings[1:]),
        replace(path, siblings=(os.urandom(32), *path.siblings)),
        replace(path, salt=os.urandom(32)),
    ]


@settings(max_examples=25, deadline=None)
@given(LEAVES, NEAR)
def test_a_path_does_not_hold_for_another(found: dict[bytes, list[int]], other: bytes) -> None:
    """What proves one subject's entries proves nothing under another pseudonym."""
    leaves = sorted_leaves(found)
    index = Index(leaves)
    for pseudonym, _ in leaves:
        if other != pseudonym:
            with pytest.raises(VerificationError):
                sparse_tree.verify(index.path(pseudonym), other, index.root)


def test_an_empty_index_has_a_root_that_cannot_be_told_from_another() -> None:
    """Also where nobody was looked up, the root is of the keys, and absences have proofs."""
    pseudonym = pseudonym_of(KEYS.pseudonyms, b"somebody")
    empty, other = Index([]), Index([], IndexKeys.draw())
    assert empty.root != other.root
    path = empty.path(pseudonym)
    assert SHALLOWEST == len(path.siblings)
    sparse_tree.verify(path, pseudonym, empty.root)


def test_siblings_are_all_different_and_none_is_known() -> None:
    """No hash of a path stands in another index of the same entries: none says that a subtree is empty."""
    subjects = [b"%d" % i for i in range(20)]
    seen: set[bytes] = set()
    for _ in range(3):
        keys = IndexKeys.draw()
        found = {pseudonym_of(keys.pseudonyms, s): [i] for i, s in enumerate(subjects)}
        path = Index(listed(found), keys).path(pseudonym_of(keys.pseudonyms, b"0"))
        assert DEPTH == len(path.siblings)
        assert DEPTH == len({*path.siblings} - seen)
        seen |= {*path.siblings}


def test_two_that_begin_alike_are_refused() -> None:
    """Their index needs other keys: one of them would hide the other."""
    with pytest.raises(Collision):
        listed({bytes(32): [1], bytes(31) + b"\x01": [2]})
