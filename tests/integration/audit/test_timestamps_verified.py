"""What timestamps prove: an operator who holds every key cannot change what was stamped, nor when."""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from audit.errors import FormatError, VerificationError
from audit.formats import checkpoint, entry
from audit.formats.checkpoint import Checkpoint
from audit.formats.entry import Entry, Submission
from audit.formats.merkle import leaf_hash, verify_consistency
from audit.storage import schema, store
from audit.timestamps import timestamp, timestamp_file
from audit.vault import vault
from audit.vault.subject_keys import SubjectKeys
from tests.support.logs import LogSite, fill, refuses, submission, textbook_root
from tests.support.tsa import Mode, Tsa, openssl, stamper

Change = Callable[[Entry], Entry]


def backdated(of: Entry) -> Entry:
    return replace(of, time="2025-01-01T00:00:00Z")


def rewrite(site: LogSite, index: int, change: Change) -> None:
    """Rewrites an entry as an operator could who has every key: nothing but a timestamp can tell."""
    with site.database() as engine, site.keys_database() as keys_engine, engine.begin() as log:
        query = sa.select(schema.entries.c.leaf).order_by(schema.entries.c.index)
        leaves = list(log.execute(query).scalars())
        content, commitments = entry.decode(leaves[index])
        old, leaves[index] = leaves[index], entry.encode(change(content), commitments)
        kept = log.execute(sa.select(schema.sealed).where(schema.sealed.c.index == index)).one()
        key = SubjectKeys(keys_engine, site.master).find(store.key_name(kept))
        assert key
        again = vault.seal(key, leaves[index], vault.unseal(key, old, kept.data))
        root = textbook_root([leaf_hash(leaf) for leaf in leaves])
        signed = Checkpoint(site.origin, len(leaves), root).sign(site.signer)
        for table, values in (
            (schema.entries, {"leaf": leaves[index], "leaf_hash": leaf_hash(leaves[index])}),
            (schema.sealed, {"data": again}),
        ):
            log.execute(table.update().where(table.c.index == index).values(values))
        log.execute(schema.tiles.delete())
        store.write_complete_tiles(log, 0, len(leaves))
        log.execute(schema.head.update().values(root=root, signed_checkpoint=signed))


async def stamped(site: LogSite, tsa: Tsa, *counts: int) -> None:
    """Writes a log, stamped after so many entries each."""
    with site.opened() as log:
        first = 0
        for count in counts:
            await fill(log, count, first)
            first += count
            await stamper(log, tsa).look()


async def test_backdated_entry_is_caught_by_the_earlier_stamp(log_site: LogSite, tsa: Tsa) -> None:
    """Promise 3: a time that is rewritten, with everything signed anew, is found, and where."""
    await stamped(log_site, tsa, 3, 4, 2)
    assert log_site.verify(roots=tsa.roots).holds
    rewrite(log_site, 5, backdated)
    report = log_site.verify(roots=tsa.roots)
    [finding] = report.findings
    assert "entries 3 to 6" == finding.place
    assert "are not those that tsa stamped on 20" in finding.problem
    assert "those before entry 3 are as on 20" in finding.problem
    log_site.execute("DELETE FROM log_timestamps")
    assert log_site.verify(roots=tsa.roots).holds  # so well was it rewritten


