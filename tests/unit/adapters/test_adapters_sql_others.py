"""Databases that others own: their tables, names, times, codes and joins, by the catalogue's entry alone.

Every claim is tried on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.host.bounds import Bounds
from adapters.host.registers import GuardedRegisters
from adapters.kinds.sql import SqlAdapter
from adapters.port import AnswerInvalid, Cause, Connection, RegisterError, SchemaChanged, Source
from exchange.errors import Failed
from exchange.model.catalogue import Attribute, Catalogue, Dataset, Key, Text
from exchange.model.request import AsOf
from tests.support.adapters import lookup_of

TEXT = Text("", "")
ATTRIBUTES = {
    "vejId": "string",
    "vejnavn": "string",
    "status": "code",
    "anlagt": "date",
    "belyst": "boolean",
    "laengde": "integer",
    "ejer": "string",
}
OWNER = {"name": "ejer", "table": "EJER", "on": {"EJER_ID": "ID"}}
COLUMNS = {
    "vejId": "VEJ_ID",
    "vejnavn": "NAVN",
    "status": {"column": "STATUS", "values": {"1": "aktiv", "2": "nedlagt"}},
    "anlagt": "ANLAGT",
    "belyst": {"column": "BELYST", "form": "ja/nej"},
    "laengde": "LAENGDE",
    "ejer": "ejer.NAVN",
}
ROAD = {"VEJ_ID": "v1", "NAVN": "Ærøåsvej", "STATUS": 1, "BELYST": "ja", "LAENGDE": 120, "EJER_ID": 7}
NOW = datetime(2026, 3, 1, 11, tzinfo=UTC)
PERIOD = {"virkningFra": "FRA", "virkningTil": "TIL"}


def road(*keys: Key, **options: Any) -> Dataset:
    """The road register as its owner has it."""
    described = {"table": "VEJ", "columns": COLUMNS, "times": {}, "joins": [OWNER], **options}
    return Dataset(
        name="x.road",
        register="x",
        provider="95000088",
        title=TEXT,
        subject="property",
        source=Source("sql", described, "a test"),
        attributes=tuple(Attribute(name, type_, "ordinary", TEXT) for name, type_ in ATTRIBUTES.items()),
        keys=keys
        or (Key("code", "vejId", "one"), Key("uuid", "ejer", "many"), Key("number", "laengde", "many")),
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database, empty."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'others.db'}"


Made = Callable[..., None]


@pytest.fixture
def make(url: str) -> Made:
    """Makes tables: `make(VEJ=[{…}, …])`, with the types that the rows' values have."""

    def made(types: dict[str, Any] | None = None, **tables: Sequence[dict[str, Any]]) -> None:
        engine = sa.create_engine(url)
        metadata = sa.MetaData()
        usual = {"FRA": sa.Date(), "TIL": sa.Date(), "ANLAGT": sa.Date(), "EJER_ID": sa.Integer()} | (
            types or {}
        )
        for name, rows in tables.items():
            columns = [
                sa.Column(c, usual.get(c) or (sa.Integer() if isinstance(v, int) else sa.Text()))
                for c, v in {k: v for row in rows for k, v in row.items()}.items()
            ]
            sa.Table(name, metadata, *columns)
        metadata.create_all(engine)
        with engine.begin() as connection:
            for name, rows in tables.items():
                table = metadata.tables[name]
                for row in rows:
                    connection.execute(table.insert(), row)
        engine.dispose()

    return made


Ask = Callable[..., Any]


@pytest.fixture
async def ask(url: str) -> AsyncIterator[Ask]:
    """Asks an adapter without its host, about the road v1 unless told otherwise."""
    opened: list[SqlAdapter] = []

    async def asked(
        dataset: Dataset,
        *names: str,
        kind: str = "code",
        values: Sequence[str] = ("v1",),
        as_of: AsOf | None = None,
        most: int = 100,
        **options: str,
    ) -> list[tuple[str, dict[str, Any]]]:
        opened.append(SqlAdapter("x", [dataset], Connection(url, options, max_records=most)))
        lookup = lookup_of(
            dataset, names, kind, *values, as_of=as_of or AsOf(NOW, NOW), current=as_of is None
        )
        return [(str(f.key), dict(f.record)) for f in await opened[-1].fetch(lookup)]

    yield asked
    for one in opened:
        await one.close()


