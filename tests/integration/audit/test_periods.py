"""Periods of a log: closed without a gap, beside what is written, and anew after an erasure."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from audit.completeness import closed, due, rows
from audit.completeness.asked import What
from audit.completeness.building import Job, Work, build
from audit.completeness.closing import Closer, Places
from audit.log import AuditLog
from audit.vault.subject_keys import SubjectKeys
from audit.writing.owner import Owner
from tests.integration.audit.erased import ask, left
from tests.support.logs import ENTRY, LogSite, fill, submission
from tests.support.periods import Periods


async def people(log: AuditLog, first: int, count: int) -> None:
    """Appends records about three subjects in turns."""
    for n in range(first, first + count):
        await log.append(submission(n, subject=b"subject %d" % (n % 3)), closes_intention=False)


async def test_successive_periods_leave_nothing_between_them(log_site: LogSite) -> None:
    """Each begins where the one before ended, its entry in the next; the log holds, with its vault or not."""
    periods = Periods(log_site)
    with log_site.opened() as log:
        await people(log, 0, 6)
        assert 6 == periods.close()
        await people(log, 6, 3)
        assert 10 == periods.close()
        told = [closed.read(log.reader.by_index(i).content) for i in (6, 10)]
    assert [(0, 6, 6), (6, 10, 3)] == [(t.first, t.end, t.count) for t in told]
    assert ("", told[0].until) == (told[0].since, told[1].since)
    report = log_site.verify()
    assert () == report.findings
    assert (2, 2, 0, 1) == (
        report.periods.closed,
        report.periods.recomputed,
        report.periods.anew,
        report.periods.unclosed,
    )
    public = log_site.verify(sealed=False)
    assert ((), 2, 0) == (public.findings, public.periods.closed, public.periods.recomputed)


async def test_all_records_about_everybody_are_proved(log_site: LogSite) -> None:
    """Of each subject all records, of a stranger none, with the public key alone; over several periods."""
    periods = Periods(log_site)
    with log_site.opened() as log:
        await people(log, 0, 7)
        periods.close()
        await people(log, 7, 2)
        periods.close()
        await people(log, 9, 1)
        expected = {b"subject 0": [0, 3, 6], b"subject 1": [1, 4, 8], b"subject 2": [2, 5, 9]}
        for subject, indexes in {**expected, b"stranger": []}.items():
            verified = periods.prove(subject).verify(log_site.verifier)
            assert indexes == [r.index for r in verified.records]
            assert ("", 2) == (verified.since, len(verified.periods))


async def test_erasure_has_its_periods_closed_anew(log_site: LogSite) -> None:
    """The index and its keys go with the record, and the next index, under other keys, is without it."""
    periods = Periods(log_site)
    with log_site.opened() as log:
        await people(log, 0, 6)
        first = periods.close()
        await people(log, 6, 3)
        periods.close()
        before = periods.standing()
        proof = periods.prove(b"subject 1")
        erasure = log_site.erase(b"subject 0")
        after = periods.settled()
        with log_site.erasing() as erasing:
            assert erasing.proof(erasure).holds
        told = closed.read(log.reader.by_index(after[0].entry).content)
        assert (first, 0, 6, 6) == (told.replaces, told.first, told.end, told.count)
        assert not {p.key_id for p in before} & {p.key_id for p in after}
        assert closed.read_account(after[0].account) == closed.Account(4, 2, "", str(erasure))
        assert [] == periods.prove(b"subject 0").verify(log_site.verifier).records
        assert [1, 4, 8] == [r.index for r in periods.prove(b"subject 1").verify(log_site.verifier).records]
        proof.verify(log_site.verifier)  # what was given out before holds as before
    report = log_site.verify()
    assert ((), 2, 0) == (report.findings, report.periods.recomputed, report.periods.anew)


async def test_erasing_one_record_leaves_other_periods_alone(log_site: LogSite) -> None:
    """Only the period that the record stands in is closed anew."""
    periods = Periods(log_site)
    with log_site.opened() as log:
        await people(log, 0, 6)
        periods.close()
        await people(log, 6, 3)
        periods.close()
        before = periods.standing()
        with log_site.erasing() as erasing:
            log_site.carried_out(erasing, ask(log_site, erasing.record(2)))
        after = periods.settled()
    assert before[1] == after[1]
    assert before[0].entry != after[0].entry
    assert log_site.verify().holds


async def test_lost_keys_are_a_finding_until_the_period_is_closed_again(log_site: LogSite) -> None:
    """Keys that came back from an old copy without a period's own: told, and mended on demand."""
    periods = Periods(log_site)
    with log_site.opened() as log:
        await people(log, 0, 3)
        entry = periods.close()
        with log_site.keys_database() as keys, keys.begin() as connection:
            connection.exec_driver_sql("DELETE FROM vault_periods")
        problems = [f.problem for f in log_site.verify().findings]
        assert ["the keys of its index are gone, and no erasure says so"] == problems
        again = periods.close(What.AGAIN, str(entry))
        assert entry == closed.read(log.reader.by_index(again).content).replaces
        assert [0] == [r.index for r in periods.prove(b"subject 0").verify(log_site.verifier).records]
        assert entry == periods.close(What.AGAIN, str(entry))  # asked twice: there is nothing to do
    assert log_site.verify().holds


