"""Which policy set is in force follows from what was done, and no revision is lost or exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from hashlib import sha256

import pytest

from audit.errors import FormatError, NotFound
from audit.formats.entry import POLICY_CHANGED, AppliedObligation, Event, Submission
from audit.storage import database
from audit.storage.policies import Action, Difference, PolicyArchive
from tests.support.logs import ENTRY, LogSite, fill, submission

BUNDLES = {sha256(b).hexdigest(): b for b in (b"first", b"second", b"third")}
FIRST, SECOND, THIRD = BUNDLES
NOW = "2026-11-21T20:00:00Z"


@pytest.fixture
def archive(log_site: LogSite) -> Iterator[PolicyArchive]:
    """An archive in the database of a log that nobody owns at present."""
    with log_site.database() as engine:
        database.migrate(engine, "log")
        yield PolicyArchive(engine)


def publish(archive: PolicyArchive, revision: str) -> None:
    archive.put_in_force(revision, BUNDLES[revision], NOW, "")


def test_the_last_published_revision_is_in_force(archive: PolicyArchive) -> None:
    """Nothing is in force at first; then what was published last; every revision stays readable."""
    assert ("", 0) == (archive.state().active, archive.newest())
    for revision in BUNDLES:
        publish(archive, revision)
        assert revision == archive.state().active
    assert BUNDLES == {revision: archive.bundle(revision) for revision in BUNDLES}
    assert archive.newest() == archive.events()[-1].number


def test_rolling_back_puts_an_earlier_revision_in_force(archive: PolicyArchive) -> None:
    """The revision before the present one is known; going back needs no bundle, and can be undone."""
    publish(archive, FIRST)
    assert "" == archive.state().previous
    publish(archive, SECOND)
    assert FIRST == archive.state().previous
    archive.put_in_force(FIRST, None, NOW, "mistake", Action.ROLL_BACK)
    assert (FIRST, SECOND) == (archive.state().active, archive.state().previous)


def test_withdrawn_revision_never_decides_again(archive: PolicyArchive) -> None:
    """It leaves at once, its predecessor takes its place, and it cannot be put in force or tried."""
    publish(archive, FIRST)
    publish(archive, SECOND)
    archive.withdraw(SECOND, NOW, "wrong law")
    assert (FIRST, frozenset({SECOND})) == (archive.state().active, archive.state().withdrawn)
    for again in (archive.put_in_force, archive.shadow):
        with pytest.raises(FormatError, match="withdrawn"):
            again(SECOND, BUNDLES[SECOND], NOW, "")
    assert FIRST == archive.state().active


def test_only_revision_in_force_cannot_be_withdrawn(archive: PolicyArchive) -> None:
    """Withdrawing must not leave the exchange without any law: the error says what to do."""
    publish(archive, FIRST)
    with pytest.raises(FormatError, match="publish one first"):
        archive.withdraw(FIRST, NOW, "")
    assert (FIRST, frozenset()) == (archive.state().active, archive.state().withdrawn)


def test_revision_without_its_bundle_is_refused(archive: PolicyArchive) -> None:
    """What is not archived cannot decide, and a bundle is archived under its own revision only."""
    with pytest.raises(NotFound, match="archived"):
        archive.put_in_force(FIRST, None, NOW, "")
    with pytest.raises(FormatError, match="another one"):
        archive.put_in_force(FIRST, BUNDLES[SECOND], NOW, "")
    with pytest.raises(NotFound):
        archive.bundle(FIRST)
    assert [] == archive.events()


def test_altered_archive_is_found(archive: PolicyArchive, log_site: LogSite) -> None:
    """A bundle that was exchanged in the database is not read as if it were the old one."""
    publish(archive, FIRST)
    log_site.execute("UPDATE policy_revisions SET bundle = :b", b=b"other")
    with pytest.raises(FormatError, match="altered"):
        archive.bundle(FIRST)


def test_revision_is_found_by_its_beginning(archive: PolicyArchive) -> None:
    """A beginning that fits one revision names it; one that fits none or all names nothing."""
    for revision in BUNDLES:
        publish(archive, revision)
    assert SECOND == archive.find(SECOND[:12])
    for prefix in ("", "x"):
        with pytest.raises(NotFound, match="name one"):
            archive.find(prefix)


def test_many_publish_at_once(archive: PolicyArchive) -> None:
    """Publishers that meet wait for each other: every event has a number of its own."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: publish(archive, list(BUNDLES)[n % 3]), range(12)))
    numbers = [e.number for e in archive.events()]
    assert (12, numbers) == (len(set(numbers)), sorted(numbers))


async def test_publishing_beside_the_writer_disturbs_nobody(log_site: LogSite) -> None:
    """A command that publishes while the log is written stops no writer and loses no entry."""
    with log_site.opened() as log, log_site.database() as engine, ThreadPoolExecutor(1) as pool:
        beside = PolicyArchive(engine)
        work = pool.submit(lambda: list(map(partial(publish, beside), list(BUNDLES) * 3)))
        for turn in range(10):
            await fill(log, 20, first=20 * turn)
        work.result(30)
        assert log.problem is None
        assert THIRD == log.policies.state().active
    assert (200, True) == (log_site.verify().entries, log_site.verify().holds)


def test_differences_add_up(archive: PolicyArchive) -> None:
    """What a candidate would decide otherwise is counted over all brokers that tell of it."""
    one = Difference(SECOND, FIRST, "91000008", "p", "bsl.8", "cpr.person", "newly_refused", 2)
    other = Difference(SECOND, FIRST, "92000028", "p", "bsl.8", "cpr.person", "newly_granted", 1)
    archive.add_differences([one, other])
    archive.add_differences([one])
    assert [4, 1] == [d.count for d in archive.differences(SECOND)]
    assert [] == archive.differences(THIRD)


def test_shadow_begins_and_ends(archive: PolicyArchive) -> None:
    """A revision is tried beside the one in force, which stays."""
    publish(archive, FIRST)
    archive.shadow(SECOND, BUNDLES[SECOND], NOW, "")
    assert (FIRST, SECOND) == (archive.state().active, archive.state().shadow)
    archive.end_shadow(NOW)
    assert (FIRST, "") == (archive.state().active, archive.state().shadow)


async def test_change_of_policy_is_an_entry(log_site: LogSite) -> None:
    """An entry about the exchange itself stands in the tree like any other, and verifies."""
    event = Event(POLICY_CHANGED, NOW, None, "", {"revision": FIRST, "previous": ""})
    with log_site.opened() as log:
        done = await log.append(
            Submission(event, b"policy", {}, claims_request_id=False), closes_intention=False
        )
        assert event == log.reader.by_index(done.index).content
        with pytest.raises(FormatError, match="of no exchange"):
            _ = log.reader.by_index(done.index).entry
    assert {POLICY_CHANGED: 1} == log_site.verify().by_outcome


async def test_exchange_that_needs_a_second_person_is_queued(log_site: LogSite) -> None:
    """What an obligation flagged for review waits from the moment that it is durable."""
    flagged = submission(1)
    obligations = (AppliedObligation("second_person", "", "review"),)
    entry = replace(ENTRY, request_id=flagged.entry.request_id, obligations=obligations)
    with log_site.opened() as log:
        await fill(log, 1)
        await log.append(replace(flagged, entry=entry), closes_intention=False)
        assert [1] == [e.index for e in log.reader.to_review()]
