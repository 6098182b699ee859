"""What a search finds is what a scan of the entries finds: for any criteria, any viewer, both databases."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from audit.formats.entry import Entry
from audit.queries.criteria import GROUPS, Criteria, Viewer
from audit.queries.danish_time import Unit
from tests.support import bulk, postgres
from tests.support.drawn import AUTHORITIES, CRITERIA, HOSTILE, SUBJECTS, VIEWERS, Drawn, draw
from tests.support.logs import LogSite
from tests.support.searching import AUDITOR, BY_AUDITOR, Searching, meets, searching

SIZE = 9000  # more than two segments
Log = tuple[Searching, list[Drawn]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def log(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres_server: postgres.Server
) -> Iterator[Log]:
    """A log of random entries, and its index."""
    urls = [postgres_server.fresh_database() for _ in range(2)] if request.param == "postgresql" else []
    site = LogSite.at(tmp_path_factory.mktemp("searched"), *urls)
    drawn = random.Random(24)
    there = [draw(drawn, number) for number in range(SIZE)]
    bulk.write(site, (one.submission() for one in there))
    with searching(site) as searches:
        searches.indexer(most=1700).catch_up()
        yield searches, there


def scanned(there: list[Drawn], criteria: Criteria, viewer: Viewer) -> list[int]:
    """The indexes that a scan finds."""
    return [i for i, one in enumerate(there) if meets(one.entry, one.sealed, criteria, viewer)]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(criteria=CRITERIA, viewer=VIEWERS)
@example(criteria=Criteria(), viewer=AUDITOR)
@example(criteria=Criteria(purposes=HOSTILE), viewer=AUDITOR)
@example(criteria=Criteria(subject=SUBJECTS[0]), viewer=Viewer(AUTHORITIES[0]))
def test_a_search_finds_what_a_scan_finds(log: Log, criteria: Criteria, viewer: Viewer) -> None:
    """No more and no less, and all of it was searched."""
    searches, there = log
    matched = searches.match(criteria, viewer)
    assert scanned(there, criteria, viewer) == searches.found(criteria, viewer)
    assert (SIZE, ()) == (matched.size, matched.unsearched)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), criteria=st.lists(CRITERIA, min_size=10, max_size=10), viewer=VIEWERS)
def test_in_any_log(
    tmp_path_factory: pytest.TempPathFactory, seed: int, criteria: list[Criteria], viewer: Viewer
) -> None:
    """Also in small ones, indexed a few entries at a time."""
    drawn = random.Random(seed)
    there = [draw(drawn, number) for number in range(drawn.randrange(60))]
    site = LogSite.at(tmp_path_factory.mktemp("small"))
    bulk.write(site, (one.submission() for one in there))
    with searching(site) as searches:
        searches.indexer(most=1 + drawn.randrange(20)).catch_up()
        for one in criteria:
            assert scanned(there, one, viewer) == searches.found(one, viewer)


@pytest.mark.parametrize("by", sorted(GROUPS))
def test_groups_are_counted(log: Log, by: str) -> None:
    """By each field: as many records of each value as a scan counts, the most frequent first."""
    searches, there = log
    criteria = Criteria(outcomes=("granted", "refused"), kinds=("exchange", "matching"))
    expected: Counter[str] = Counter()
    for one in (there[i] for i in scanned(there, criteria, AUDITOR)):
        assert isinstance(one.entry, Entry)
        expected.update(values(one.entry, by))
    counts = searches.queries.count(BY_AUDITOR, criteria, by)._answer()
    assert expected == dict(counts.by)
    assert sorted((n for _, n in counts.by), reverse=True) == [n for _, n in counts.by]


def values(entry: Entry, by: str) -> set[str]:
    """What an entry counts for."""
    found = {
        "authority": entry.parties(),
        "attribute": entry.attributes_asked,
        "reason": entry.reasons,
        "obligation": [o.id for o in entry.obligations],
    }
    return {*(found[by] if by in found else [getattr(entry, by)])} - {""}


@pytest.mark.parametrize("unit", list(Unit))
def test_times_are_counted_by_danish_days(log: Log, unit: Unit) -> None:
    """By hour, day, week and month: a day is a Danish one, also when it has 23 or 25 hours."""
    searches, there = log
    expected: Counter[str] = Counter()
    for one in there:
        try:
            time = datetime.fromisoformat(one.entry.time)
        except ValueError:
            continue
        if time.year > 1970 and time.year < 9999:
            expected[named(time, unit)] += 1
    counts = dict(searches.queries.count(BY_AUDITOR, Criteria(), unit.value)._answer().by)
    last = [name for name in counts if name.startswith("9999")]
    assert 1 == len(last)  # the end of all times has a stretch, too
    assert expected == {name: n for name, n in counts.items() if name not in last}


def named(time: datetime, unit: Unit) -> str:
    """The stretch of time that a time lies in, by the calendar."""
    if unit is Unit.HOUR:
        return time.strftime("%Y-%m-%dT%H:00Z")
    local = time.astimezone(ZoneInfo("Europe/Copenhagen")).date()
    if unit is Unit.WEEK:
        local = date.fromisocalendar(*local.isocalendar()[:2], 1)
    return (local.replace(day=1) if unit is Unit.MONTH else local).isoformat()