async def told(call: Any) -> tuple[type[Exception], Cause, str]:
    with pytest.raises(RegisterError) as caught:
        await call
    assert caught.value.__cause__ is None  # a driver's words may quote the row
    return type(caught.value), caught.value.cause, caught.value.attribute


async def test_columns_codes_and_joins_are_read_as_the_entry_says(make: Made, ask: Ask) -> None:
    """Names, codes, dates, words and a name from another table: all of it the owner's, none of it Python."""
    date = datetime(2001, 5, 4, tzinfo=UTC).date()
    make(VEJ=[ROAD | {"ANLAGT": date}], EJER=[{"ID": 7, "NAVN": "Odense"}])
    expected = {
        "vejId": "v1",
        "vejnavn": "Ærøåsvej",
        "status": "aktiv",
        "anlagt": "2001-05-04",
        "belyst": True,
        "laengde": 120,
        "ejer": "Odense",
    }
    assert [("v1", expected)] == await ask(road(), *ATTRIBUTES)


async def test_a_record_without_a_partner_stays(make: Made, ask: Ask) -> None:
    """A join does not take away a record; what would come from it is left out."""
    make(VEJ=[ROAD], EJER=[{"ID": 8, "NAVN": "Odense"}])
    assert [("v1", {"vejnavn": "Ærøåsvej"})] == await ask(road(), "vejnavn", "ejer")


async def test_tables_that_are_not_asked_for_are_not_read(make: Made, ask: Ask) -> None:
    """Without an attribute from it, the joined table need not even be there."""
    make(VEJ=[ROAD])
    assert [("v1", {"laengde": 120})] == await ask(road(), "laengde")


async def test_two_partners_of_one_are_an_error(make: Made, ask: Ask) -> None:
    """Where one partner is meant, two would double the record: it is an error, not two records."""
    make(VEJ=[ROAD], EJER=[{"ID": 7, "NAVN": "Odense"}, {"ID": 7, "NAVN": "Assens"}])
    assert (AnswerInvalid, Cause.CONFLICT, "") == await told(ask(road(), "ejer"))
    assert 2 == len(await ask(road(joins=[OWNER | {"many": True}]), "ejer"))


async def test_a_key_may_stand_in_a_joined_table(make: Made, ask: Ask) -> None:
    """Roads are found by who owns them, one by one and many at once; partners of others do not matter."""
    make(
        VEJ=[ROAD, ROAD | {"VEJ_ID": "v2"}, ROAD | {"VEJ_ID": "v3", "EJER_ID": 8}],
        EJER=[{"ID": 7, "NAVN": "a"}, {"ID": 7, "NAVN": "b"}, {"ID": 8, "NAVN": "c"}],
    )
    dataset = road(joins=[OWNER | {"many": True}])
    by_owner = [("a", {"vejId": "v1"}), ("a", {"vejId": "v2"})]
    assert by_owner == await ask(dataset, "vejId", kind="uuid", values=["a"])
    both = await ask(dataset, "vejId", kind="uuid", values=["c", "a", "nobody"])
    assert [*by_owner, ("c", {"vejId": "v3"})] == both


async def test_joins_lead_on_and_hold_at_the_times_asked_for(make: Made, ask: Ask) -> None:
    """Both sides of a join are filtered by effect; a join may start at another one."""
    date = [datetime(year, 1, 1, tzinfo=UTC).date() for year in (2000, 2020, 2030)]
    make(
        VEJ=[ROAD | {"FRA": date[0], "TIL": None}],
        EJER=[
            {"ID": 7, "LAND": 1, "FRA": date[0], "TIL": date[1]},
            {"ID": 7, "LAND": 2, "FRA": date[1], "TIL": None},
        ],
        LAND=[{"KODE": 1, "NAVN": "før"}, {"KODE": 2, "NAVN": "nu"}],
    )
    joins = [OWNER, {"name": "land", "table": "LAND", "on": {"ejer.LAND": "KODE"}, "times": {}}]
    columns = COLUMNS | {"ejer": "land.NAVN"}
    dataset = road(times=PERIOD, time_form="date", joins=joins, columns=columns)
    assert [("v1", {"ejer": "nu"})] == await ask(dataset, "ejer")
    adapter_of_then = AsOf(datetime(2010, 1, 1, tzinfo=UTC), NOW)
    assert (AnswerInvalid, Cause.NO_HISTORY, "") == await told(ask(dataset, "ejer", as_of=adapter_of_then))


