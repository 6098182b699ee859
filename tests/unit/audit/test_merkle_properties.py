"""The tree against the textbook: RFC 9162's recursive definitions, word for word, on any tree."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.errors import VerificationError
from audit.formats import merkle
from audit.formats.merkle import Frontier
from tests.support import logs

HASHES = [sha256(n.to_bytes(4)).digest() for n in range(1000)]
sizes = st.integers(1, 600)


def nodes(level: int, index: int) -> bytes:
    """Gives a node over the hashes above, straight from the definition."""
    return logs.textbook_root(HASHES[index << level : (index + 1) << level])


@st.composite
def leaf_in_tree(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(sizes)
    return draw(st.integers(0, size - 1)), size


@st.composite
def two_sizes(draw: st.DrawFn) -> tuple[int, int]:
    new = draw(sizes)
    return draw(st.integers(0, new)), new


@given(st.integers(0, 600))
def test_root_is_the_textbooks(size: int) -> None:
    """The root over any number of leaves is RFC 9162's MTH."""
    assert logs.textbook_root(HASHES[:size]) == merkle.root(size, nodes)


@given(leaf_in_tree())
def test_inclusion_proof_is_the_textbooks(place: tuple[int, int]) -> None:
    """The audit path of any leaf is RFC 9162's PATH, and verifies."""
    index, size = place
    proof = merkle.inclusion_proof(index, size, nodes)
    assert logs.textbook_path(index, HASHES[:size]) == proof
    merkle.verify_inclusion(HASHES[index], index, size, proof, logs.textbook_root(HASHES[:size]))


@given(leaf_in_tree())
def test_inclusion_proofs_of_a_batch_are_those_of_its_leaves(place: tuple[int, int]) -> None:
    """The audit paths of all leaves from one on are those that each has by itself."""
    first, size = place
    alone = [tuple(merkle.inclusion_proof(index, size, nodes)) for index in range(first, size)]
    assert alone == merkle.inclusion_proofs(first, size, nodes)


def test_no_leaf_has_no_proofs() -> None:
    """A batch that appended nothing has no audit paths."""
    assert [] == merkle.inclusion_proofs(7, 7, nodes)


@given(two_sizes())
def test_consistency_proof_is_the_textbooks(pair: tuple[int, int]) -> None:
    """The proof between any two sizes is RFC 9162's PROOF, and verifies."""
    old, new = pair
    proof = merkle.consistency_proof(old, new, nodes)
    if old:  # the RFC leaves the empty tree out: it proves itself
        assert logs.textbook_consistency(old, HASHES[:new]) == proof
    merkle.verify_consistency(
        old,
        new,
        proof,
        logs.textbook_root(HASHES[:old]),
        logs.textbook_root(HASHES[:new]),
    )


@st.composite
def broken_inclusions(draw: st.DrawFn) -> tuple[bytes, int, int, list[bytes], bytes]:
    """A true statement about a leaf with one thing in it made false."""
    index, size = draw(leaf_in_tree())
    leaf, root = HASHES[index], logs.textbook_root(HASHES[:size])
    proof = logs.textbook_path(index, HASHES[:size])
    kinds = ["leaf", "root", "longer"] + ["hash", "shorter"] * bool(proof)
    kinds += ["index"] if size > 1 else []
    match draw(st.sampled_from(kinds)):
        case "leaf":
            leaf = _flipped(draw, leaf)
        case "root":
            root = _flipped(draw, root)
        case "longer":
            proof.insert(draw(st.integers(0, len(proof))), HASHES[-1])
        case "hash":
            at = draw(st.integers(0, len(proof) - 1))
            proof[at] = _flipped(draw, proof[at])
        case "shorter":
            proof.pop(draw(st.integers(0, len(proof) - 1)))
        case "index":
            index = draw(st.integers(-2, size + 2).filter(lambda i: i != index))
    return leaf, index, size, proof, root


@given(broken_inclusions())
def test_no_broken_inclusion_proof_verifies(
    statement: tuple[bytes, int, int, list[bytes], bytes],
) -> None:
    """Any one change to a leaf, its place, its path or the root is refused."""
    with pytest.raises(VerificationError):
        merkle.verify_inclusion(*statement)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_an_inner_node_is_no_leaf(level: int) -> None:
    """What is left of a path above an inner node does not prove that node as a leaf."""
    path = logs.textbook_path(0, HASHES[:8])
    with pytest.raises(VerificationError, match="wrong length"):
        merkle.verify_inclusion(nodes(level, 0), 0, 8, path[level:], logs.textbook_root(HASHES[:8]))


