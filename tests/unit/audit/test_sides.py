"""One authority's side of a log: what it proves, and what it does not let pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import FormatError, LogError, VerificationError
from audit.formats import entry, side
from audit.formats.checkpoint import Checkpoint
from audit.formats.compact_range import CompactRange
from audit.formats.entry import ERASED, POLICY_CHANGED, Event
from audit.formats.merkle import complete_subtrees, leaf_hash
from audit.formats.note import Ed25519Signer
from audit.formats.side import OwnEntry, Part
from tests.support.logs import ENTRY, ORIGIN, request_id, textbook_root

SIGNER = Ed25519Signer(ORIGIN, Ed25519PrivateKey.generate())
LOG = SIGNER.verifier
CVRS = ("91000008", "92000028", "90000160", "95000088")
ME = CVRS[0]

cvrs = st.sampled_from(CVRS)
exchanges = st.builds(
    lambda caller, consumer, provider, processor: replace(
        ENTRY, caller=caller, consumer=consumer, provider=provider, processor=processor
    ),
    cvrs,
    st.one_of(cvrs, st.just("")),
    st.one_of(cvrs, st.just("")),
    st.one_of(st.none(), cvrs),
)
events = st.builds(
    lambda kind, caller: Event(kind, ENTRY.time, None, caller, {"records": "1"}),
    st.sampled_from([ERASED, POLICY_CHANGED]),
    st.one_of(st.just(""), cvrs),
)
logs = st.lists(st.one_of(exchanges, exchanges, exchanges, events), max_size=70)


def leaves_of(contents: list[entry.Entry | Event]) -> list[bytes]:
    return [entry.encode(replace(c, request_id=request_id(i)), {}) for i, c in enumerate(contents)]


def covering(leaves: list[bytes], begin: int, end: int) -> tuple[bytes, ...]:
    """The hashes of the complete subtrees over some leaves, as a textbook computes them."""
    hashes = [leaf_hash(leaf) for leaf in leaves]
    nodes = complete_subtrees(begin, end)
    return tuple(textbook_root(hashes[i << level : (i + 1) << level]) for level, i in nodes)


def signed(leaves: list[bytes]) -> str:
    return Checkpoint(ORIGIN, len(leaves), textbook_root([leaf_hash(x) for x in leaves])).sign(SIGNER)


def part_of(leaves: list[bytes], own: list[int], first: int, end: int) -> Part:
    """A part as an honest log makes it."""
    others: list[bytes] = []
    begin = first
    for index in [i for i in own if first <= i < end]:
        others += covering(leaves, begin, index)
        begin = index + 1
    others += covering(leaves, begin, end)
    taken = tuple(OwnEntry(i, leaves[i]) for i in own if first <= i < end)
    return Part(first, end, taken, tuple(others), covering(leaves, end, len(leaves)), signed(leaves))


def held(leaves: list[bytes], end: int) -> CompactRange:
    return CompactRange(0, end, covering(leaves, 0, end))


LEAVES = leaves_of([replace(ENTRY, caller=CVRS[i % 3], consumer=CVRS[i % 3]) for i in range(40)])
OWN = [i for i in range(40) if i % 3 == 0]
HONEST = part_of(LEAVES, OWN, 5, 33)


@given(st.integers(0, 90), st.integers(0, 90), st.integers(0, 90))
def test_ranges_that_follow_each_other_make_one(a: int, b: int, c: int) -> None:
    """Leaf by leaf or by subtrees, a range comes to the fewest hashes, and from 0 on to the tree's root."""
    begin, middle, end = sorted((a, b, c))
    hashes = [leaf_hash(bytes([i])) for i in range(end)]
    leaves = [bytes([i]) for i in range(end)]
    grown = CompactRange(begin)
    for index in range(begin, middle):
        grown.add(0, hashes[index])
    assert covering(leaves, begin, middle) == grown.hashes
    grown.extend(end, covering(leaves, middle, end))
    assert covering(leaves, begin, end) == grown.hashes
    tree = CompactRange()
    tree.extend(begin, covering(leaves, 0, begin))
    tree.extend(end, grown.hashes)
    assert textbook_root(hashes) == tree.root()


def test_a_range_says_what_it_takes() -> None:
    """Too few, too many or short hashes, a subtree that begins elsewhere, a root in the middle: refused."""
    for hashes in ([], [b"x" * 32] * 3, [b"x" * 31] * 2):
        with pytest.raises(FormatError):
            CompactRange(0, 3, hashes)
    with pytest.raises(ValueError, match="level 1"):
        CompactRange(1).add(1, b"x" * 32)
    with pytest.raises(VerificationError):
        CompactRange(1).root()


@given(st.one_of(exchanges, events))
def test_the_quick_look_finds_the_same_side_as_the_strict_one(content: entry.Entry | Event) -> None:
    """Whom an entry concerns is the same question for who sends it and for who receives it."""
    found = side.concerned(entry.encode(content, {}))
    for cvr in (*CVRS, "99999999", ""):
        assert side.concerns(content, cvr) == (found is None or cvr in found)