async def test_back_dating_leaves_evidence_against_the_log(
    log_site: LogSite, tsa: Tsa, tmp_path: Path
) -> None:
    """Who kept the evidence of an entry shows two logs under one key, and which of them was there first."""
    await stamped(log_site, tsa, 5, 4)
    with log_site.opened() as log:
        kept = log.timestamps.evidence(2)
        honest = entry.decode(kept.entry)[0]
    rewrite(log_site, 2, backdated)
    log_site.execute("DELETE FROM log_timestamps")  # which does not reach what others have
    with log_site.opened() as log:
        await fill(log, 3, 9)
        verifier = log.reader.verifier
        now = log.reader.proof(2, extra=log.reader.by_index(2).leaf)
        assert now.extra
        claimed = now.verify(now.extra, verifier)  # the operator's receipt holds by itself
        before = checkpoint.verify(kept.proof.signed_checkpoint, verifier)
        proof = log.reader.consistency(before.size, claimed.size)
    # One key signed both, and the second does not extend the first.
    assert backdated(honest) == entry.decode(now.extra)[0]
    assert refuses(lambda: verify_consistency(before.size, claimed.size, proof, before.root, claimed.root))
    # The honest one existed at the token's time, as a verifier says that nobody here wrote.
    kept.verify(verifier, tsa.roots)
    with pytest.raises(VerificationError, match="not the one that was stamped: the log was rewritten"):
        kept.check_is_of(now)
    (tmp_path / "checkpoint").write_text(kept.proof.signed_checkpoint, "utf-8")
    (tmp_path / "token").write_bytes(kept.token)
    verified = ("ts", "-verify", "-in", tmp_path / "token", "-token_in", "-CAfile", tsa.root)
    assert "Verification: OK" in openssl(*verified, "-data", tmp_path / "checkpoint")


def dated(number: int, time: datetime, outcome: str = "granted") -> Submission:
    of = submission(number, outcome=outcome)
    assert isinstance(of.entry, Entry)
    return replace(of, entry=replace(of.entry, time=timestamp.rfc3339(time)))


async def test_entry_that_is_backdated_when_it_is_written_is_told(log_site: LogSite, tsa: Tsa) -> None:
    """A false time from the beginning lies outside the timestamps around it, and is shown with them."""
    now = datetime.now(UTC)
    with log_site.opened() as log:
        for number, days in enumerate((0, -400, 0, -1, 1, 0)):
            if number in {1, 3, 5}:
                await stamper(log, tsa).look()
            await log.append(dated(number, now + timedelta(days=days)), closes_intention=False)
        await log.append(dated(6, now - timedelta(days=2), "interrupted"), closes_intention=False)
    report = log_site.verify(roots=tsa.roots)
    assert (True, 3) == (report.holds, report.misdated)  # 1 and 3 too early, 4 too late; 6 waited
    since, until = "recorded after 20", " before 20"
    assert report.first_misdated.startswith(f"entry 1 states {timestamp.rfc3339(now - timedelta(days=400))}")
    assert since in report.first_misdated
    assert until in report.first_misdated
    unrooted = log_site.verify()
    assert (0, "") == (unrooted.misdated, unrooted.first_misdated)  # nobody vouches for those times


async def test_entries_about_the_present_are_not_told(log_site: LogSite, tsa: Tsa) -> None:
    """Times as a clock gives them, a little before and after a timestamp, are as they should be."""
    with log_site.opened() as log:
        for number, minutes in enumerate((-10, 0, 10, -10, 0, 10)):
            entry_time = datetime.now(UTC) + timedelta(minutes=minutes)
            await log.append(dated(number, entry_time), closes_intention=False)
            if number in {2, 5}:
                await stamper(log, tsa).look()
    assert 0 == log_site.verify(roots=tsa.roots).misdated


@pytest.mark.parametrize("time", ["", "yesterday", "2026-11-22T01:00:00"])
async def test_what_is_no_time_is_told(sqlite_site: LogSite, tsa: Tsa, time: str) -> None:
    """A text that says no time, or not of which zone, is outside of every timestamp."""
    with sqlite_site.opened() as log:
        of = submission(0)
        assert isinstance(of.entry, Entry)
        await log.append(replace(of, entry=replace(of.entry, time=time)), closes_intention=False)
        await stamper(log, tsa).look()
    assert 1 == sqlite_site.verify(roots=tsa.roots).misdated


@pytest.fixture(scope="module")
def genuine(tsa_made: Tsa, tmp_path_factory: pytest.TempPathFactory) -> LogSite:
    """A stamped log; not to be touched."""
    tsa_made.mode = Mode.STAMP
    site = LogSite.at(tmp_path_factory.mktemp("genuine"))
    asyncio.run(stamped(site, tsa_made, 3, 300))
    return site