TIMES = ("R_FRA", "R_TIL", "V_FRA", "V_TIL")
ALL = dict(zip(("registreringFra", "registreringTil", "virkningFra", "virkningTil"), TIMES, strict=True))
CHANGE = datetime(2020, 6, 1, 22, tzinfo=UTC)  # midnight in Denmark


@pytest.mark.parametrize(
    ("options", "type_", "written"),
    [
        ({}, sa.Text(), "2020-06-01T22:00:00.000000Z"),
        ({"time_form": "%Y-%m-%d %H:%M:%S"}, sa.Text(), "2020-06-01 22:00:00"),
        ({"time_form": "%Y%m%d%H%M", "time_zone": "Europe/Copenhagen"}, sa.Text(), "202006020000"),
        ({"time_form": "timestamp"}, sa.DateTime(timezone=True), CHANGE),
        (
            {"time_form": "timestamp", "time_zone": "Europe/Copenhagen"},
            sa.DateTime(),
            datetime(2020, 6, 2),  # noqa: DTZ001  # as such a database has it
        ),
        ({"time_form": "date"}, sa.Date(), datetime(2020, 6, 2, tzinfo=UTC).date()),
    ],
    ids=["text", "pattern", "pattern-local", "aware", "naive", "date"],
)
@pytest.mark.parametrize("axis", ["registrering", "virkning"])
async def test_times_are_compared_in_their_form(
    make: Made, ask: Ask, options: dict[str, str], type_: Any, written: Any, axis: str
) -> None:
    """However times are written: at the change the new row holds, a microsecond before it the old one."""
    begin = written.replace(year=2000) if hasattr(written, "year") else written.replace("2020", "2000")
    usual = {"R_FRA": begin, "R_TIL": None, "V_FRA": begin, "V_TIL": None}
    prefix = axis[0].upper()
    make(
        dict.fromkeys(TIMES, type_),
        VEJ=[
            ROAD | usual | {"NAVN": "old", f"{prefix}_TIL": written},
            ROAD | usual | {"NAVN": "new", f"{prefix}_FRA": written},
        ],
    )
    dataset = road(times=ALL, **options)
    for moment, expected in ((CHANGE, "new"), (CHANGE.replace(hour=21, minute=59, second=59), "old")):
        as_of = AsOf(NOW, moment) if axis == "registrering" else AsOf(moment, NOW)
        assert [("v1", {"vejnavn": expected})] == await ask(dataset, "vejnavn", as_of=as_of)


async def test_an_end_may_be_the_last_day(make: Made, ask: Ask) -> None:
    """Where a register writes the last day on which something held, that day still belongs to it."""
    last = datetime(2026, 3, 1, tzinfo=UTC).date()
    make(VEJ=[ROAD | {"FRA": last.replace(year=2000), "TIL": last}])
    dated = {"times": PERIOD, "time_form": "date"}
    assert [] == await ask(road(**dated), "vejId")
    assert [("v1", {"vejId": "v1"})] == await ask(road(**dated, time_end="inclusive"), "vejId")


async def test_times_of_another_form_are_an_error(make: Made, ask: Ask) -> None:
    """Text that is not written as the entry says was compared wrongly, so that nothing is answered."""
    begin = "2000-01-01"
    make(VEJ=[ROAD | {"R_FRA": begin, "R_TIL": None, "V_FRA": begin, "V_TIL": None}])
    dataset = road(times=ALL, time_form="%Y-%m-%dT%H:%M:%SZ")
    assert (AnswerInvalid, Cause.TIMES, "") == await told(ask(dataset, "vejId"))