@st.composite
def broken_consistencies(draw: st.DrawFn) -> tuple[int, int, list[bytes], bytes, bytes]:
    """A true statement about two trees with one thing in it made false."""
    old, new = draw(two_sizes().filter(lambda pair: pair[0] > 0))
    roots = [logs.textbook_root(HASHES[:old]), logs.textbook_root(HASHES[:new])]
    proof = logs.textbook_consistency(old, HASHES[:new])
    match draw(st.sampled_from(["root", "longer"] + ["hash", "shorter"] * bool(proof))):
        case "root":
            which = draw(st.integers(0, 1))
            roots[which] = _flipped(draw, roots[which])
        case "longer":
            proof.insert(draw(st.integers(0, len(proof))), HASHES[-1])
        case "hash":
            at = draw(st.integers(0, len(proof) - 1))
            proof[at] = _flipped(draw, proof[at])
        case "shorter":
            proof.pop(draw(st.integers(0, len(proof) - 1)))
    return old, new, proof, roots[0], roots[1]


@given(broken_consistencies())
def test_no_broken_consistency_proof_verifies(
    statement: tuple[int, int, list[bytes], bytes, bytes],
) -> None:
    """Any one change to a root or a hash of the proof is refused."""
    with pytest.raises(VerificationError):
        merkle.verify_consistency(*statement)


@given(two_sizes().filter(lambda pair: pair[0] > 1), st.data())
def test_a_forked_history_has_no_proof(pair: tuple[int, int], data: st.DataObject) -> None:
    """A tree in which an early leaf was replaced is not proved to extend the original."""
    old, new = pair
    forked = list(HASHES[:new])
    forked[data.draw(st.integers(0, old - 1))] = HASHES[-1]
    proof = logs.textbook_consistency(old, forked)
    with pytest.raises(VerificationError):
        merkle.verify_consistency(
            old, new, proof, logs.textbook_root(HASHES[:old]), logs.textbook_root(forked)
        )


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3)])
def test_sizes_in_the_wrong_order_are_refused(old: int, new: int) -> None:
    """A tree cannot extend a larger one, nor one of a negative size."""
    with pytest.raises(VerificationError):
        merkle.verify_consistency(old, new, [], HASHES[0], HASHES[1])
    with pytest.raises(ValueError, match="cannot extend"):
        merkle.consistency_proof(old, new, nodes)


@pytest.mark.parametrize("index", [-1, 3])
def test_a_leaf_outside_the_tree_has_no_proof(index: int) -> None:
    """No proof is built for an index that the tree does not have."""
    with pytest.raises(ValueError, match="not in a tree"):
        merkle.inclusion_proof(index, 3, nodes)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 130), min_size=1, max_size=5), st.integers(0, 300))
def test_frontier_proves_every_leaf_of_every_batch(batches: list[int], begin: int) -> None:
    """Settled down to its edge, started anywhere, a frontier proves each leaf of the next batch."""
    edge = [nodes(*node) for node in merkle.complete_subtrees(0, begin)]
    tree = Frontier(begin, edge)
    for batch in batches:
        first = tree.size
        for leaf in HASHES[first : first + batch]:
            tree.append(leaf)
        expected = logs.textbook_root(HASHES[: tree.size])
        assert expected == tree.root()
        for index in range(first, tree.size):
            proof = merkle.inclusion_proof(index, tree.size, tree.read)
            merkle.verify_inclusion(HASHES[index], index, tree.size, proof, expected)
        tree.settle()
        assert expected == tree.root()


@given(st.integers(1, 2**40))
def test_a_settled_frontier_holds_one_hash_a_bit(size: int) -> None:
    """What appending needs to remember grows with the number of bits of the size only."""
    assert size.bit_count() == len(merkle.complete_subtrees(0, size))


@given(st.integers(0, 300), st.integers(0, 300))
def test_complete_subtrees_cover_a_range_once(begin: int, width: int) -> None:
    """The subtrees cover exactly the leaves of the range, in order."""
    covered = [
        leaf
        for level, index in merkle.complete_subtrees(begin, begin + width)
        for leaf in range(index << level, (index + 1) << level)
    ]
    assert list(range(begin, begin + width)) == covered


def _flipped(draw: st.DrawFn, data: bytes) -> bytes:
    at, bit = draw(st.integers(0, len(data) - 1)), draw(st.integers(0, 7))
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
