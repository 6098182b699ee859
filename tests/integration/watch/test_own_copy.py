"""An authority's own copy: followed from a real broker, and held against all else that is known."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from audit.formats import checkpoint, entry, proof_file
from audit.formats.note import NoteVerifier
from audit.publishing.export import export
from audit.publishing.published import Folder
from audit.witness import fork_evidence
from exchange.client import ClientError
from exchange.records.check import Against, Report, check
from exchange.records.findings import Finding, Kind
from exchange.records.following import follow
from exchange.records.store import OwnCopyError, OwnStore
from tests.support.broker import Site, running
from tests.support.sides import ODENSE, Sides
from tests.support.sides import entry as entry_of


@pytest.fixture
def log(sides: Sides) -> NoteVerifier:
    """The log's public key."""
    return sides.broker.broker.log.reader.verifier


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where the copy is."""
    return f"sqlite:///{tmp_path / 'own.db'}"


def give_up(error: ClientError, _pause: float) -> None:
    raise error


def copy(sides: Sides, url: str, slug: str = "odense", *, parts: int | None = None) -> None:
    """Follows until all is copied, or so many parts are."""
    credentials = sides.broker.site.credentials(slug)
    with (
        closing(OwnStore.create(url, credentials.cvr, credentials.log.vkey)) as store,
        sides.broker.client(slug) as client,
    ):
        for number, watched in enumerate(follow(client, store, give_up), 1):
            if watched.caught_up or number == parts:
                return


def publish(sides: Sides, folder: Path) -> Path:
    log = sides.broker.broker.log
    export(log.engine, log.reader.verifier, folder)
    return folder


def checked(url: str, log: NoteVerifier, **against: Any) -> Report:
    with closing(OwnStore.open(url)) as store:
        return check(store, log, Against(**against), lambda _done, _all: None)


def kinds(report: Report) -> set[Kind]:
    return {f.kind for f in report.findings}


def altered(url: str, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute(statement, values)


def receipts_hold(finding: Finding, log: NoteVerifier) -> list[int]:
    """Checks the receipts of a finding as a third party would; gives their indexes."""
    found = []
    for name, text in finding.evidence.items():
        if name.endswith(".tlog-proof"):
            proof = proof_file.parse(text)
            assert proof.extra is not None
            proof.verify(proof.extra, log)
            found.append(proof.index)
    return found


def write_receipts(sides: Sides, folder: Path, indexes: list[int]) -> Path:
    folder.mkdir()
    reader = sides.broker.broker.log.reader
    for index in indexes:
        proof = reader.proof(index, extra=reader.by_index(index).leaf)
        (folder / f"{index}.tlog-proof").write_text(proof.text, "utf-8")
    return folder


# Following


def test_a_copy_is_the_whole_side_and_nothing_else(sides: Sides, url: str, log: NoteVerifier) -> None:
    """What is kept is every entry of the side, in its very bytes, and what is kept proves itself."""
    sides.grow(1200)
    copy(sides, url)
    with closing(OwnStore.open(url)) as store:
        assert sides.of(ODENSE) == {own.index: own.leaf for own in store.each()}
    report = checked(url, log)
    assert ((), 1200) == (report.findings, report.copy.end)


def test_a_copy_is_kept_in_postgresql_as_well(sides: Sides, postgres_url: str, log: NoteVerifier) -> None:
    """The same in a server's database: followed in two goes, and verified."""
    sides.grow(300)
    copy(sides, postgres_url)
    sides.grow(300)
    copy(sides, postgres_url)
    with closing(OwnStore.open(postgres_url)) as store:
        assert sides.of(ODENSE) == {own.index: own.leaf for own in store.each()}
    assert () == checked(postgres_url, log).findings


def test_times_without_anything_leave_no_rows(sides: Sides, url: str, log: NoteVerifier) -> None:
    """Parts in which nothing was theirs are kept as one, however many came, and prove what they proved."""
    drawn = (entry_of(number, sides.rng) for number in count())
    quiet = (s for s in drawn if isinstance(s.entry, entry.Entry) and ODENSE not in s.entry.parties())
    for _ in range(5):
        sides.append(list(islice(quiet, 30)))
        copy(sides, url)
    with closing(OwnStore.open(url)) as store:
        assert (1, 0) == (len(list(store.parts())), store.count())
    report = checked(url, log)
    assert ((), 150) == (report.findings, report.copy.end)


def test_a_copy_belongs_to_one_authority_and_one_log(sides: Sides, url: str, log: NoteVerifier) -> None:
    """Followed as somebody else, or held against another log's key, a copy is refused and not touched."""
    sides.grow(30)
    copy(sides, url)
    with pytest.raises(OwnCopyError, match=ODENSE):
        copy(sides, url, "aarhus")
    with pytest.raises(OwnCopyError, match="another log"):
        checked(url, replace(log, public_key=bytes(32)))
    assert () == checked(url, log).findings