@pytest.mark.parametrize("leaf", [b"", b"{}", b"[]", b"\xff", b'{"kind":"exchange"}', b'{"kind":[]}'])
def test_what_is_no_entry_is_not_looked_over(leaf: bytes) -> None:
    """An entry that cannot be read ends the reading: nobody could say whom it concerns."""
    with pytest.raises(FormatError):
        side.concerned(leaf)


@given(logs, st.data())
def test_every_part_of_an_honest_log_holds(contents: list[entry.Entry | Event], data: st.DataObject) -> None:
    """Cut anywhere, under any later checkpoint, the parts of a side are verified one after the other."""
    leaves = leaves_of(contents)
    own = [i for i, c in enumerate(contents) if side.concerns(c, ME)]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(leaves)), max_size=4)))
    tree = CompactRange()
    for first, end in zip([0, *cuts], [*cuts, len(leaves)], strict=True):
        size = data.draw(st.integers(end, len(leaves)))
        part, before = part_of(leaves[:size], own, first, end), tree
        tree, head = side.verify(part, before, ME, LOG)
        assert (end, size) == (tree.end, head.size)
        for taken in part.own:  # each has a receipt that anyone can check, from what the part told
            assert head == side.prove(part, before, taken.index).verify(taken.leaf, LOG)
    assert textbook_root([leaf_hash(x) for x in leaves]) == tree.root()


OTHER = b"\x01" * 32
KEY = Ed25519PrivateKey.generate()
WRONG: dict[str, Callable[[Part], Part]] = {
    "an entry left out, its hash sent with its neighbours": lambda p: replace(p, own=p.own[1:]),
    "an entry given twice": lambda p: replace(p, own=(p.own[0], *p.own)),
    "entries in another order": lambda p: replace(p, own=(p.own[1], p.own[0], *p.own[2:])),
    "an entry moved": lambda p: replace(p, own=(replace(p.own[0], index=p.own[0].index + 1), *p.own[1:])),
    "an entry altered": lambda p: replace(
        p, own=(replace(p.own[0], leaf=p.own[0].leaf.replace(b"granted", b"refused")), *p.own[1:])
    ),
    "an entry that is none": lambda p: replace(p, own=(replace(p.own[0], leaf=b"{}"), *p.own[1:])),
    "another authority's entry": lambda _: part_of(LEAVES, sorted([*OWN, 7]), 5, 33),
    "an entry of before": lambda p: replace(p, own=(OwnEntry(3, LEAVES[3]), *p.own)),
    "an entry of after": lambda p: replace(p, own=(*p.own, OwnEntry(36, LEAVES[36]))),
    "an end before the beginning": lambda p: replace(p, end=4),
    "an end beyond the checkpoint": lambda p: replace(p, end=41),
    "a beginning before the last end": lambda _: part_of(LEAVES, OWN, 4, 33),
    "a beginning after the last end": lambda _: part_of(LEAVES, OWN, 6, 33),
    "a hash of another log": lambda p: replace(p, others=(OTHER, *p.others[1:])),
    "a hash too many": lambda p: replace(p, others=(*p.others, OTHER)),
    "a hash too few": lambda p: replace(p, others=p.others[:-1]),
    "a later hash of another log": lambda p: replace(p, later=(OTHER, *p.later[1:])),
    "a later hash too many": lambda p: replace(p, later=(*p.later, OTHER)),
    "a later hash too few": lambda p: replace(p, later=p.later[:-1]),
    "a checkpoint of a smaller tree": lambda p: replace(p, signed_checkpoint=signed(LEAVES[:20])),
    "a checkpoint of another history": lambda p: replace(
        p, signed_checkpoint=signed([*LEAVES[:2], b"{}", *LEAVES[3:]])
    ),
    "a checkpoint that nobody signed": lambda p: replace(p, signed_checkpoint=HONEST.signed_checkpoint[:-9]),
    "a checkpoint of another key": lambda p: replace(
        p, signed_checkpoint=Checkpoint(ORIGIN, 40, OTHER).sign(Ed25519Signer(ORIGIN, KEY))
    ),
}


def test_the_part_that_is_spoilt_below_held_before() -> None:
    """What the next test spoils is a part that holds."""
    assert 33 == side.verify(HONEST, held(LEAVES, 5), ME, LOG)[0].end


@pytest.mark.parametrize("spoil", WRONG.values(), ids=WRONG)
def test_a_part_that_was_tampered_with_does_not_hold(spoil: Callable[[Part], Part]) -> None:
    """Left out, repeated, moved, altered, another's, rewound, forked: each is found, and nothing is taken."""
    before = held(LEAVES, 5)
    with pytest.raises(LogError):
        side.verify(spoil(HONEST), before, ME, LOG)
    assert (5, covering(LEAVES, 0, 5)) == (before.end, before.hashes)


def test_an_entry_that_is_kept_back_whole_is_not_seen_here() -> None:
    """Hashed away among the others, an own entry is missed in the published log only: the limit, told."""
    kept_back = part_of(LEAVES, [i for i in OWN if i != 12], 5, 33)
    assert 33 == side.verify(kept_back, held(LEAVES, 5), ME, LOG)[0].end
