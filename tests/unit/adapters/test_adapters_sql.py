"""The SQL adapter answers what was true and recorded at the times asked for, and nothing else."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.catalogue import load_catalogue
from adapters.host.bounds import Bounds
from adapters.host.registers import GuardedRegisters
from adapters.kinds.sql import BITEMPORAL, SqlAdapter, table_of
from adapters.kinds.values import sortable
from adapters.port import AnswerInvalid, Cause, Connection, Source, Unavailable
from adapters.registers import Registers
from exchange.errors import Failed
from exchange.model.catalogue import Attribute, Catalogue, Dataset, Key, Text
from exchange.model.request import AsOf, Found
from tests.support.adapters import lookup_of
from tests.unit.adapters.conftest import Open

CATALOGUE = load_catalogue()
NOW = datetime(2026, 11, 21, 20, tzinfo=UTC)
CURRENT = AsOf(NOW, NOW)
KEYS = [(d.name, k.kind) for d in CATALOGUE.datasets.values() for k in d.keys]
Row = dict[str, Any]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def holds(row: Row, as_of: AsOf) -> bool:
    """The rule of bitemporality: from inclusive, to exclusive, no end means still."""

    def within(begin: str, end: str, moment: datetime) -> bool:
        return at(row[begin]) <= moment and (row[end] is None or moment < at(row[end]))

    return within("registreringFra", "registreringTil", as_of.registration) and within(
        "virkningFra", "virkningTil", as_of.effect
    )


def expected(rows: Sequence[Row], attributes: Sequence[str], as_of: AsOf) -> list[Row]:
    return [{n: r[n] for n in attributes if r[n] is not None} for r in rows if holds(r, as_of)]


def records(found: Sequence[Found]) -> list[Row]:
    return [dict(f.record) for f in found]


def sorted_rows(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=repr)


@pytest.mark.parametrize(("name", "kind"), KEYS, ids=[f"{n}-{k}" for n, k in KEYS])
async def test_every_key_leads_to_its_records(
    adapter: Open, generated: Registers, name: str, kind: str
) -> None:
    """For every dataset and kind of key, a value's records are those that the register holds now."""
    dataset = CATALOGUE.datasets[name]
    key = dataset.key(kind)
    assert key is not None
    table = generated.tables[name]
    values = sorted({str(r[key.attribute]) for r in table.records() if r[key.attribute] is not None})
    assert values, f"the generated registers hold no {kind} in {name}"
    attributes = sorted(dataset.attribute_names)
    opened = adapter(dataset.register)
    for value in values[:: max(1, len(values) // 25)]:
        found = await opened.fetch(lookup_of(dataset, attributes, kind, value, as_of=CURRENT))
        rows = [r for r in table.records() if str(r[key.attribute]) == value]
        assert sorted_rows(expected(rows, attributes, CURRENT)) == sorted_rows(records(found))
        assert {value} == {str(f.key) for f in found} or not found
        if key.cardinality == "one":
            assert len(found) <= 1


@pytest.mark.parametrize("name", ["cpr.person", "eindkomst.indkomst", "bbr.enhed"])
async def test_history_is_read_at_any_two_times(adapter: Open, generated: Registers, name: str) -> None:
    """Whatever pair of times is asked, just before, at and after every change: what was believed then."""
    dataset = CATALOGUE.datasets[name]
    key = dataset.keys[0]
    table = generated.tables[name]
    by_value: dict[Any, list[Row]] = {}
    for row in table.records():
        by_value.setdefault(row[key.attribute], []).append(row)
    rows = max(by_value.values(), key=lambda r: len({x["registreringFra"] for x in r}))
    value = str(rows[0][key.attribute])
    instants = {at(r[c]) for r in rows for c in BITEMPORAL if r[c] is not None}
    moments = sorted(i + d for i in instants for d in (timedelta(microseconds=-1), timedelta(0)))[-24:]
    opened = adapter(dataset.register)
    attributes = sorted(dataset.attribute_names)
    seen = set()
    for effect in moments[::3]:
        for registration in moments:
            as_of = AsOf(effect, registration)
            found = await opened.fetch(lookup_of(dataset, attributes, key.kind, value, as_of=as_of))
            assert sorted_rows(expected(rows, attributes, as_of)) == sorted_rows(records(found))
            seen.add(len(found))
    assert len(seen) > 1


# A register of two rows, to see the edges


TEXT = Text("", "")
THING = Dataset(
    name="x.thing",
    register="x",
    provider="95000088",
    title=TEXT,
    subject="property",
    source=Source("sql", {"table": "thing"}, "a test"),
    attributes=(
        Attribute("number", "integer", "identifier", TEXT),
        Attribute("name", "string", "ordinary", TEXT),
        Attribute("open", "boolean", "ordinary", TEXT),
        Attribute("size", "integer", "ordinary", TEXT),
    ),
    keys=(Key("bfe_nummer", "number", "many"), Key("person_id", "name", "many")),
)
THINGS = Catalogue.of((THING,))
BEGIN, CHANGE = "2020-01-01T00:00:00.000000Z", "2024-01-01T00:00:00.000000Z"


@pytest.fixture
def things(tmp_path: Path) -> Iterator[sa.Engine]:
    """A database with the table `thing`."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    metadata = sa.MetaData()
    table_of(THING, metadata)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def put(engine: sa.Engine, *rows: Row) -> None:
    table = table_of(THING, sa.MetaData())
    base = dict.fromkeys(BITEMPORAL) | dict.fromkeys(("registreringFra", "virkningFra"), BEGIN)
    with engine.begin() as connection:
        for row in rows:
            connection.execute(table.insert(), {**base, **row})


async def ask(
    opened: SqlAdapter,
    value: str = "7",
    *,
    kind: str = "bfe_nummer",
    as_of: AsOf = CURRENT,
    names: tuple[str, ...] = ("name", "open", "size"),
) -> list[Row]:
    return records(await opened.fetch(lookup_of(THING, names, kind, value, as_of=as_of)))


def at_file(engine: sa.Engine, adapter: Open, **options: Any) -> SqlAdapter:
    return adapter("x", url=str(engine.url), catalogue=THINGS, **options)


@pytest.mark.parametrize("axis", ["virkning", "registrering"])
async def test_begin_is_inclusive_and_end_exclusive(things: sa.Engine, adapter: Open, axis: str) -> None:
    """At the very microsecond of a change the new row answers, one before it the old one."""
    put(
        things,
        {"number": 7, "name": "old", f"{axis}Til": CHANGE},
        {"number": 7, "name": "new", f"{axis}Fra": CHANGE},
    )
    opened = at_file(things, adapter)
    change, tick = at(CHANGE), timedelta(microseconds=1)
    for moment, names in (
        (change - tick, ["old"]),
        (change, ["new"]),
        (at(BEGIN), ["old"]),
        (at(BEGIN) - tick, []),
    ):
        effect, registration = (moment, NOW) if axis == "virkning" else (NOW, moment)
        found = await ask(opened, as_of=AsOf(effect, registration), names=("name",))
        assert names == [r["name"] for r in found]


async def test_time_in_another_zone_is_the_same_time(things: sa.Engine, adapter: Open) -> None:
    """Times are compared as instants, whatever zone they are written in."""
    put(things, {"number": 7, "name": "new", "virkningFra": CHANGE})
    opened = at_file(things, adapter)
    zone = timezone(timedelta(hours=2))
    same, before = datetime(2024, 1, 1, 2, tzinfo=zone), datetime(2024, 1, 1, 1, 59, tzinfo=zone)
    assert 1 == len(await ask(opened, as_of=AsOf(same, NOW)))
    assert 0 == len(await ask(opened, as_of=AsOf(before, NOW)))


@given(st.datetimes(), st.datetimes())
def test_sortable_text_sorts_as_time(one: datetime, other: datetime) -> None:
    """The order of the texts is the order of the instants, from the first year to the last."""
    first, second = one.replace(tzinfo=UTC), other.replace(tzinfo=UTC)
    assert (first < second) == (sortable(first) < sortable(second))
    assert len("2024-01-01T00:00:00.000000Z") == len(sortable(first))


async def test_absent_values_are_left_out(things: sa.Engine, adapter: Open) -> None:
    """NULL is not released as nothing; zero, empty and false are values."""
    put(things, {"number": 7, "name": "", "open": False, "size": 0}, {"number": 8})
    opened = at_file(things, adapter)
    assert [{"name": "", "open": False, "size": 0}] == await ask(opened)
    assert [{}] == await ask(opened, "8")


async def test_values_have_the_types_of_the_catalogue(things: sa.Engine, adapter: Open) -> None:
    """Integers are integers up to their limits, and truth values are not numbers."""
    put(things, {"number": 7, "name": "7", "open": True, "size": 2**53})
    (found,) = await ask(at_file(things, adapter))
    assert [str, bool, int] == [type(found[n]) for n in ("name", "open", "size")]
    assert 2**53 == found["size"]


async def test_integer_keys_are_compared_as_integers(things: sa.Engine, adapter: Open) -> None:
    """A key that the register holds as a number is found by its digits, and told back as them."""
    put(things, {"number": 9_999_999_999, "name": "a"}, {"number": 99, "name": "b"})
    opened = at_file(things, adapter)
    found = await opened.fetch(lookup_of(THING, ("name",), "bfe_nummer", "9999999999", as_of=CURRENT))
    assert [("9999999999", {"name": "a"})] == [(str(f.key), dict(f.record)) for f in found]


async def test_only_asked_attributes_are_read(things: sa.Engine, adapter: Open) -> None:
    """The statement names the asked attributes; another question's columns do not come along."""
    put(things, {"number": 7, "name": "a", "size": 1})
    opened = at_file(things, adapter)
    assert [{"name": "a"}] == await ask(opened, names=("name",))
    assert [{"size": 1}] == await ask(opened, names=("size",))
    assert [{"size": 1, "name": "a"}] == await ask(opened, names=("size", "name"))


async def test_order_does_not_depend_on_the_question(things: sa.Engine, adapter: Open) -> None:
    """The same records come in the same order, whatever is asked of them."""
    put(things, *({"number": 7, "name": str(n), "size": -n} for n in (3, 1, 2)))
    opened = at_file(things, adapter)
    assert ["1", "2", "3"] == [r["name"] for r in await ask(opened, names=("name",))]
    assert [-1, -2, -3] == [r["size"] for r in await ask(opened, names=("size",))]


async def test_answer_at_the_limit_is_whole_and_one_beyond_is_an_error(
    things: sa.Engine, adapter: Open
) -> None:
    """An answer is never cut silently."""
    put(things, *({"number": 7, "size": n} for n in range(5)))
    assert 5 == len(await ask(at_file(things, adapter, max_records=5)))
    with pytest.raises(AnswerInvalid) as caught:
        await ask(at_file(things, adapter, max_records=4))
    assert Cause.TOO_MANY is caught.value.cause


HOSTILE = [
    "' OR '1'='1",
    "'; DROP TABLE thing; --",
    "x' UNION SELECT name FROM sqlite_master --",
    "%",
    "_",
    "*",
    "\\",
    '"',
    "x\x00",
    "NULL",
    "1 OR 1=1",
    ":key",
    "?",
    "﻿",
    "x" * 10_000,
]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_key_is_only_a_value(things: sa.Engine, adapter: Open, value: str) -> None:
    """A key's value is never part of the statement: it finds exactly the record that holds it."""
    put(things, {"number": 1, "name": "x"}, {"number": 2, "name": value})
    opened = at_file(things, adapter)
    for _ in range(2):
        assert [{"name": value}] == await ask(opened, value, kind="person_id", names=("name",))
    assert [{"name": "x"}] == await ask(opened, "x", kind="person_id", names=("name",))


@pytest.mark.parametrize("value", ["7 OR 1=1", "7; --", "", "seven", "7.5"])
async def test_hostile_number_finds_nothing(things: sa.Engine, adapter: Open, value: str) -> None:
    """What is no number cannot be looked up as one, not even partly."""
    put(things, {"number": 7, "name": "x"})
    with pytest.raises(ValueError, match="invalid literal"):
        await ask(at_file(things, adapter), value)


@settings(max_examples=25, deadline=None, database=None)
@given(value=st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_text_is_a_value(value: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever text a key holds, it equals itself and nothing else."""
    engine = sa.create_engine(f"sqlite:///{tmp_path_factory.mktemp('any') / 'x.db'}")
    metadata = sa.MetaData()
    table_of(THING, metadata)
    metadata.create_all(engine)
    put(engine, {"number": 1, "name": "witness"}, {"number": 2, "name": value, "size": 2})
    opened = SqlAdapter("x", [THING], Connection(str(engine.url), max_records=10))
    try:
        found = asyncio.run(ask(opened, value, kind="person_id", names=("size",)))
        assert [{"size": 2}] == [r for r in found if r]
    finally:
        asyncio.run(opened.close())
        engine.dispose()


# A database that does not answer


def guarded(opened: SqlAdapter) -> GuardedRegisters:
    return GuardedRegisters(THINGS, {"x.thing": opened}, usual=Bounds(100, 4))


async def failure(registers: GuardedRegisters, timeout: float = 10) -> str:
    with pytest.raises(Failed) as caught:
        await registers.fetch(lookup_of(THING, ("name",), "bfe_nummer", "7", as_of=CURRENT), timeout)
    return caught.value.reasons[0].code


LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


async def test_database_locked_by_another_process_times_out(
    things: sa.Engine, adapter: Open, tmp_path: Path
) -> None:
    """While another process holds the database, the register does not answer in time; afterwards it does."""
    put(things, {"number": 7, "name": "a"})
    registers = guarded(at_file(things, adapter))
    command = [sys.executable, "-c", LOCK, str(tmp_path / "x.db")]
    pipe = asyncio.subprocess.PIPE
    other = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    assert other.stdout is not None
    assert b"locked\n" == await other.stdout.readline()
    assert "REGISTER_TIMEOUT" == await failure(registers, 0.3)
    await other.communicate(b"\n")
    found = await registers.fetch(lookup_of(THING, ("name",), "bfe_nummer", "7", as_of=CURRENT), 10)
    assert {"7": [{"name": "a"}]} == found


async def test_database_that_is_not_there_is_unavailable(adapter: Open, tmp_path: Path) -> None:
    """A register that is down at start fails its first fetch, not the broker; none is made in its place."""
    opened = adapter("x", url=f"sqlite:///{tmp_path / 'nowhere.db'}", catalogue=THINGS)
    assert "REGISTER_UNAVAILABLE" == await failure(guarded(opened))
    assert not (tmp_path / "nowhere.db").exists()


async def test_database_without_the_table_is_not_as_described(adapter: Open, tmp_path: Path) -> None:
    """A database of something else is no register."""
    sqlite3.connect(tmp_path / "x.db").close()
    opened = adapter("x", url=f"sqlite:///{tmp_path / 'x.db'}", catalogue=THINGS)
    assert "REGISTER_SCHEMA_CHANGED" == await failure(guarded(opened))


async def test_damaged_database_is_unavailable(things: sa.Engine, adapter: Open, tmp_path: Path) -> None:
    """A file that is no database any more does not answer."""
    things.dispose()
    (tmp_path / "x.db").write_bytes(b"no database at all" * 1000)
    opened = adapter("x", url=f"sqlite:///{tmp_path / 'x.db'}", catalogue=THINGS)
    assert "REGISTER_UNAVAILABLE" == await failure(guarded(opened))


async def test_errors_of_the_database_hold_no_key(adapter: Open, tmp_path: Path) -> None:
    """The driver's own message, which somebody might log, does not show whom it was asked about."""
    opened = adapter("x", url=f"sqlite:///{tmp_path / 'nowhere.db'}", catalogue=THINGS)
    with pytest.raises(Unavailable) as caught:
        await ask(opened, "7204861234")
    assert "7204861234" not in f"{caught.value} {caught.value.__cause__}"


async def test_key_of_a_kind_that_the_dataset_lacks_is_an_error(things: sa.Engine, adapter: Open) -> None:
    """The adapter looks up by the keys of the catalogue only."""
    with pytest.raises(AnswerInvalid):
        await ask(at_file(things, adapter), kind="cvr_nummer", value="91000008")


@pytest.mark.parametrize(("name", "kind"), [("cpr.person", "personnummer"), ("ejf.ejerskab", "bfe_nummer")])
async def test_postgresql_answers_alike(
    adapter: Open, generated: Registers, postgres_url: str, name: str, kind: str
) -> None:
    """The same rows in PostgreSQL give the same answers, now and in the past, for text and integer keys."""
    dataset = CATALOGUE.datasets[name]
    key = dataset.key(kind)
    assert key is not None
    engine = sa.create_engine(postgres_url)
    metadata = sa.MetaData()
    table = table_of(dataset, metadata)
    metadata.create_all(engine)
    rows = list(generated.tables[name].records())
    with engine.begin() as connection:
        connection.execute(table.insert(), rows)
    engine.dispose()
    opened = adapter(dataset.register, url=postgres_url)
    attributes = sorted(dataset.attribute_names)
    past = AsOf(at("2023-06-01T00:00:00Z"), at("2024-01-01T00:00:00Z"))
    for value in sorted({str(r[key.attribute]) for r in rows if r[key.attribute] is not None})[:20]:
        mine = [r for r in rows if str(r[key.attribute]) == value]
        for as_of in (CURRENT, past):
            found = await opened.fetch(lookup_of(dataset, attributes, kind, value, as_of=as_of))
            assert sorted_rows(expected(mine, attributes, as_of)) == sorted_rows(records(found))