@pytest.fixture
def copy(genuine: LogSite, tmp_path: Path) -> LogSite:
    """A copy of that log, to tamper with."""
    for name in ("log.db", "keys.db", "log.pem", "master.key"):
        shutil.copy(genuine.folder / name, tmp_path / name)
    url, keys_url = f"sqlite:///{tmp_path}/log.db", f"sqlite:///{tmp_path}/keys.db"
    return replace(genuine, url=url, keys_url=keys_url, folder=tmp_path)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("token = (SELECT token FROM log_timestamps WHERE size = 303)", "Mismatch between messages"),
        ("token = x'3000'", "RFC 3161"),
        ("token = x''", "does not hold"),
        ("token = 'x'", "not stored as"),
        ("checkpoint = x'78'", "not stored as"),
        ("time = '2026-01-01T00:00:00Z'", "its size or time is not"),
        ("size = 4", "its size or time is not"),
        ("size = 400", "its size or time is not"),
        (
            "checkpoint = (SELECT checkpoint FROM log_timestamps WHERE size = 303)",
            "Mismatch between messages",
        ),
        ("checkpoint = replace(checkpoint, 'hjemmel', 'hjammel')", "is not signed by"),
    ],
)
def test_token_that_does_not_verify_is_named(copy: LogSite, tsa: Tsa, statement: str, problem: str) -> None:
    """Whatever was changed of a timestamp is a finding that says which one and what is wrong with it."""
    with closing(sqlite3.connect(copy.folder / "log.db")) as connection, connection:
        assert connection.execute(f"UPDATE log_timestamps SET {statement} WHERE size = 3").rowcount
    report = copy.verify(roots=tsa.roots)
    [finding] = report.findings
    assert finding.place.startswith("timestamp ")
    assert finding.place.endswith(" of tsa")
    assert problem in finding.problem
    assert 1 == report.timestamps


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            "token = (SELECT token FROM log_timestamps WHERE size = 303)",
            "of something else than the checkpoint",
        ),
        ("token = x'3000'", "RFC 3161"),
        ("token = x''", "lacks a part"),
    ],
)
def test_token_is_held_to_its_checkpoint_without_a_root_too(
    copy: LogSite, statement: str, problem: str
) -> None:
    """What a token is of needs no root to be seen."""
    with closing(sqlite3.connect(copy.folder / "log.db")) as connection, connection:
        assert connection.execute(f"UPDATE log_timestamps SET {statement} WHERE size = 3").rowcount
    report = copy.verify()
    assert ["timestamp 3 of tsa"] == [f.place for f in report.findings]
    assert problem in report.findings[0].problem
    assert (0, 1) == (report.timestamps, report.unrooted)


def test_timestamp_that_cannot_be_read_is_found(copy: LogSite, tsa: Tsa) -> None:
    """A row that the database cannot give is a finding, and the entries are verified all the same."""
    with closing(sqlite3.connect(copy.folder / "log.db")) as connection, connection:
        connection.execute("UPDATE log_timestamps SET time = CAST(x'ff' AS TEXT)")
    report = copy.verify(roots=tsa.roots)
    assert [("timestamps", 303)] == [(f.place, report.entries) for f in report.findings]


def test_token_of_another_authority_is_named(copy: LogSite, tsa: Tsa) -> None:
    """A token is worth what its root is: under another one it is a finding."""
    other = timestamp.read_roots(tsa.root.with_name("other-root.pem"))
    report = copy.verify(roots=other)
    assert ["timestamp 3 of tsa", "timestamp 303 of tsa"] == [f.place for f in report.findings]
    assert (0, 0) == (report.timestamps, report.unrooted)


def test_without_a_root_the_log_is_held_to_its_timestamps_all_the_same(copy: LogSite) -> None:
    """Without a root certificate signatures of tokens are told as not verified; a rewrite is found."""
    report = copy.verify()
    assert (True, 0, 2) == (report.holds, report.timestamps, report.unrooted)
    rewrite(copy, 1, backdated)
    assert ["entries 0 to 2"] == [f.place for f in copy.verify().findings]