def test_two_do_not_write_to_one_copy(sides: Sides, url: str, log: NoteVerifier) -> None:
    """A second follower that overtook the first is noticed, and nothing is kept twice."""
    sides.grow(60)
    credentials = sides.broker.site.credentials("odense")
    with (
        closing(OwnStore.create(url, ODENSE, credentials.log.vkey)) as store,
        sides.broker.client("odense") as client,
    ):
        following = follow(client, store, give_up)
        next(following)
        sides.grow(60)
        copy(sides, url)
        with pytest.raises(OwnCopyError, match="somebody else"):
            next(following)
    assert ((), 120) == (checked(url, log).findings, checked(url, log).copy.end)


# The copy in itself

DAMAGES: dict[str, tuple[str, ...]] = {
    "a record altered": ("UPDATE own_entries SET leaf = replace(leaf, 'granted', 'refused') || x''",),
    "a record removed": ('DELETE FROM own_entries WHERE "index" = (SELECT min("index") FROM own_entries)',),
    "a record added": ("INSERT INTO own_entries SELECT 100000, leaf FROM own_entries LIMIT 1",),
    "a record moved": (
        'UPDATE own_entries SET "index" = "index" + 1 WHERE "index" = (SELECT max("index") FROM own_entries)',
    ),
    "a part removed": ("DELETE FROM own_parts WHERE first = 0",),
    "a part cut": ('UPDATE own_parts SET "end" = "end" - 1 WHERE first = 0',),
    "hashes altered": ("UPDATE own_parts SET others = zeroblob(length(others)) WHERE first = 0",),
    "what goes on altered": ("UPDATE own_parts SET held = zeroblob(length(held)) WHERE first = 0",),
    "a checkpoint altered": ("UPDATE own_parts SET checkpoint = replace(checkpoint, '900', '901')",),
}