@pytest.mark.parametrize(("times", "cause"), [({}, Cause.PRESENT_ONLY), (PERIOD, Cause.NO_HISTORY)])
async def test_a_table_without_history_tells_the_present_only(
    make: Made, ask: Ask, times: dict[str, str], cause: Cause
) -> None:
    """Asked what held at another time, it does not answer with what holds now."""
    make(VEJ=[ROAD | {"FRA": datetime(2000, 1, 1, tzinfo=UTC).date(), "TIL": None}])
    dataset = road(times=times, time_form="date")
    assert [("v1", {"vejId": "v1"})] == await ask(dataset, "vejId")
    assert (AnswerInvalid, cause, "") == await told(ask(dataset, "vejId", as_of=AsOf(NOW, NOW)))


async def test_many_subjects_come_in_pages_and_whole(make: Made, ask: Ask) -> None:
    """Pages smaller than the answer, ending within a subject: every record once, none missing."""
    rows = [ROAD | {"VEJ_ID": f"v{n}", "LAENGDE": m} for n in range(20) for m in range(n % 5)]
    make(VEJ=rows)
    values = [f"v{n}" for n in range(25)]
    dataset = road(page=3)
    found = await ask(dataset, "laengde", values=values, most=4)
    expected = [(str(r["VEJ_ID"]), {"laengde": r["LAENGDE"]}) for r in rows]
    assert sorted(map(repr, expected)) == sorted(map(repr, found))


async def test_one_subject_with_too_many_records_fails_all(make: Made, ask: Ask) -> None:
    """The limit holds for each subject; beyond it there is no answer, and none is cut."""
    make(VEJ=[ROAD | {"VEJ_ID": f"v{n}"} for n in range(9) for _ in range(5 if n == 4 else 1)])
    values = [f"v{n}" for n in range(9)]
    assert 13 == len(await ask(road(page=2), "laengde", values=values, most=5))
    for asked in (values, ["v4"]):
        problem = await told(ask(road(page=2), "laengde", values=asked, most=4))
        assert (AnswerInvalid, Cause.TOO_MANY, "") == problem


async def test_conflicting_current_rows_are_an_error(make: Made, url: str) -> None:
    """Two current rows of what there is one of, even the same twice, are no answer; the dataset is named."""
    make(VEJ=[ROAD, ROAD])
    dataset = road()
    hosted = GuardedRegisters(
        Catalogue.of((dataset,)),
        {"x.road": SqlAdapter("x", [dataset], Connection(url))},
        usual=Bounds(attempts=1),
    )
    with pytest.raises(Failed) as caught:
        await hosted.fetch(lookup_of(dataset, ["vejnavn"], "code", "v1", current=True), 10)
    assert "x.road: it holds conflicting current records" in caught.value.reasons[0].text_en
    await hosted.close()


@pytest.mark.parametrize(
    ("row", "name", "expected"),
    [
        ({"STATUS": 3}, "status", (SchemaChanged, Cause.FIELD_VALUE)),
        ({"BELYST": "måske"}, "belyst", (SchemaChanged, Cause.FIELD_TYPE)),
        ({"LAENGDE": "lang"}, "laengde", (SchemaChanged, Cause.FIELD_TYPE)),
        ({"NAVN": 12}, "vejnavn", (SchemaChanged, Cause.FIELD_TYPE)),
        ({"NAVN": "\N{REPLACEMENT CHARACTER}rø"}, "vejnavn", (AnswerInvalid, Cause.NOT_UTF8)),
        ({"NAVN": None}, "vejnavn", (SchemaChanged, Cause.FIELD_NULL)),
    ],
    ids=["enum-grown", "word", "number-as-text", "text-as-number", "lost-letters", "null"],
)
async def test_values_that_are_not_as_described_are_errors(
    make: Made, ask: Ask, row: dict[str, Any], name: str, expected: tuple[type[Exception], Cause]
) -> None:
    """A new code, another type, lost letters, a missing value: the attribute is named, the value is not."""
    make(VEJ=[ROAD | row])
    columns = COLUMNS | {"vejnavn": {"column": "NAVN", "required": True}}
    assert (*expected, name) == await told(ask(road(columns=columns), name))