async def test_what_never_came_to_stand_is_removed_by_the_next_owner(log_site: LogSite) -> None:
    """Rows and keys of an index whose owner was killed before its entry: neither is there afterwards."""
    with log_site.opened() as log:
        await people(log, 0, 3)
    settings, name = log_site.settings, rows.new_name()
    built = build(Job(settings.url, settings.keys_url, settings.master_key, name, 0, 3, even_empty=False))
    assert built is not None
    with log_site.keys_database() as engine:
        SubjectKeys(engine, log_site.master).keep_period(name, built.keys.pseudonyms + built.keys.salts)
    log_site.open().close()
    with log_site.keys_database() as engine, log_site.database() as log_engine:
        assert set() == SubjectKeys(engine, log_site.master).periods()
        with log_engine.connect() as connection:
            assert not rows.has_strays(connection)
    assert ((), 0) == ((report := log_site.verify()).findings, report.periods.closed)


async def test_erasure_while_an_index_is_built_has_it_built_again(log_site: LogSite) -> None:
    """What was built with an erased record in it never stands."""
    with log_site.opened() as log:
        await people(log, 0, 3)
        with log_site.database() as engine, engine.connect() as connection:
            plan = due.plan(connection, [], due.Calendar(1.0), datetime.now(UTC), None)
            assert plan is not None
            assert due.fits(connection, plan)
        log_site.erase(b"subject 1")
        with log_site.database() as engine, engine.connect() as connection:
            assert not due.fits(connection, plan)
            later = due.plan(connection, [], due.Calendar(1.0), datetime.now(UTC), None)
            assert later is not None
            assert due.fits(connection, later)


async def test_many_entries_are_indexed_in_a_process_of_their_own(sqlite_site: LogSite) -> None:
    """Beyond some thousands, and the log takes entries meanwhile."""
    periods = Periods(sqlite_site)
    with sqlite_site.opened() as log:
        await fill(log, 3000)
        closing = asyncio.get_running_loop().run_in_executor(None, periods.close)
        await fill(log, 50, 3000)
        assert 3000 <= await closing
        assert 3000 <= len(periods.prove(b"subject 1").verify(sqlite_site.verifier).records)
    assert sqlite_site.verify().holds


def test_a_process_that_ends_is_a_failure_and_no_silence(sqlite_site: LogSite) -> None:
    """Whoever waits for it learns that nothing came of it."""
    sqlite_site.open().close()
    settings = sqlite_site.settings
    job = Job(
        settings.url, settings.keys_url, settings.master_key, rows.new_name(), 0, 5000, even_empty=False
    )
    work = Work(job)
    assert work._process is not None
    work._process.kill()
    while (ended := work.outcome()) is None:
        pass
    assert "the process ended" == getattr(ended[0], "problem", "")