def test_log_cut_below_a_timestamp_is_found(copy: LogSite, tsa: Tsa) -> None:
    """A log put back to an earlier state, signed anew, is shorter than what was stamped."""
    with closing(sqlite3.connect(copy.folder / "log.db")) as connection, connection:
        connection.execute('DELETE FROM log_entries WHERE "index" >= 3')
        connection.execute('DELETE FROM vault_sealed WHERE "index" >= 3')
        connection.execute("DELETE FROM log_tiles")
        hashes = [h for (h,) in connection.execute('SELECT leaf_hash FROM log_entries ORDER BY "index"')]
        root = textbook_root(hashes)
        signed = Checkpoint(copy.origin, 3, root).sign(copy.signer)
        connection.execute("UPDATE log_head SET size = 3, root = ?, signed_checkpoint = ?", (root, signed))
    [finding] = copy.verify(roots=tsa.roots).findings
    assert "timestamp 303 of tsa" == finding.place
    assert "the log has 3: entries were removed" in finding.problem


def test_only_the_first_contradiction_is_told(copy: LogSite, tsa: Tsa) -> None:
    """What was rewritten before several timestamps is told once, where it is narrowed down most."""
    rewrite(copy, 0, backdated)
    assert ["entries 0 to 2"] == [
        f.place for f in copy.verify(roots=tsa.roots).findings if "tile" not in f.place
    ]


def test_log_of_an_earlier_release_is_verified(copy: LogSite) -> None:
    """A log that was written before there were timestamps holds as it did."""
    copy.execute("DROP TABLE log_timestamps")
    report = copy.verify()
    assert (True, 0, 0) == (report.holds, report.timestamps, report.unrooted)


def evidence_text(site: LogSite) -> str:
    with site.opened() as log:
        return log.timestamps.evidence(1).text


def test_evidence_is_read_as_it_was_written(copy: LogSite, tsa: Tsa) -> None:
    """A file of evidence holds token, checkpoint, proof and entry; reading and writing it changes nothing."""
    text = evidence_text(copy)
    evidence = timestamp_file.parse(text)
    assert text == evidence.text
    token = evidence.verify(copy.verifier, tsa.roots)
    assert "CN=TEST tsa" == token.signer
    assert text.partition("\n\n")[2] == evidence.proof.signed_checkpoint


def test_evidence_with_anything_changed_does_not_hold(copy: LogSite, tsa: Tsa) -> None:
    """A change to any part of the entry, the proof or the checkpoint is found."""
    text = evidence_text(copy)
    begin = text.index("\nextra ")
    for place in range(begin, len(text), 3):
        flipped = text[:place] + chr(ord(text[place]) ^ 1) + text[place + 1 :]
        with pytest.raises((FormatError, VerificationError)):
            timestamp_file.parse(flipped).verify(copy.verifier, tsa.roots)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "",
        lambda text: text.replace("hjemmel-timestamp@v1", "hjemmel-timestamp@v2"),
        lambda text: text.replace("token ", "token  "),
        lambda text: text.replace("token ", "tokens "),
        lambda text: text.partition("\n")[2],
        lambda text: re.sub("^token .*$", "token eB==", text, flags=re.MULTILINE),  # not canonical
        lambda text: text.partition("c2sp")[0],
        lambda text: text.replace("=\n", "\n", 1),
        lambda text: "\n".join(line for line in text.split("\n") if not line.startswith("extra ")),
        lambda text: (
            "hjemmel-timestamp@v1\ntoken " + base64.b64encode(b"x").decode() + "\n" + text.split("\n", 2)[2]
        ),
    ],
)
def test_what_is_no_evidence_is_refused(copy: LogSite, tsa: Tsa, spoil: Callable[[str], str]) -> None:
    """Only the canonical form is read, with a token and the entry in it."""
    with pytest.raises((FormatError, VerificationError)):
        timestamp_file.parse(spoil(evidence_text(copy))).verify(copy.verifier, tsa.roots)
