"""Erasing a subject, a record, or what is old: exactly that goes, an entry says so, every proof holds."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from audit.erasure import retention
from audit.errors import FormatError, NotFound
from audit.formats import ranges
from audit.formats.commitment import commit
from audit.formats.entry import Event, Submission
from audit.log import AuditLog
from audit.writing.operations import Appended
from tests.integration.audit.erased import ask, left, secrets_of, wrapped
from tests.support.logs import ENTRY, GROUND, LogSite, all_still_prove, fill, request_id, submission

ROOT = Path(__file__).parents[3]
A, B = b"subject A", b"subject B"


async def two(log: AuditLog, count: int = 10, first: int = 0) -> list[Appended]:
    """Records about two subjects in turns."""
    return [
        await log.append(submission(n, subject=(A, B)[n % 2]), closes_intention=False)
        for n in range(first, first + count)
    ]


def opened(log: AuditLog, size: int) -> list[int]:
    """The records that open."""
    return [i for i in range(size) if log.reader.opened(log.reader.by_index(i)) is not None]


def event(log: AuditLog, index: int) -> Event:
    """An entry about the exchange itself."""
    content = log.reader.by_index(index).content
    assert isinstance(content, Event)
    return content


async def test_subject_is_erased_and_the_entry_says_so(log_site: LogSite) -> None:
    """All its records go and no others; the entry tells scope, ground and number, and names nobody."""
    with log_site.opened() as log:
        acknowledged = await two(log)
        index = log_site.erase(A)
        told = event(log, index)
        assert ("subject", GROUND, "5") == tuple(told.details[n] for n in ("scope", "ground", "records"))
        assert [1, 3, 5, 7, 9] == opened(log, 10)
        with log_site.erasing() as erasing:
            proof = erasing.proof(index)
        assert ("0,2,4,6,8", True) == (proof.indexes, proof.holds)
        assert told.details["covers"] == commit(proof.opening, "erased", proof.indexes.encode())
        assert A not in log.reader.by_index(index).leaf
        all_still_prove(log, acknowledged)
    report = log_site.verify()
    assert (11, 6, 5, 0, ()) == (
        report.entries,
        report.sealed,
        report.erased,
        report.open_erasures,
        report.findings,
    )


async def test_erasing_twice_erases_once(log_site: LogSite) -> None:
    """What is gone is not there to be erased, whichever way it is named."""
    with log_site.opened() as log:
        await two(log, 4)
        log_site.erase(A)
        with log_site.erasing() as erasing:
            for wanted in (erasing.subject(A), erasing.record(0), erasing.subject(b"never seen")):
                assert (0, None) == (wanted.records, erasing.ask(wanted, GROUND))
        assert 5 == log.reader.checkpoint().size


async def test_asking_twice_asks_once(log_site: LogSite) -> None:
    """A request that waits for an owner is the same one, however often it is made."""
    with log_site.opened() as log:
        await two(log, 4)
    with log_site.erasing() as erasing:
        numbers = {erasing.ask(erasing.subject(A), GROUND) for _ in range(3)}
        assert 1 == len(numbers)
        assert 1 == log_site.verify().open_erasures
        log_site.open().close()
        assert [4] == erasing.entries(numbers.pop() or 0)
    assert (5, 2, 0) == ((r := log_site.verify()).entries, r.erased, r.open_erasures)


async def test_erased_subject_comes_back_as_somebody_else(log_site: LogSite) -> None:
    """A record made after the erasure opens; the old ones stay gone; they can be erased again."""
    with log_site.opened() as log:
        await two(log, 4)
        log_site.erase(A)
        done = await log.append(submission(50, subject=A), closes_intention=False)
        assert log.reader.opened(log.reader.by_index(done.index)) is not None
        assert log_site.verify().holds
        log_site.erase(A)
        assert log.reader.opened(log.reader.by_index(done.index)) is None
    report = log_site.verify()
    assert (3, True) == (report.erased, report.holds)


async def test_one_record_is_erased_alone(log_site: LogSite) -> None:
    """The others of its subject open as before, also in copies of the log made before."""
    with log_site.opened() as log:
        await two(log)
        with log_site.database() as engine, engine.connect() as connection:
            before = connection.execute(sa.text("SELECT * FROM vault_sealed")).mappings().all()
        with log_site.erasing() as erasing:
            number = ask(log_site, erasing.record(4))
            log_site.carried_out(erasing, number)
            index = erasing.entries(number)[0]
        assert ("record", "1") == tuple(event(log, index).details[n] for n in ("scope", "records"))
        assert [0, 1, 2, 3, 5, 6, 7, 8, 9] == opened(log, 10)
        assert log_site.verify().holds
        log_site.execute(  # the copy comes back
            'INSERT INTO vault_sealed ("index", key_id, data, page, slot) VALUES (:index, :key_id, :data, '
            ":page, :slot)",
            **next(row for row in before if row["index"] == 4),
        )
        assert log.reader.opened(log.reader.by_index(4)) is None
        assert ["entry 4"] == [f.place for f in log_site.verify().findings]


async def test_only_records_of_exchanges_are_erased_alone(log_site: LogSite) -> None:
    """An entry about an erasure, or none at all, is told."""
    with log_site.opened() as log:
        await two(log, 2)
        index = log_site.erase(A)
        with log_site.erasing() as erasing:
            with pytest.raises(FormatError, match="of no exchange"):
                erasing.record(index)
            with pytest.raises(NotFound):
                erasing.record(99)
            with pytest.raises(NotFound):
                erasing.proof(0)


CLASSES = """
[[class]]
id = "housing"
purposes = ["housing-benefit.*"]
datasets = ["*"]
keep_days = 365
ground = "gdpr.5.1.e"
law = "Databeskyttelsesforordningen artikel 5, stk. 1, litra e"
verified = false
"""


async def test_what_is_old_is_erased_by_its_class(log_site: LogSite, tmp_path: Path) -> None:
    """Records of the class older than it lets them be go, whoever they are about; newer and others stay."""
    file = tmp_path / "retention.toml"
    file.write_text(CLASSES)
    times = ("2024-05-01", "2025-11-20", "2025-11-21", "2026-11-20")
    kinds = ("housing-benefit.income", "pension.residence")
    with log_site.opened() as log:
        for n in range(8):
            own = replace(
                ENTRY, request_id=request_id(n), time=f"{times[n // 2]}T20:00:00Z", purpose=kinds[n % 2]
            )
            await log.append(
                Submission(own, A, {"subject": A}, claims_request_id=True), closes_intention=False
            )
        rule = retention.read(file)[0]
        with log_site.erasing() as erasing:
            (wanted,) = erasing.retention(rule, "2026-11-21")
            assert (2, "0,2") == (wanted.records, wanted.target)
            number = erasing.ask(wanted, rule.ground)
            assert number is not None
            log_site.carried_out(erasing, number)
            assert [] == erasing.retention(rule, "2026-11-21")
        told = event(log, 8).details
        assert ("retention", "gdpr.5.1.e", "housing before 2025-11-21", "2") == tuple(
            told[n] for n in ("scope", "ground", "rule", "records")
        )
        assert [1, 3, 4, 5, 6, 7] == opened(log, 8)
    assert log_site.verify().holds


async def test_many_records_are_erased_in_parts(log_site: LogSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A set too large for one transaction takes several entries, which cover it between them."""
    monkeypatch.setattr("audit.erasure.erasures.MOST", 7)
    with log_site.opened() as log:
        await fill(log, 40)
        with log_site.erasing() as erasing:
            number = ask(log_site, replace(erasing.record(0), target="3-21,30"))
            log_site.carried_out(erasing, number)
            parts = [erasing.proof(i).indexes for i in erasing.entries(number)]
            assert (["3-9", "10-16", "17-21,30"], 20) == (parts, erasing.covered(number))
    assert (20, True) == ((r := log_site.verify()).erased, r.holds)