@pytest.mark.parametrize("statements", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_copy_is_found_by_itself(
    sides: Sides, url: str, log: NoteVerifier, statements: tuple[str, ...]
) -> None:
    """Whatever is altered, added or taken out of the copy's database, it does not lead to the log."""
    sides.grow(900)
    copy(sides, url)
    sides.grow(100)
    copy(sides, url)
    for statement in statements:
        altered(url, statement)
    assert {Kind.COPY_DAMAGED} == kinds(checked(url, log))


def test_damage_is_told_apart_from_what_follows_it(sides: Sides, url: str, log: NoteVerifier) -> None:
    """One altered record is one finding: the parts after it are still proved."""
    sides.grow(400)
    copy(sides, url)
    sides.grow(400)
    copy(sides, url)
    altered(
        url, 'UPDATE own_entries SET leaf = x\'7b7d\' WHERE "index" = (SELECT min("index") FROM own_entries)'
    )
    [finding] = checked(url, log).findings
    assert ("part [0, 400)", Kind.COPY_DAMAGED) == (finding.place, finding.kind)


# Against the published log


def test_what_is_published_and_what_was_followed_agree(
    sides: Sides, url: str, log: NoteVerifier, tmp_path: Path
) -> None:
    """With the log ahead of the copy or behind it, nothing is found, and what is ahead is counted."""
    sides.grow(700)
    copy(sides, url)
    sides.grow(100)
    ahead = checked(url, log, published=Folder(publish(sides, tmp_path / "ahead")))
    shutil.copytree(tmp_path / "ahead", tmp_path / "behind")
    newer = len([i for i in sides.of(ODENSE) if i >= 700])
    assert ahead.compared is not None
    assert ((), newer) == (ahead.findings, ahead.compared.newer)
    assert ahead.records == ahead.compared.concerning
    sides.grow(100)
    copy(sides, url)
    behind = checked(url, log, published=Folder(tmp_path / "behind"))
    assert ((), 900) == (behind.findings, behind.copy.end)


def test_a_record_that_the_broker_kept_back_is_found_in_the_published_log(
    sides: Sides, url: str, log: NoteVerifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that hides a record among the hashes of others is refuted by the log, with a receipt of it."""
    sides.grow(600)
    hidden = sorted(sides.of(ODENSE))[7]
    hide(sides, hidden)
    copy(sides, url)
    assert () == checked(url, log).findings  # by itself, nothing shows
    report = checked(url, log, published=Folder(publish(sides, tmp_path / "tiles")))
    [finding] = report.findings
    assert (Kind.NOT_IN_COPY, hidden) == (finding.kind, finding.index)
    assert [hidden] == receipts_hold(finding, log)


def hide(sides: Sides, index: int) -> None:
    """Has the broker's own reader believe that an entry concerns nobody."""
    reader = sides.broker.broker.servers._audit._watching._reader
    genuine = reader._block

    def block(number: int, width: int) -> Any:
        made = genuine(number, width)
        for positions in made.own.values():
            if number == index // 256 and index % 256 in positions:
                positions.remove(index % 256)
        return made

    reader._block = block  # type: ignore[method-assign]  # the lie is the broker's own


def test_a_log_that_publishes_another_history_is_convicted(
    sides: Sides, url: str, log: NoteVerifier, keys: Path, register_folder: Path, tmp_path: Path
) -> None:
    """Two histories under one key: a file convicts it by itself, and each record is proved twice."""
    sides.grow(40)
    copy(sides, url)
    (tmp_path / "twin").mkdir()
    with running(Site(keys, register_folder, tmp_path / "twin")) as start:
        twin = Sides(start())
        twin.rng.seed(8)
        twin.grow(50)
        report = checked(url, log, published=Folder(publish(twin, tmp_path / "tiles")))
    forked = next(f for f in report.findings if f.kind is Kind.FORKED)
    assert fork_evidence.parse(forked.evidence["fork.evidence"].encode()).check(log).proven
    differing = [f for f in report.findings if f.kind is Kind.NOT_IN_LOG]
    assert differing
    for finding in differing:
        assert [finding.index] * 2 == receipts_hold(finding, log)


def test_an_altered_copy_is_not_the_logs_fault(
    sides: Sides, url: str, log: NoteVerifier, tmp_path: Path
) -> None:
    """A record that somebody altered in the copy is told as the copy's own damage, with the genuine one."""
    sides.grow(300)
    copy(sides, url)
    index = sorted(sides.of(ODENSE))[3]
    altered(url, "UPDATE own_entries SET leaf = x'7b7d' WHERE \"index\" = ?", index)
    report = checked(url, log, published=Folder(publish(sides, tmp_path / "tiles")))
    assert {Kind.COPY_DAMAGED} == kinds(report)
    finding = next(f for f in report.findings if f.place == f"entry {index}")
    assert [index] == receipts_hold(finding, log)


@pytest.mark.parametrize("damage", ["entries", "checkpoint", "missing", "another"])
def test_a_published_log_that_does_not_hold_is_told(
    sides: Sides, url: str, log: NoteVerifier, tmp_path: Path, damage: str
) -> None:
    """What is wrong with the published log is said of it, and not of the copy."""
    sides.grow(300)
    copy(sides, url)
    folder = publish(sides, tmp_path / "tiles")
    bundle = folder / "tile" / "entries" / "000"
    if damage == "entries":
        data = bytearray(bundle.read_bytes())
        data[data.index(b'"status"') + 1] ^= 1
        bundle.write_bytes(data)
    elif damage == "checkpoint":
        (folder / "checkpoint").write_text("nonsense", "utf-8")
    elif damage == "missing":
        bundle.unlink()
    else:
        (folder / "checkpoint").unlink()
    report = checked(url, log, published=Folder(folder))
    assert {Kind.LOG_DAMAGED} == kinds(report)


# Against receipts


def test_receipts_that_were_kept_stand_in_the_copy_and_in_the_log(
    sides: Sides, url: str, log: NoteVerifier, tmp_path: Path
) -> None:
    """Each receipt of the own side is found on both sides."""
    sides.grow(300)
    copy(sides, url)
    folder = write_receipts(sides, tmp_path / "receipts", sorted(sides.of(ODENSE))[:20])
    report = checked(url, log, receipts=folder, published=Folder(publish(sides, tmp_path / "tiles")))
    assert ((), 20) == (report.findings, report.receipts)


def test_a_receipt_of_a_record_that_the_copy_lacks_proves_it(
    sides: Sides, url: str, log: NoteVerifier, tmp_path: Path
) -> None:
    """Without the published log, too, a receipt says which record the broker kept back."""
    sides.grow(300)
    hidden = sorted(sides.of(ODENSE))[5]
    hide(sides, hidden)
    copy(sides, url)
    report = checked(url, log, receipts=write_receipts(sides, tmp_path / "receipts", [hidden]))
    [finding] = report.findings
    assert (Kind.NOT_IN_COPY, hidden) == (finding.kind, finding.index)
    assert [hidden] == receipts_hold(finding, log)


def test_a_receipt_that_the_published_log_denies_convicts_it(
    sides: Sides, url: str, log: NoteVerifier, keys: Path, register_folder: Path, tmp_path: Path
) -> None:
    """A log that signed a receipt and publishes another entry there signed both: each is proved."""
    sides.grow(40)
    index = sorted(sides.of(ODENSE))[2]
    folder = write_receipts(sides, tmp_path / "receipts", [index])
    (tmp_path / "twin").mkdir()
    with running(Site(keys, register_folder, tmp_path / "twin")) as start:
        twin = Sides(start())
        twin.rng.seed(8)
        twin.grow(50)
        copy(twin, url)
        tiles = publish(twin, tmp_path / "tiles")
    report = checked(url, log, receipts=folder, published=Folder(tiles))
    finding = next(f for f in report.findings if f.kind is Kind.NOT_IN_LOG)
    assert [index, index] == receipts_hold(finding, log)


@pytest.mark.parametrize("spoilt", ["nonsense", "altered", "anothers", "binary"])
def test_a_receipt_that_does_not_hold_is_told(
    sides: Sides, url: str, log: NoteVerifier, tmp_path: Path, spoilt: str
) -> None:
    """A file that proves nothing of this side is named, and hides none of the others."""
    sides.grow(60)
    copy(sides, url)
    mine, others = sorted(sides.of(ODENSE)), sorted(sides.leaves.keys() - sides.of(ODENSE).keys())
    folder = write_receipts(sides, tmp_path / "receipts", [mine[0], mine[1], others[0]])
    bad = folder / f"{others[0]}.tlog-proof"
    if spoilt == "nonsense":
        bad.write_text("nonsense", "utf-8")
    elif spoilt == "altered":
        bad.write_text(bad.read_text("utf-8").replace("index ", "index 1"), "utf-8")
    elif spoilt == "binary":
        bad.write_bytes(b"\xff\xfe")
    report = checked(url, log, receipts=folder)
    assert [(Kind.RECEIPT_INVALID, bad.name)] == [(f.kind, f.place) for f in report.findings]
    assert 2 == report.receipts


# Against the access log


@pytest.fixture
def reads(sides: Sides) -> Callable[[], list[str]]:
    """The request ids that Odense's register was read for."""

    def ids() -> list[str]:
        contents = [entry.decode_any(leaf)[0] for leaf in sides.of(ODENSE).values()]
        own = [c for c in contents if isinstance(c, entry.Entry) and c.provider == ODENSE]
        return [c.request_id for c in own if c.request_id]

    return ids


def as_csv(path: Path, ids: list[str]) -> Path:
    lines = [f'2026-11-21T20:00:00Z,"Jensen, Anna",{one.upper()}' for one in ids]
    path.write_text("\n".join(["time,name,request_id", *lines, ""]), "utf-8")
    return path


def as_ndjson(path: Path, ids: list[str]) -> Path:
    path.write_text("".join(json.dumps({"name": "Anna", "request_id": one}) + "\n" for one in ids), "utf-8")
    return path


@pytest.mark.parametrize("write", [as_csv, as_ndjson])
def test_every_read_of_the_register_has_a_record(
    sides: Sides,
    url: str,
    log: NoteVerifier,
    tmp_path: Path,
    reads: Callable[[], list[str]],
    write: Callable[[Path, list[str]], Path],
) -> None:
    """Reads with a record pass; one without is told by its line and id, and nothing else of the file is."""
    sides.grow(400)
    copy(sides, url)
    ids = reads()
    assert () == checked(url, log, access_log=write(tmp_path / "access", ids)).findings
    unknown = "0199a000-0000-7000-8000-ffffffffffff"
    report = checked(url, log, access_log=write(tmp_path / "access", [*ids, unknown]))
    [finding] = report.findings
    assert (Kind.NOT_RECORDED, len(ids) + 1) == (finding.kind, report.reads)
    assert unknown in finding.problem
    assert "Anna" not in finding.problem + finding.place
    assert 400 == checkpoint.verify(finding.evidence["complete-to.checkpoint"], log).size


def test_a_read_of_somebody_elses_register_is_no_record_of_ones_own(
    sides: Sides, url: str, log: NoteVerifier, tmp_path: Path, reads: Callable[[], list[str]]
) -> None:
    """A record that Odense asked elsewhere does not stand for a read of Odense's register."""
    sides.grow(200)
    copy(sides, url)
    contents = [entry.decode_any(leaf)[0] for leaf in sides.of(ODENSE).values()]
    asked = [c for c in contents if isinstance(c, entry.Entry) and c.consumer == ODENSE and c.request_id]
    report = checked(url, log, access_log=as_csv(tmp_path / "access", [str(asked[0].request_id)]))
    assert {Kind.NOT_RECORDED} == kinds(report)


@pytest.mark.parametrize(
    "text",
    ["a,b\n1,2\n", "request_id\nJensen\n", '{"request_id": 3}\n', '{"request_id"\n', "request_id\n\xff"],
)
def test_an_access_log_of_another_form_is_refused_without_a_word_of_it(
    sides: Sides, url: str, log: NoteVerifier, tmp_path: Path, text: str
) -> None:
    """What is no list of request ids is told by its line; no value of it is."""
    copy(sides, url)
    path = tmp_path / "access"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(Exception, match=r"access|column") as caught:
        checked(url, log, access_log=path)
    assert "Jensen" not in str(caught.value)
