"""The leaf of an entry: what goes in comes out, and no other form is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import FormatError
from audit.formats import entry as entries
from audit.formats.commitment import opens
from audit.formats.entry import COMMITTED, MAX_ENTRY, AppliedObligation, Entry, Submission, commit_to
from tests.support.logs import ENTRY, submission

texts = st.text(st.characters(codec="utf-8"), max_size=12)
many = st.lists(texts, max_size=4).map(tuple)
drawn = st.builds(
    Entry,
    kind=texts,
    time=texts,
    request_id=st.none() | texts,
    caller=texts,
    consumer=texts,
    provider=texts,
    processor=st.none() | texts,
    dataset=texts,
    attributes_asked=many,
    attributes_granted=many,
    attributes_released=many,
    purpose=texts,
    legal_basis=texts,
    legal_basis_version=texts,
    law_date=texts,
    agreement=texts,
    outcome=texts,
    reasons=many,
    obligations=st.lists(st.builds(AppliedObligation, texts, texts, texts), max_size=3).map(tuple),
    policy_revision=texts,
)
commitments = st.dictionaries(st.sampled_from(COMMITTED), st.binary(min_size=32, max_size=32).map(bytes.hex))


@given(drawn, commitments)
def test_what_is_encoded_is_decoded(entry: Entry, committed: dict[str, str]) -> None:
    """An entry and its commitments come back from the leaf, which is RFC 8785's."""
    leaf = entries.encode(entry, committed)
    assert (entry, committed) == entries.decode(leaf)
    assert rfc8785.dumps(orjson.loads(leaf)) == leaf


def test_leaf_carries_no_sealed_value() -> None:
    """Invariant 5, at its root: of what is sealed a leaf has commitments only, which open to it."""
    values = {name: f"secret {name}".encode() for name in COMMITTED}
    leaf = commit_to(Submission(ENTRY, b"secret subject", values, claims_request_id=True))
    entry, committed = entries.decode(leaf.data)
    assert ENTRY == entry
    assert b"secret" not in leaf.data
    assert set(COMMITTED) == committed.keys() == leaf.openings.keys()
    assert all(opens(committed, leaf.openings[n], n, v) for n, v in values.items())


def test_two_leaves_of_one_submission_differ() -> None:
    """Nobody can tell from two leaves that they are about the same person."""
    first, second = commit_to(submission(1)), commit_to(submission(1))
    assert entries.decode(first.data)[0] == entries.decode(second.data)[0]
    for name in ("subject", "case"):
        assert entries.decode(first.data)[1][name] != entries.decode(second.data)[1][name]


def test_value_that_entries_do_not_commit_to_is_refused() -> None:
    """A value under another name would be sealed without a commitment: it is refused."""
    with pytest.raises(FormatError, match="nickname"):
        commit_to(replace(submission(1), values={"nickname": b"x"}))


@pytest.mark.parametrize(("spare", "fits"), [(0, True), (1, False)])
def test_entry_holds_at_most_what_tiles_can_say(spare: int, fits: bool) -> None:  # noqa: FBT001
    """The length of an entry is a uint16: 65,535 bytes are kept, one more is refused."""
    bare = len(commit_to(replace(submission(1), entry=replace(ENTRY, purpose=""))).data)
    longest = replace(ENTRY, purpose="x" * (MAX_ENTRY - bare + spare))
    if fits:
        assert MAX_ENTRY == len(commit_to(replace(submission(1), entry=longest)).data)
    else:
        with pytest.raises(FormatError, match="65535"):
            commit_to(replace(submission(1), entry=longest))


def test_surrogates_cannot_become_an_entry() -> None:
    """Text that has no UTF-8 form is refused as malformed, not as a crash."""
    with pytest.raises(FormatError):
        commit_to(replace(submission(1), entry=replace(ENTRY, purpose="\ud800")))


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"v": True},
        {"v": None},
        {"unknown": 1},
        {"commitments": None},
        {"commitments": []},
        {"commitments": {"subject": 5}},
        {"commitments": {"subject": "é" * 64}},
        {"commitments": {"subject": "AB" * 32}},
        {"commitments": {"nickname": "ab" * 32}},
        {"obligations": None},
        {"obligations": ["x"]},
        {"obligations": [{"id": "a", "fact": "b"}]},
        {"obligations": [{"id": "a", "fact": "b", "effect": "c", "more": "d"}]},
        {"obligations": [{"id": 1, "fact": "b", "effect": "c"}]},
        {"outcome": {}},
        {"outcome": ["granted"]},
        {"outcome": None},
        {"kind": 1},
        {"request_id": 7},
        {"attributes_asked": "foedselsdato"},
        {"attributes_asked": [1]},
        {"reasons": None},
    ],
)
def test_leaf_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    """A field too many, of another type or of another version makes it no entry."""
    document = orjson.loads(commit_to(submission(1)).data) | change
    with pytest.raises(FormatError):
        entries.decode(rfc8785.dumps(document))


@pytest.mark.parametrize("missing", ["v", "commitments", "outcome", "obligations", "request_id"])
def test_leaf_without_a_field_is_refused(missing: str) -> None:
    """No field may be absent."""
    document = orjson.loads(commit_to(submission(1)).data)
    del document[missing]
    with pytest.raises(FormatError):
        entries.decode(rfc8785.dumps(document))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"1", b"null", b'"entry"'])
def test_json_that_is_no_object_is_no_entry(data: bytes) -> None:
    """Other JSON is refused, not misread."""
    with pytest.raises(FormatError):
        entries.decode(data)


def test_parties_are_all_who_took_part() -> None:
    """An entry is on the side of its caller, consumer, provider and, where there is one, processor."""
    assert {"91000008", "95000088"} == ENTRY.parties()
    delegated = replace(ENTRY, caller="90000160", processor="90000160")
    assert {"91000008", "95000088", "90000160"} == delegated.parties()
