"""Random entries and criteria for tests of searches: of few values, so that some of them meet."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from audit.formats.entry import POLICY_CHANGED, AppliedObligation, Entry, Event, Submission
from audit.queries.criteria import Criteria, Viewer
from tests.support.logs import ENTRY, request_id

HOSTILE = (
    "'; DROP TABLE search_names; --",
    "a\x00b",
    "%",
    "*",
    "\u202eben\u2066",
    "NULL",
    "x" * 9000,
    '{"a":1}',
    "æøå 🇩🇰",
    "1e9",
)
AUTHORITIES = ("91000008", "92000028", "95000088", "90000160")
NAMES = ("a", "b", "ab", *HOSTILE)
SUBJECTS = tuple(b"personnummer:61019012%02d" % n for n in range(8))
CASEWORKERS = (b"one", b"two", b"\x00\xff'", b"")
CASES = tuple(b"case %d" % n for n in range(5))
TIMES = (
    "2026-03-28T22:59:59Z",  # the last second of a Danish day
    "2026-03-29T00:59:59Z",  # before the clocks change
    "2026-03-29T01:00:00Z",
    "2026-10-25T00:30:00Z",  # half past two, twice
    "2026-10-25T01:30:00Z",
    "2026-12-31T23:00:00Z",
    "no time",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """An entry, and what is sealed with it."""

    entry: Entry | Event
    sealed: Mapping[str, bytes]

    def submission(self) -> Submission:
        """As it is recorded."""
        subject = self.sealed.get("subject", b"nobody")
        return Submission(self.entry, subject, self.sealed, claims_request_id=False)


def draw(drawn: random.Random, number: int) -> Drawn:
    """Draws an entry."""
    if drawn.randrange(20) == 0:
        caller = drawn.choice(("", *AUTHORITIES))
        return Drawn(Event(POLICY_CHANGED, drawn.choice(TIMES), None, caller, {"action": "publish"}), {})
    effects = ("withheld", "review")
    obligations = tuple(AppliedObligation(drawn.choice(NAMES), "", drawn.choice(effects)) for _ in range(2))
    told = replace(
        ENTRY,
        kind=drawn.choice(("exchange", "dry_run", "matching")),
        time=drawn.choice(TIMES),
        request_id=request_id(number),
        caller=drawn.choice(AUTHORITIES),
        consumer=drawn.choice(("", *AUTHORITIES)),
        provider=drawn.choice(("", *AUTHORITIES)),
        processor=drawn.choice((None, *AUTHORITIES)),
        dataset=drawn.choice(NAMES),
        attributes_asked=tuple(drawn.choices(NAMES, k=3)),
        attributes_released=tuple(drawn.choices(NAMES, k=drawn.randrange(3))),
        purpose=drawn.choice(NAMES),
        legal_basis=drawn.choice(("", *NAMES)),
        agreement=drawn.choice(NAMES),
        outcome=drawn.choice(("granted", "refused", "failed", "interrupted")),
        reasons=tuple(drawn.choices(NAMES, k=drawn.randrange(3))),
        obligations=obligations[: drawn.randrange(3)],
    )
    every = {"subject": SUBJECTS, "caseworker": CASEWORKERS, "case": CASES}
    sealed = {name: drawn.choice(values) for name, values in every.items() if drawn.randrange(5)}
    return Drawn(told, sealed)


def _some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    there = st.lists(st.sampled_from((*values, "nowhere")), max_size=3).map(tuple)
    return st.one_of(st.just(()), st.just(()), st.just(()), there)


_MOMENTS = st.one_of(
    st.none(),
    st.none(),
    st.sampled_from([datetime.fromisoformat(t) for t in TIMES if t.startswith("2026")]),
    st.integers(0, 366 * 24).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)),
)

CRITERIA = st.builds(
    Criteria,
    subject=st.one_of(st.none(), st.none(), st.sampled_from((*SUBJECTS, b"stranger"))),
    caseworker=st.one_of(st.none(), st.none(), st.sampled_from(CASEWORKERS)),
    case=st.one_of(st.none(), st.none(), st.sampled_from(CASES)),
    kinds=_some(("exchange", "dry_run", "policy_changed")),
    outcomes=_some(("granted", "refused", "failed")),
    authorities=_some(AUTHORITIES),
    consumers=_some(AUTHORITIES),
    providers=_some(AUTHORITIES),
    processors=_some(AUTHORITIES),
    datasets=_some(NAMES),
    purposes=_some(NAMES),
    legal_bases=_some(NAMES),
    agreements=_some(NAMES),
    attributes=_some(NAMES),
    released=_some(NAMES),
    reasons=_some(NAMES),
    obligations=_some(NAMES),
    since=_MOMENTS,
    until=_MOMENTS,
    needs_review=st.sampled_from((False, False, False, True)),
)
VIEWERS = st.sampled_from([Viewer(a) for a in (None, *AUTHORITIES, "10000009")])