@pytest.mark.parametrize(("hours", "expected"), [(1, []), (25, [(0, 3, "2026-11-22T21:00:00Z")])])
async def test_a_day_is_closed_when_it_is_over(
    sqlite_site: LogSite, hours: int, expected: list[tuple[int, int, str]]
) -> None:
    """By the clock, once, and not again where nothing about anybody was recorded since."""
    with sqlite_site.opened() as log:
        await people(log, 0, 3)
    now = [datetime(2026, 11, 21, 20, tzinfo=UTC) + timedelta(hours=hours)]
    with sqlite_site.database() as engine, sqlite_site.keys_database() as keys_engine:
        keys = SubjectKeys(keys_engine, sqlite_site.master)
        settings = sqlite_site.settings
        places = Places(settings.url, settings.keys_url, settings.master_key)
        closer = Closer(engine, keys, places, 86_400, lambda: now[0])
        owner = Owner(engine, keys, sqlite_site.signer, 10)
        owner.take_over()
        for _ in range(3):  # a day each
            until_idle(closer, owner)
            now[0] += timedelta(days=1 if expected else 0)
    found = Periods(sqlite_site).standing()
    assert expected == [(p.first, p.end, p.until) for p in found]


def until_idle(closer: Closer, owner: Owner) -> None:
    """Has the owner do what there is to do."""
    closer.step(owner)
    while closer._under_way:
        closer.step(owner)


async def test_a_long_log_is_closed_in_parts(sqlite_site: LogSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that had no periods before gets several, each with a bound on what an erasure has built anew."""
    monkeypatch.setattr(due, "MOST", 4)
    periods = Periods(sqlite_site)
    with sqlite_site.opened() as log:
        await people(log, 0, 6)
        # The first part, which the clock would close; the last one answers the request.
        with sqlite_site.database() as engine, engine.connect() as connection:
            plan = due.plan(connection, [], due.Calendar(86_400), datetime(2026, 11, 23, tzinfo=UTC), None)
        assert plan is not None
        assert (0, 4, ENTRY.time) == (plan.period.first, plan.period.end, plan.period.until)
        periods.close()
    assert [(0, 4), (4, 7)] == [(p.first, p.end) for p in periods.standing()]
    assert sqlite_site.verify().holds


async def test_what_does_not_open_is_told_and_stops_nothing(sqlite_site: LogSite) -> None:
    """An entry whose sealed part is damaged may be about anybody: the account says so."""
    periods = Periods(sqlite_site)
    with sqlite_site.opened() as log:
        await people(log, 0, 3)
        sqlite_site.execute("UPDATE vault_sealed SET data = x'00' WHERE \"index\" = 1")
        periods.close()
    verified = periods.prove(b"subject 1").verify(sqlite_site.verifier)
    assert ([], "1") == (verified.records, verified.periods[0].account.unread)
    assert ["entry 1"] == [f.place for f in sqlite_site.verify().findings]


async def test_no_key_and_no_row_of_an_erased_period_is_left_in_any_file(sqlite_site: LogSite) -> None:
    """Wrapped keys and pseudonyms of the index that went stand in no table, no free page, no journal."""
    periods = Periods(sqlite_site)
    with sqlite_site.opened() as log:
        await people(log, 0, 6)
        periods.close()
        with sqlite_site.keys_database() as keys, keys.connect() as connection:
            wrapped = [
                bytes(w) for w in connection.execute(sa.text("SELECT wrapped FROM vault_periods")).scalars()
            ]
        with sqlite_site.database() as engine, engine.connect() as connection:
            leaves = sa.text("SELECT leaves FROM log_period_buckets WHERE length(leaves) > 0")
            pseudonyms = [bytes(found)[:32] for found in connection.execute(leaves).scalars()]
        assert (1, 3) == (len(wrapped), len(pseudonyms))
        needles = (*wrapped, *pseudonyms)
        assert len(needles) == len(left(sqlite_site.folder, needles))
        sqlite_site.erase(b"subject 1")
        periods.settled()
        assert [] == left(sqlite_site.folder, needles)


def test_a_period_is_as_it_is_read() -> None:
    """What an entry says of a period is read back as it was written."""
    told = closed.Closed(0, 5, "", "2026-11-21T00:00:00Z", 3, bytes(32), b"\x01" * 32, b"\x02" * 32, None)
    assert told == closed.read(told.event("2026-11-21T00:00:01Z"))
    anew = replace(told, replaces=5)
    assert anew == closed.read(anew.event("2026-11-21T00:00:01Z"))