async def test_a_column_that_is_gone_is_named(make: Made, ask: Ask) -> None:
    """A renamed column is an error that names the attribute; a table that is gone names the dataset only."""
    make(VEJ=[{k: v for k, v in ROAD.items() if k != "NAVN"}])
    assert (SchemaChanged, Cause.FIELD_UNKNOWN, "vejnavn") == await told(ask(road(), "vejnavn"))
    assert (SchemaChanged, Cause.FIELD_UNKNOWN, "") == await told(ask(road(table="VEJE"), "vejId"))


async def test_it_cannot_write(make: Made, url: str) -> None:
    """Whatever an entry could smuggle into a statement: the connection itself only reads."""
    make(VEJ=[ROAD])
    adapter = SqlAdapter("x", [road()], Connection(url))
    with adapter._engine.connect() as connection, pytest.raises(sa.exc.SQLAlchemyError, match=r"read-?only"):
        connection.execute(sa.text('DELETE FROM "VEJ"'))
    await adapter.close()


# What only one of them does


async def test_text_in_another_encoding_is_an_error(tmp_path: Path) -> None:
    """Latin-1 in a column that should hold UTF-8: an error that quotes nothing."""
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("CREATE TABLE VEJ (VEJ_ID TEXT, NAVN TEXT)")
        connection.execute("INSERT INTO VEJ VALUES ('v1', CAST(? AS TEXT))", ("Ærø".encode("latin-1"),))
    connection.close()
    adapter = SqlAdapter("x", [road()], Connection(f"sqlite:///{tmp_path / 'x.db'}"))
    lookup = lookup_of(road(), ["vejnavn"], "code", "v1", current=True)
    kind, cause, _ = await told(adapter.fetch(lookup))
    assert (AnswerInvalid, Cause.NOT_UTF8) == (kind, cause)
    await adapter.close()


@pytest.fixture
async def on_postgres(postgres_url: str) -> AsyncIterator[Callable[..., SqlAdapter]]:
    """PostgreSQL alone."""
    opened: list[SqlAdapter] = []

    def made(dataset: Dataset, script: str = "", url: str = postgres_url, **options: str) -> SqlAdapter:
        if script:
            engine = sa.create_engine(postgres_url)
            with engine.begin() as connection:
                connection.exec_driver_sql(script)
            engine.dispose()
        opened.append(SqlAdapter("x", [dataset], Connection(url, options)))
        return opened[-1]

    yield made
    for one in opened:
        await one.close()


async def test_schemas_and_types_of_postgresql(on_postgres: Callable[..., SqlAdapter]) -> None:
    """A schema, UUIDs as UUIDs, numbers as NUMERIC, text padded to its width, truth values."""
    dataset = road(
        Key("uuid", "vejId", "one"),
        schema="vejregister",
        columns=COLUMNS | {"status": {"column": "STATUS", "trim": True}, "belyst": "BELYST", "ejer": "NAVN"},
        joins=[],
    )
    adapter = on_postgres(
        dataset,
        'CREATE SCHEMA vejregister; CREATE TABLE vejregister."VEJ" ("VEJ_ID" uuid, "NAVN" varchar,'
        ' "STATUS" char(5), "ANLAGT" date, "BELYST" boolean, "LAENGDE" numeric(9, 2));'
        " INSERT INTO vejregister.\"VEJ\" VALUES ('00000000-0000-0000-0000-000000000001', 'Å', 'ab',"
        " '2001-05-04', true, 12.00)",
    )
    value = "00000000-0000-0000-0000-000000000001"
    (found,) = await adapter.fetch(lookup_of(dataset, [*ATTRIBUTES], "uuid", value, current=True))
    assert {
        "vejId": value,
        "vejnavn": "Å",
        "status": "ab",
        "anlagt": "2001-05-04",
        "belyst": True,
        "laengde": 12,
        "ejer": "Å",
    } == dict(found.record)
    many = lookup_of(dataset, ["laengde"], "uuid", value, value.replace("1", "2"), current=True)
    assert [value] == [str(f.key) for f in await adapter.fetch(many)]


