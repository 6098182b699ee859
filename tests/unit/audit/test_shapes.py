"""Reading by shape is reading: whatever is remembered, a leaf says what it says by itself."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.errors import FormatError
from audit.formats import entry as entries
from audit.formats.entry import COMMITTED, POLICY_CHANGED, Event
from audit.reading.shapes import ShapeReader
from tests.support.logs import ENTRY, request_id

_BITS = [b'"', b'":"', b"}", b"{", b",", b"\\u0041", b"null", b'"time":"', b'"law_date":"', b"0", b"g", b" "]
commitments = st.dictionaries(st.sampled_from(COMMITTED), st.binary(min_size=32, max_size=32).map(bytes.hex))
moments = st.datetimes().map(lambda moment: moment.replace(microsecond=0).isoformat() + "Z")
exchanges = st.builds(
    lambda time, number, date: replace(ENTRY, time=time, request_id=number, law_date=date),
    moments,
    st.none() | st.integers(0, 1000).map(request_id),
    st.dates().map(str) | st.sampled_from(["", "then", '"law_date":"', "2026-01-01x"]),
)
details = st.dictionaries(
    st.sampled_from(["law_date", "time", "request_id", "commitments", "x"]),
    st.sampled_from(["2026-01-01", "x", '"commitments":{', '","time":"']),
)
events = st.builds(Event, st.just(POLICY_CHANGED), moments, st.none() | moments, st.just(""), details)


@given(st.lists(st.tuples(exchanges | events, commitments), min_size=1, max_size=6))
def test_leaves_are_read_as_one_by_one(written: list[tuple[entries.Entry | Event, dict[str, str]]]) -> None:
    """However alike they are, and whatever their strings hold, each is read as `decode_any` reads it."""
    reader = ShapeReader()
    for content, committed in written * 2:  # the second time every shape is known
        shaped = reader.read(entries.encode(content, committed))
        assert (content, committed) == (shaped.content(), shaped.named())
        assert (content.time, content.request_id) == (shaped.time, shaped.request_id)


@given(exchanges | events, commitments, st.randoms(use_true_random=False), st.integers(0, 40))
def test_damaged_leaf_is_read_no_more_leniently(
    content: entries.Entry | Event, committed: dict[str, str], chosen: random.Random, length: int
) -> None:
    """With the shape known, a leaf with anything in it replaced is refused or read as by itself."""
    leaf, reader = entries.encode(content, committed), ShapeReader()
    reader.read(leaf)
    for _ in range(20):
        at = chosen.randrange(len(leaf))
        put = chosen.choice(_BITS) if chosen.random() < 0.8 else leaf[: chosen.randrange(100)]
        other = leaf[:at] + put + leaf[at + chosen.choice([0, len(put), length]) :]
        try:
            expected = entries.decode_any(other)
        except FormatError:
            with pytest.raises(FormatError):
                reader.read(other)
        else:
            shaped = reader.read(other)
            assert expected == (shaped.content(), shaped.named())
