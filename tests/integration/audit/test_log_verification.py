"""Verifying a whole log: one that holds yields nothing; whatever was tampered with is found, and where.

The tampering is done to the rows, as an administrator of the database could. Positions are drawn from
a fixed seed, so that a failure can be repeated.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audit.formats import checkpoint
from audit.formats.checkpoint import Checkpoint
from audit.formats.merkle import leaf_hash, verify_consistency
from audit.vault import vault
from audit.vault.pages import Place
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import KeyName
from audit.verification.verify import Report
from tests.support.logs import LogSite, fill, refuses, submission, textbook_root

SIZE = 300  # one complete tile, and a part of one
SEED = 20261121


@pytest.fixture(scope="module")
def genuine(tmp_path_factory: pytest.TempPathFactory) -> LogSite:
    """A log of 300 entries, three of them replays of earlier requests; not to be touched."""
    site = LogSite.at(tmp_path_factory.mktemp("genuine"))

    async def write() -> None:
        with site.opened() as log:
            await fill(log, SIZE // 2)
            for n in (3, 5, 7):
                replay = submission(n, outcome="refused", claims=False)
                await log.append(replay, closes_intention=False)
            await fill(log, SIZE - SIZE // 2 - 3, first=SIZE // 2)

    asyncio.run(write())
    return site


@pytest.fixture
def copy(genuine: LogSite, tmp_path: Path) -> LogSite:
    """A copy of that log, to tamper with."""
    for name in ("log.db", "keys.db", "log.pem", "master.key"):
        shutil.copy(genuine.folder / name, tmp_path / name)
    return replace(
        genuine,
        url=f"sqlite:///{tmp_path}/log.db",
        keys_url=f"sqlite:///{tmp_path}/keys.db",
        folder=tmp_path,
    )


def tampered(copy: LogSite, statement: str, *values: Any) -> Report:
    """Does something to a copy as its administrator could, and verifies it."""
    with closing(sqlite3.connect(copy.folder / "log.db")) as connection, connection:
        connection.execute(statement, values)
    return copy.verify()


def places(report: Report) -> list[str]:
    return [f.place for f in report.findings]


async def test_log_that_holds_yields_no_finding(log_site: LogSite) -> None:
    """A log with entries, interruptions, replays, tiles and an open intention holds."""
    with log_site.opened() as log:
        await fill(log, 260)
        await log.append(submission(1, outcome="refused", claims=False), closes_intention=False)
        await log.intend(submission(900, outcome="interrupted"))
        await log.append(submission(900, outcome="refused", claims=False), closes_intention=False)
        report = log_site.verify()
        assert () == report.findings
        assert (262, 262, 0, 1) == (
            report.entries,
            report.sealed,
            report.erased,
            report.open_intentions,
        )
        assert {"granted": 260, "refused": 2} == report.by_outcome
        assert log.reader.checkpoint() == report.checkpoint
        public = log_site.verify(sealed=False)
        assert (262, 0, True) == (public.entries, public.sealed, public.holds)


async def test_growing_log_holds_at_every_moment(log_site: LogSite) -> None:
    """Verifying beside a writer sees one moment of the log: what is just added is no finding."""
    with log_site.opened() as log:
        await fill(log, 20)
        ended = threading.Event()

        async def grow() -> None:
            first = 20
            while not ended.is_set():
                await fill(log, 10, first)
                first += 10

        growing = asyncio.ensure_future(grow())
        try:
            sizes = []
            for _ in range(8):
                report = await asyncio.to_thread(log_site.verify, sealed=False)
                assert () == report.findings
                sizes.append(report.entries)
        finally:
            ended.set()
            await growing
        assert sizes == sorted(sizes)
        assert sizes[0] < sizes[-1]


def test_progress_is_told(genuine: LogSite) -> None:
    """Progress runs from the first entry to the last, and says how many there are in all."""
    told: list[tuple[int, int]] = []
    genuine.verify(progress=lambda done, in_all: told.append((done, in_all)))
    assert (SIZE, SIZE) == told[-1]
    assert told == sorted(told)
    assert len(told) > 1


def test_log_never_opened_has_no_checkpoint(sqlite_site: LogSite) -> None:
    """A database without a head is not taken for an empty log that holds."""
    with sqlite_site.opened():
        pass
    sqlite_site.execute("DELETE FROM log_head")
    assert ["head"] == places(sqlite_site.verify())


def test_another_logs_key_verifies_nothing(genuine: LogSite, tmp_path: Path) -> None:
    """Held against another key, the checkpoint is the finding, and entries are still read."""
    other = LogSite.at(tmp_path)
    report = replace(genuine, folder=other.folder).verify(sealed=False)
    assert (["checkpoint"], SIZE) == (places(report), report.entries)


def _rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        return connection.execute(query).fetchall()


class Vandal:
    """Alters one thing in a copy of a log, and puts it back."""

    def __init__(self, copy: LogSite) -> None:
        self.random = random.Random(SEED)
        self.path = copy.folder / "log.db"
        self.connection = sqlite3.connect(self.path, isolation_level=None)
        self.connection.text_factory = bytes

    def alter(self, table: str, key: str, column: str, index: int, how: str) -> bool:
        """Damages a value; tells whether that changed anything."""
        query = f'SELECT "{column}", typeof("{column}") FROM {table} WHERE {key}'
        old, kind = self.connection.execute(query, (index,)).fetchone()
        new = self._damaged(old, how)
        cast = "CAST(? AS TEXT)" if kind == b"text" else "?"
        self.connection.execute(f'UPDATE {table} SET "{column}" = {cast} WHERE {key}', (new, index))
        return bool(new != old)

    def _damaged(self, old: bytes, how: str) -> bytes:
        at = self.random.randrange(len(old))
        match how:
            case "flip":
                return old[:at] + bytes([old[at] ^ 1 << self.random.randrange(8)]) + old[at + 1 :]
            case "cut out":
                return old[:at] + old[at + 1 :]
            case "truncate":
                return old[:at]
            case "insert":
                return old[:at] + self.random.randbytes(1) + old[at:]
        raise AssertionError(how)

    def restore(self, genuine: LogSite, table: str) -> None:
        """Puts a table back as it was."""
        self.connection.execute("ATTACH ? AS genuine", (str(genuine.folder / "log.db"),))
        self.connection.execute(f"DELETE FROM {table}")
        self.connection.execute(f"INSERT INTO {table} SELECT * FROM genuine.{table}")
        self.connection.execute("DETACH genuine")


@pytest.fixture
def vandal(copy: LogSite) -> Iterator[Vandal]:
    vandal = Vandal(copy)
    yield vandal
    vandal.connection.close()


WAYS = ["flip", "flip", "flip", "cut out", "truncate", "insert"]


@pytest.mark.parametrize("column", ["leaf", "leaf_hash"])
def test_every_damaged_entry_is_named(genuine: LogSite, copy: LogSite, vandal: Vandal, column: str) -> None:
    """Any damage to an entry or to its stored hash is found, and that entry is the first bad place."""
    for turn in range(48):
        index = vandal.random.randrange(SIZE)
        if not vandal.alter("log_entries", '"index" = ?', column, index, WAYS[turn % 6]):
            continue
        report = copy.verify(sealed=False)
        assert f"entry {index}" == report.findings[0].place, (turn, report.findings[:3])
        altered = "altered after it was recorded" if column == "leaf" else "stored hash was altered"
        assert altered in report.findings[0].problem
        vandal.restore(genuine, "log_entries")
    assert copy.verify().holds


def test_every_damaged_request_id_is_found(genuine: LogSite, copy: LogSite, vandal: Vandal) -> None:
    """A request id that was altered or taken away, so that it could be used again, is found."""
    for turn in range(30):
        index = vandal.random.randrange(SIZE // 2)
        vandal.alter("log_entries", '"index" = ?', "request_id", index, WAYS[turn % 6])
        report = copy.verify(sealed=False)
        place = report.findings[0].place
        assert f"entry {index}" == place or place.startswith("entries from ")  # not even UTF-8
        vandal.restore(genuine, "log_entries")
    for index in (0, 3, 100, 299):
        report = tampered(copy, 'UPDATE log_entries SET request_id = NULL WHERE "index" = ?', index)
        assert f"entry {index}" == report.findings[0].place
        assert "could be used again" in report.findings[0].problem
        vandal.restore(genuine, "log_entries")
    assert copy.verify().holds


def test_every_damaged_sealed_part_is_named(genuine: LogSite, copy: LogSite, vandal: Vandal) -> None:
    """Any damage to what is sealed is found where the vault's key is at hand, and its entry is named."""
    for turn in range(48):
        index = vandal.random.randrange(SIZE)
        if not vandal.alter("vault_sealed", '"index" = ?', "data", index, WAYS[turn % 6]):
            continue
        report = copy.verify()
        assert [f"entry {index}"] == places(report)
        vandal.restore(genuine, "vault_sealed")
    assert copy.verify().holds