async def test_a_statement_that_takes_too_long_is_ended(on_postgres: Callable[..., SqlAdapter]) -> None:
    """The database itself ends it, so that no thread waits for ever; the host calls it a timeout."""
    adapter = on_postgres(
        road(),
        'CREATE VIEW "VEJ" AS SELECT \'v1\' AS "VEJ_ID", pg_sleep(60)::text AS "NAVN"',
        statement_timeout="0.2",
    )
    with pytest.raises(TimeoutError):
        await adapter.fetch(lookup_of(road(), ["vejnavn"], "code", "v1", current=True))


async def test_access_that_is_refused(on_postgres: Callable[..., SqlAdapter], postgres_url: str) -> None:
    """A role that may not read the table is told as such; one that may not come in, likewise."""
    url = sa.make_url(postgres_url).set(username="reader").render_as_string()
    adapter = on_postgres(road(), 'CREATE TABLE "VEJ" ("VEJ_ID" text); CREATE ROLE reader LOGIN', url)
    lookup = lookup_of(road(), ["vejId"], "code", "v1", current=True)
    assert Cause.NOT_AUTHORISED is (await told(adapter.fetch(lookup)))[1]


async def test_a_lost_connection_is_found_again(
    on_postgres: Callable[..., SqlAdapter], postgres_url: str
) -> None:
    """A connection that was cut fails one call as unavailable; the next has a new one."""
    adapter = on_postgres(road(), 'CREATE TABLE "VEJ" AS SELECT \'v1\' AS "VEJ_ID"')
    lookup = lookup_of(road(), ["vejId"], "code", "v1", current=True)
    assert 1 == len(await adapter.fetch(lookup))
    engine = sa.create_engine(postgres_url)
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    engine.dispose()
    assert Cause.CONNECTION is (await told(adapter.fetch(lookup)))[1]
    assert 1 == len(await adapter.fetch(lookup))


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"table": ""}, "table is missing"),
    ({"columns": {"vejnavn": "ejeren.NAVN"}}, "names no column of a join; joins are: ejer"),
    ({"columns": {"vej": "NAVN"}}, "vej is not known"),
    ({"columns": {"laengde": {"form": "words"}}}, "form is 'words'"),
    ({"columns": {"vejId": {"values": {"1": "a"}}}}, "vejId is a key"),
    ({"columns": {"anlagt": {"values": {"1": "i går"}}}}, "anlagt: not in the form declared"),
    ({"times": {"virkningFra": "FRA"}}, "virkningFra and virkningTil go together"),
    ({"time_form": "datetime"}, "time_form must be text, timestamp, date, or a pattern"),
    ({"time_form": "date", "time_zone": "Nowhere"}, "time_zone 'Nowhere' is not known"),
    ({"time_form": "timestamp", "time_end": "inclusive"}, "only dates can end inclusively"),
    ({"joins": [{"name": "ejer", "table": "EJER", "on": {}}]}, "which columns are equal"),
    ({"joins": [OWNER, OWNER]}, "'ejer' is taken"),
    ({"page": 0}, "page must be 1 or more"),
    ({"tabel": "VEJ"}, "tabel is not known; there are: .*table"),
]


@pytest.mark.parametrize(("change", "said"), WRONG, ids=range(len(WRONG)))
def test_an_entry_that_cannot_be_is_named(change: dict[str, Any], said: str) -> None:
    """The catalogue's mistakes are found when the broker starts, with the place and what to write."""
    with pytest.raises(ValueError, match=f"a test.*{said}"):
        SqlAdapter("x", [road(**change)], Connection("sqlite://"))


@pytest.mark.parametrize("options", [{"statement_timeout": "long"}, {"timeout": "1"}])
def test_options_that_cannot_be_are_named(options: dict[str, str]) -> None:
    """The configuration's mistakes likewise."""
    with pytest.raises(ValueError, match="statement_timeout"):
        SqlAdapter("x", [road()], Connection("sqlite://", options))


def test_a_url_of_another_kind_is_named() -> None:
    """A register of which another dataset is read over gRPC has one URL: SQL cannot be read there."""
    with pytest.raises(ValueError, match="url must be one of SQLAlchemy's"):
        SqlAdapter("x", (), Connection("dns:///register.example:8443"))
