"""Reading in bulk gives what reading one by one gives, on both databases, and blames the right entry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import orjson
import pytest

from audit.errors import FormatError
from audit.formats import entry as entries
from audit.formats.entry import Submission
from audit.reading.records import Record, RecordReader, State
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import KeyName, MasterKeyError
from tests.support.logs import ENTRY, LogSite, request_id, submission


@contextmanager
def reading(site: LogSite) -> Iterator[RecordReader]:
    """A reader beside the writer."""
    with site.database() as log, site.keys_database() as keys:
        yield RecordReader(log, SubjectKeys(keys, site.master))


async def write(site: LogSite, count: int = 8) -> None:
    """Records so many entries about two subjects, each with a case of its own."""
    with site.opened() as log:
        for n in range(count):
            await log.append(submission(n, subject=f"subject {n % 2}".encode()), closes_intention=False)


async def test_bulk_gives_what_one_by_one_gives(log_site: LogSite) -> None:
    """Every entry and its value, in order, for any range."""
    await write(log_site)
    with log_site.opened() as log, reading(log_site) as reader:
        one_by_one = []
        for index in range(8):
            stored = log.reader.by_index(index)
            opened = log.reader.opened(stored)
            assert opened is not None
            one_by_one.append(Record(index, stored.entry, State.OPENED, opened.values["case"]))
        assert one_by_one == list(reader.read(0, 8, "case"))
        assert one_by_one[3:5] == list(reader.read(3, 5, "case"))
        assert [] == list(reader.read(4, 4, "case"))


async def test_only_what_is_wanted_is_read(log_site: LogSite) -> None:
    """Entries that are not looked for are left out."""
    await write(log_site)
    with reading(log_site) as reader:
        found = reader.read(0, 8, "case", lambda entry: entry.request_id == request_id(5))
        assert [5] == [record.index for record in found]


async def test_absent_erased_and_broken_are_told_apart(log_site: LogSite) -> None:
    """An entry without the value, one that was erased, one whose sealed part is gone, one that is gone."""
    await write(log_site)
    with log_site.opened():
        log_site.erase(b"subject 1")
    log_site.execute('DELETE FROM vault_sealed WHERE "index" = 2')
    log_site.execute('DELETE FROM log_entries WHERE "index" = 4')
    with reading(log_site) as reader:
        states = {record.index: record.state for record in reader.read(0, 8, "case")}
        opened, erased, broken = State.OPENED, State.ERASED, State.BROKEN
        assert [opened, erased, broken, erased, broken, erased, opened, erased] == list(states.values())
        assert {State.ABSENT, broken} == {record.state for record in reader.read(0, 8, "response")}


async def test_key_that_does_not_unwrap_breaks_its_own_entries_only(log_site: LogSite) -> None:
    """One altered key does not keep the others from being read."""
    await write(log_site)
    with log_site.keys_database() as keys, keys.begin() as connection:
        name = SubjectKeys(keys, log_site.master).named(b"subject 1")
        others = f"(SELECT wrapped FROM vault_keys WHERE key_id <> '{name}')"
        connection.exec_driver_sql(f"UPDATE vault_keys SET wrapped = {others} WHERE key_id = '{name}'")
    with reading(log_site) as reader, log_site.keys_database() as keys:
        broken = [record.index for record in reader.read(0, 8, "case") if record.state is State.BROKEN]
        assert [1, 3, 5, 7] == broken
        asked = [KeyName(str(name), None), KeyName("unknown", None)]
        found = SubjectKeys(keys, log_site.master).find_each(asked)
        assert [MasterKeyError, type(None)] == [type(key) for key in found]


def spoilt(leaf: bytes) -> list[bytes]:
    """Leaves that say nearly the same, and are none."""
    document = orjson.loads(leaf)
    changed = [
        {**document, "time": 1},
        {**document, "request_id": 1},
        {**document, "commitments": []},
        {**document, "commitments": {**document["commitments"], "subject": 1}},
        {**document, "commitments": {**document["commitments"], "subject": "0" * 63}},
        {**document, "commitments": {**document["commitments"], "other": "0" * 64}},
        {**document, "purpose": None},
        {**document, "v": 2},
        {**document, "more": "x"},
        {name: value for name, value in document.items() if name != "time"},
    ]
    return [
        *(orjson.dumps(d, option=orjson.OPT_SORT_KEYS) for d in changed),
        leaf + b" ",
        leaf.replace(b'{"agreement"', b'{"agreement":"x","agreement"'),
        orjson.dumps(dict(reversed(document.items()))),
        leaf.replace(b'"v":1', b'"v":1.0'),
    ]


async def test_shortcut_of_decoding_accepts_no_more(sqlite_site: LogSite) -> None:
    """What entries have in common is checked once; whatever `decode` refuses is refused all the same."""
    await write(sqlite_site, 3)
    with sqlite_site.opened() as log:
        leaf = log.reader.by_index(1).leaf
    for other in spoilt(leaf):
        with pytest.raises(FormatError):
            entries.decode(other)
        sqlite_site.execute('UPDATE log_entries SET leaf = :leaf WHERE "index" = 1', leaf=other)
        with reading(sqlite_site) as reader:
            records = list(reader.read(0, 3, "case"))
        assert [State.OPENED, State.BROKEN, State.OPENED] == [record.state for record in records]
        assert records[1].entry is None


async def test_entries_that_share_much_are_kept_apart(sqlite_site: LogSite) -> None:
    """Time, request id and commitments are each entry's own."""
    with sqlite_site.opened() as log:
        for n in range(3):
            own = replace(ENTRY, request_id=request_id(n), time=f"2026-11-21T20:00:0{n}Z")
            values = {"case": b"%d" % n}
            await log.append(Submission(own, b"s", values, claims_request_id=True), closes_intention=False)
    with reading(sqlite_site) as reader:
        records = list(reader.read(0, 3, "case"))
    assert [request_id(n) for n in range(3)] == [r.entry.request_id for r in records if r.entry]
    assert ["0", "1", "2"] == [r.entry.time[18] for r in records if r.entry]
    assert [b"0", b"1", b"2"] == [r.value for r in records]