def test_sealed_part_under_another_key_shows(genuine: LogSite, copy: LogSite, vandal: Vandal) -> None:
    """A sealed part whose key is not to be found is no erasure: no entry says so."""
    for turn in range(12):
        index = vandal.random.randrange(SIZE)
        vandal.alter("vault_sealed", '"index" = ?', "key_id", index, WAYS[turn % 6])
        assert not copy.verify().holds
        vandal.restore(genuine, "vault_sealed")
    assert (SIZE, 0) == (copy.verify().sealed, copy.verify().erased)


def test_every_damaged_tile_is_named(genuine: LogSite, copy: LogSite, vandal: Vandal) -> None:
    """Any damage to a tile is found, and no entry is blamed for it."""
    for turn in range(30):
        if not vandal.alter("log_tiles", "level = ?", "hashes", 0, WAYS[turn % 6]):
            continue
        assert ["tile/0/0"] == places(copy.verify(sealed=False))
        vandal.restore(genuine, "log_tiles")
    assert copy.verify().holds


def test_every_damaged_checkpoint_is_found(genuine: LogSite, copy: LogSite, vandal: Vandal) -> None:
    """Any damage to the head's checkpoint or root is found, and the head is named before any entry."""
    for turn in range(48):
        column = ["signed_checkpoint", "signed_checkpoint", "root"][turn % 3]
        if not vandal.alter("log_head", "id = ?", column, 1, WAYS[turn // 3 % 6]):
            continue
        assert copy.verify(sealed=False).findings[0].place in {"head", "checkpoint"}
        vandal.restore(genuine, "log_head")
    assert copy.verify().holds


@pytest.mark.parametrize("index", [0, 1, 17, 150, 255, 256, 298, 299])
def test_deleted_entry_is_named(copy: LogSite, index: int) -> None:
    """A missing entry is found, and its index is the first bad place."""
    report = tampered(copy, 'DELETE FROM log_entries WHERE "index" = ?', index)
    assert f"entry {index}" == report.findings[0].place
    assert "is missing" in report.findings[0].problem


@pytest.mark.parametrize("index", [0, 17, 255, 256, 299])
def test_entry_deleted_with_the_gap_closed_is_found(copy: LogSite, index: int) -> None:
    """Later entries moved down over a missing one do not hide it."""
    with closing(sqlite3.connect(copy.folder / "log.db")) as connection, connection:
        for table in ("log_entries", "vault_sealed"):
            connection.execute(f'DELETE FROM {table} WHERE "index" = ?', (index,))
            connection.execute(f'UPDATE {table} SET "index" = -"index" WHERE "index" > ?', (index,))
            connection.execute(f'UPDATE {table} SET "index" = -"index" - 1 WHERE "index" < 0')
    report = copy.verify()
    first = f"entry {index}" if index < 256 else f"entry {SIZE - 1}"  # as far as a tile bears witness
    assert first == report.findings[0].place


@pytest.mark.parametrize("size", [0, 1, 255, 256, 299])
def test_truncated_log_is_found(copy: LogSite, size: int) -> None:
    """Entries cut off at the end are missed, whatever tiles and sealed parts go with them."""
    with closing(sqlite3.connect(copy.folder / "log.db")) as connection, connection:
        for table in ("log_entries", "vault_sealed"):
            connection.execute(f'DELETE FROM {table} WHERE "index" >= ?', (size,))
    report = copy.verify()
    assert f"entry {size}" == report.findings[0].place
    assert "300 entries" in report.findings[0].problem


def test_added_entry_is_named(copy: LogSite) -> None:
    """An entry that no checkpoint commits to is found, even one that looks like the others."""
    report = tampered(
        copy,
        'INSERT INTO log_entries SELECT 300, leaf, leaf_hash, NULL FROM log_entries WHERE "index" = 7',
    )
    assert ["entry 300"] == places(report)
    assert "beyond the checkpoint" in report.findings[0].problem


@pytest.mark.parametrize(("first", "second"), [(0, 1), (17, 200), (255, 256), (3, 299)])
@pytest.mark.parametrize("thorough", [False, True])
def test_swapped_entries_are_found(copy: LogSite, first: int, second: int, *, thorough: bool) -> None:
    """Two entries that changed places are found: alone, or with all that belongs to them."""
    with closing(sqlite3.connect(copy.folder / "log.db")) as connection, connection:
        for table in ("log_entries", "vault_sealed") if thorough else ("log_entries",):
            for old, new in ((first, -1), (second, first), (-1, second)):
                connection.execute(f'UPDATE {table} SET "index" = ? WHERE "index" = ?', (new, old))
    report = copy.verify()
    assert not report.holds
    assert f"entry {first}" == report.findings[0].place


def test_swapped_sealed_parts_are_found(copy: LogSite) -> None:
    """A sealed part belongs to one entry: in another's place it does not open."""
    with closing(sqlite3.connect(copy.folder / "log.db")) as connection, connection:
        for old, new in ((40, -1), (41, 40), (-1, 41)):
            connection.execute('UPDATE vault_sealed SET "index" = ? WHERE "index" = ?', (new, old))
    assert ["entry 40", "entry 41"] == places(copy.verify())
    assert copy.verify(sealed=False).holds  # nobody without the key can tell


@pytest.mark.parametrize("index", [10, 280])
def test_forged_entry_is_found_however_thorough(copy: LogSite, index: int) -> None:
    """An entry replaced with another one, its hash made to fit, is found by its tile or the root."""
    leaf = _leaf(copy, index).replace(b'"granted"', b'"refused"')
    report = tampered(
        copy,
        'UPDATE log_entries SET leaf = ?, leaf_hash = ? WHERE "index" = ?',
        *(leaf, leaf_hash(leaf), index),
    )
    assert f"entry {index}" == report.findings[0].place  # with the vault: its sealed part
    public = copy.verify(sealed=False)
    assert ("entry 10" if index < 256 else "tree") == public.findings[0].place


def test_forged_tile_and_entry_are_found(copy: LogSite) -> None:
    """With the tile forged as well, the signed root still gives the forgery away."""
    leaf = _leaf(copy, 10).replace(b'"granted"', b'"refused"')
    tile = _rows(copy.folder / "log.db", "SELECT hashes FROM log_tiles")[0][0]
    tampered(
        copy,
        "UPDATE log_tiles SET hashes = ?",
        tile[:320] + leaf_hash(leaf) + tile[352:],
    )
    tampered(
        copy,
        'UPDATE log_entries SET leaf = ?, leaf_hash = ? WHERE "index" = 10',
        *(leaf, leaf_hash(leaf)),
    )
    assert ["tree"] == places(copy.verify(sealed=False))


def test_forged_head_is_found(copy: LogSite) -> None:
    """Size and root made to fit a shorter log do not make the signed checkpoint fit it."""
    leaves = _rows(copy.folder / "log.db", 'SELECT leaf_hash FROM log_entries ORDER BY "index"')
    forged = textbook_root([h for (h,) in leaves[:200]])
    tampered(copy, 'DELETE FROM log_entries WHERE "index" >= 200')
    report = tampered(copy, "UPDATE log_head SET size = 200, root = ?", forged)
    assert ["head", "entry 200"] == places(report)[:2]


def test_checkpoint_of_another_log_is_found(copy: LogSite, tmp_path: Path) -> None:
    """A checkpoint over the very same tree, signed by another key, is not this log's."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = LogSite.at(elsewhere)
    head = _rows(copy.folder / "log.db", "SELECT root FROM log_head")[0][0]
    forged = Checkpoint(other.origin, SIZE, head).sign(other.signer)
    report = tampered(copy, "UPDATE log_head SET signed_checkpoint = ?", forged)
    assert ["checkpoint"] == places(report)


def test_stray_tile_is_named(copy: LogSite) -> None:
    """A tile that the log is not large enough for, from which proofs would be made, is found."""
    report = tampered(copy, "INSERT INTO log_tiles SELECT 0, 1, hashes FROM log_tiles")
    assert ["tile/0/1"] == places(report)


def test_missing_tile_is_named(copy: LogSite) -> None:
    """A complete tile that is gone is found."""
    report = tampered(copy, "DELETE FROM log_tiles")
    assert [("tile/0/0", "is missing")] == [(f.place, f.problem) for f in report.findings]


def test_missing_sealed_part_is_named(copy: LogSite) -> None:
    """A sealed part may be unreadable, when it was erased; it may not be missing."""
    report = tampered(copy, 'DELETE FROM vault_sealed WHERE "index" = 33')
    assert ["entry 33"] == places(report)


def test_wrong_key_of_a_subject_is_a_finding(copy: LogSite) -> None:
    """A subject's key that does not unwrap is named with the entries that it opens; the rest is read."""
    with closing(sqlite3.connect(copy.folder / "keys.db")) as connection, connection:
        connection.execute("UPDATE vault_keys SET wrapped = substr(wrapped, 1, 20)")
    report = copy.verify()
    assert SIZE == report.entries == len(report.findings)
    assert "entry 0" == report.findings[0].place


def test_sealed_values_that_were_not_committed_to_are_named(copy: LogSite) -> None:
    """A sealed part made anew with the right key, but other values, does not open the commitments."""
    leaf = _leaf(copy, 20)
    with copy.keys_database() as engine:
        keys = SubjectKeys(engine, copy.master)
        key = keys.find(_key_name(copy, 20))
    assert key is not None
    opening = bytes(32)
    forged = vault.seal(
        key, leaf, vault.Opened({"subject": opening, "case": opening}, {"subject": b"", "case": b""})
    )
    report = tampered(copy, 'UPDATE vault_sealed SET data = ? WHERE "index" = 20', forged)
    assert [("entry 20", "not what the entry commits to")] * 2 == [
        (f.place, f.problem.partition(" is ")[2]) for f in report.findings
    ]


@pytest.mark.parametrize(
    ("table", "column", "place"),
    [
        ("log_entries", "leaf", "entry 0"),
        ("log_entries", "leaf_hash", "entry 0"),
        ("vault_sealed", "data", "entry 0"),
        ("log_tiles", "hashes", "tile/0/0"),
        ("log_head", "size", "head"),
        ("log_head", "root", "head"),
    ],
)
@pytest.mark.parametrize("kind", ["TEXT", "BLOB"])
def test_values_of_another_type_are_found(
    copy: LogSite, table: str, column: str, place: str, kind: str
) -> None:
    """SQLite keeps a value of any type anywhere: one that is not what it should be is a finding."""
    value = "'x'" if kind == "TEXT" else "x'78'"
    report = tampered(copy, f"UPDATE {table} SET {column} = {value}")
    assert place == report.findings[0].place


def test_checkpoint_that_is_no_text_is_found(copy: LogSite) -> None:
    """A checkpoint kept as bytes is a finding too."""
    report = tampered(copy, "UPDATE log_head SET signed_checkpoint = x'78'")
    assert "head" == report.findings[0].place


def test_first_bad_place_comes_first(copy: LogSite) -> None:
    """Of several bad places the lowest is named first, whatever is wrong with each."""
    tampered(copy, 'UPDATE log_entries SET leaf = CAST(leaf || 1 AS BLOB) WHERE "index" = 120')
    tampered(copy, 'DELETE FROM log_entries WHERE "index" = 200')
    tampered(copy, 'UPDATE vault_sealed SET data = CAST(data || 1 AS BLOB) WHERE "index" = 60')
    tampered(copy, 'UPDATE log_entries SET leaf_hash = leaf WHERE "index" = 80')
    found = list(dict.fromkeys(places(copy.verify())))
    assert ["entry 60", "entry 80", "entry 120", "entry 200"] == found


def test_rollback_of_everything_is_caught_by_whoever_remembers(copy: LogSite, genuine: LogSite) -> None:
    """Promise 2: a log put back whole verifies by itself, but extends no checkpoint seen since."""
    remembered = _checkpoint(genuine)

    async def go_on(first: int, count: int) -> Checkpoint:
        with copy.opened() as log:
            await fill(log, count, first)
            return log.reader.checkpoint()

    seen = asyncio.run(go_on(1_000, 20))
    for name in ("log.db-wal", "log.db-shm"):
        (copy.folder / name).unlink(missing_ok=True)
    shutil.copy(genuine.folder / "log.db", copy.folder / "log.db")
    assert copy.verify().holds
    forked = asyncio.run(go_on(2_000, 30))
    assert copy.verify().holds
    with copy.opened() as log:
        proof = log.reader.consistency(seen.size, forked.size)
        assert refuses(lambda: verify_consistency(seen.size, forked.size, proof, seen.root, forked.root))
        proof = log.reader.consistency(remembered.size, forked.size)
        verify_consistency(remembered.size, forked.size, proof, remembered.root, forked.root)


def _checkpoint(site: LogSite) -> Checkpoint:
    signed = _rows(site.folder / "log.db", "SELECT signed_checkpoint FROM log_head")[0][0]
    return checkpoint.verify(signed.decode(), site.verifier)


def _key_name(site: LogSite, index: int) -> KeyName:
    query = f'SELECT key_id, page, slot FROM vault_sealed WHERE "index" = {index}'
    key_id, page, slot = _rows(site.folder / "log.db", query)[0]
    return KeyName(key_id.decode(), Place(page, slot))


def _leaf(site: LogSite, index: int) -> bytes:
    query = f'SELECT leaf FROM log_entries WHERE "index" = {index}'
    leaf: bytes = _rows(site.folder / "log.db", query)[0][0]
    return leaf