async def test_class_with_many_records_lets_exchanges_through(
    log_site: LogSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for in parts, and the owner takes entries between them."""
    monkeypatch.setattr("audit.erasure.erasures.MOST", 5)
    (file := tmp_path / "retention.toml").write_text(CLASSES.replace("365", "1"))
    with log_site.opened() as log:
        await fill(log, 23)
        with log_site.erasing() as erasing:
            parts = erasing.retention(retention.read(file)[0], "2027-01-01")
            assert ["0-4", "5-9", "10-14", "15-19", "20-22"] == [p.target for p in parts]
            numbers = [ask(log_site, part) for part in parts]
            done = await log.append(submission(99, subject=A), closes_intention=False)
            for number in numbers:
                log_site.carried_out(erasing, number)
            assert log.reader.opened(log.reader.by_index(done.index)) is not None
    report = log_site.verify()
    assert (23, 6, 0, True) == (report.erased, report.sealed, report.open_erasures, report.holds)


async def test_exchange_under_way_is_erased_with_its_subject(log_site: LogSite) -> None:
    """What it intended goes too; its entry, when it ends, is a new record of after the erasure."""
    with log_site.opened() as log:
        await log.intend(submission(1, subject=A, outcome="interrupted"))
        await log.intend(submission(2, subject=A, outcome="interrupted"))
        secrets = [row for row in _intended(log_site) if row]
        assert 2 == len(secrets)
        log_site.erase(A)
        assert [b"", b""] == _intended(log_site)
        done = await log.append(submission(1, subject=A), closes_intention=True)
        assert log.reader.opened(log.reader.by_index(done.index)) is not None
    log_site.open().close()  # the other one is interrupted, and an entry covers it
    with log_site.opened() as log:
        interrupted = log.reader.by_request(request_id(2))
        assert ("interrupted", None) == (interrupted.entry.outcome, log.reader.opened(interrupted))
        assert "1" == event(log, interrupted.index + 1).details["records"]
    report = log_site.verify()
    assert (1, 0, True) == (report.erased, report.open_intentions, report.holds)


def _intended(site: LogSite) -> list[bytes]:
    with site.database() as engine, engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT sealed FROM log_intentions ORDER BY request_id")).scalars()
        return [bytes(row) for row in rows]


async def test_erasing_under_load_loses_nothing_else(log_site: LogSite) -> None:
    """While others are recorded, subjects are erased: every record is either open or covered."""
    with log_site.opened() as log:
        await two(log, 10)

        erased, written = 0, 10

        async def write(n: int) -> None:
            nonlocal written
            while erased < 5:
                await log.append(submission(n, subject=b"subject %d" % (n % 5)), closes_intention=False)
                n, written = n + 1, written + 1

        writing = asyncio.gather(write(10_000), write(20_000), write(30_000))
        while erased < 5:
            subject = b"subject %d" % erased
            with log_site.erasing() as erasing:
                wanted = erasing.subject(subject)
            if wanted.target:
                await asyncio.to_thread(log_site.erase, subject)
                erased += 1
            await asyncio.sleep(0.01)
        await writing
    report = log_site.verify()
    assert () == report.findings
    assert written + erased == report.sealed + report.erased == report.entries


async def test_nothing_of_it_is_left_in_any_file(sqlite_site: LogSite, tmp_path: Path) -> None:
    """No opening, value or key, wrapped or not, stands in tables, free pages or journals of SQLite."""
    with sqlite_site.opened() as log:
        await fill(log, 30)
        await two(log, 60, first=100)
        secrets = secrets_of(sqlite_site, [30, 32, 34])
        with sqlite_site.erasing() as erasing:
            key_id = erasing.subject(A).target
        kept = (*secrets.kept, *wrapped(sqlite_site, key_id))
        data = tmp_path
        assert list(kept) == left(data, kept)
        sqlite_site.erase(A)
        assert [] == left(data, (*secrets.opened, *kept))
    assert [] == left(data, (*secrets.opened, *kept))


def test_classes_that_come_along_have_every_purpose() -> None:
    """The example has a class for each purpose of the policies, once."""
    classes = retention.read(ROOT / "deploy" / "retention.toml")
    purposes = orjson.loads((ROOT / "policies" / "purposes" / "data.json").read_bytes())
    old = replace(ENTRY, time="2000-01-01T00:00:00Z")
    found = {p: [c.id for c in classes if c.has(replace(old, purpose=p), "2020-01-01")] for p in purposes}
    assert {} == {purpose: ids for purpose, ids in found.items() if len(ids) != 1}


def test_sets_of_indexes_have_one_form() -> None:
    """A set is written in one way, and no other way is read."""
    assert "0-4,7,9-12" == ranges.write([12, 0, 1, 2, 3, 4, 7, 9, 10, 11])
    assert [0, 1, 2, 3, 4, 7] == list(ranges.indexes(ranges.parse("0-4,7")))
    assert ("", []) == (ranges.write([]), ranges.parse(""))
    for text in ("1-1", "2-1", "1,2", "3,1", "01", "1-", "-1", "1,,3", " 1", "1-3,3", "1;3"):
        with pytest.raises(FormatError):
            ranges.parse(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("keep_days = 365", "keep_days = 0"),
        ("keep_days = 365", 'keep_days = "365"'),
        ("keep_days = 365", "keep_days = true"),
        ('ground = "gdpr.5.1.e"', 'ground = "GDPR 5"'),
        ('["*"]', "[]"),
        ('["*"]', "[1]"),
        ("verified = false", ""),
        ("[[class]]", "[class]"),
        ("[[class]]", "more = 1\n[[class]]"),
        ("[[class]]", "[[class]"),
        (CLASSES, CLASSES * 2),
        (CLASSES, ""),
    ],
)
def test_bad_file_of_classes_is_refused_whole(tmp_path: Path, old: str, new: str) -> None:
    """A file that is not what it should be erases nothing."""
    file = tmp_path / "retention.toml"
    file.write_text(CLASSES.replace(old, new))
    with pytest.raises(FormatError, match=r"retention\.toml"):
        retention.read(file)
