"""The feed of a database: in order, nothing left out, whatever commits when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.catalogue import load_catalogue
from adapters.kinds.sql import SqlAdapter, table_of
from adapters.kinds.values import sortable
from adapters.port import Change, Changes, Connection

PERSON = load_catalogue().datasets["cpr.person"]
PAST = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty register in either database."""
    if request.param == "sqlite":
        made = f"sqlite:///{tmp_path / 'cpr.db'}"
    else:
        made = str(request.getfixturevalue("postgres_url"))
    _prepare(made)
    return made


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[sa.Engine]:
    """An empty register in PostgreSQL, for transactions of the test's own."""
    _prepare(postgres_url)
    engine = sa.create_engine(postgres_url)
    yield engine
    engine.dispose()


def _prepare(url: str) -> None:
    engine = sa.create_engine(url)
    table_of(PERSON, metadata := sa.MetaData())
    metadata.create_all(engine)
    engine.dispose()


def row(number: int, recorded: datetime, **values: object) -> dict[str, object]:
    times = {"registreringFra": sortable(recorded), "virkningFra": sortable(PAST)}
    return {"personnummer": f"61017{number:05}", **times, **values}


def insert(connection: sa.Connection, *rows: dict[str, object]) -> None:
    table = table_of(PERSON, sa.MetaData())
    for one in rows:
        connection.execute(sa.insert(table).values(one))


@asynccontextmanager
async def reading(url: str, overlap: float = 0) -> AsyncIterator[SqlAdapter]:
    adapter = SqlAdapter("cpr", [PERSON], Connection(url, {"changes_overlap": str(overlap)}))
    try:
        yield adapter
    finally:
        await adapter.close()


async def changes(adapter: SqlAdapter, after: int | None, limit: int = 100) -> Changes:
    return await adapter.changes(PERSON, "personnummer", after, limit)


def numbers(told: Changes) -> list[str]:
    return [one.value for one in told.changes]


async def test_every_change_once_and_in_order_however_small_the_parts(url: str) -> None:
    """Many of one moment too: a part ends in the middle of them, and the next goes on there."""
    moment = datetime.now(UTC) - timedelta(hours=1)
    rows = [row(n, moment + timedelta(seconds=n // 7)) for n in range(40)]
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        insert(connection, *rows)
    engine.dispose()
    found: list[Change] = []
    async with reading(url) as adapter:
        after = (await changes(adapter, None)).position
        assert [] == numbers(await changes(adapter, after))
        after = _before(moment)
        while True:
            told = await changes(adapter, after, 3)
            found += told.changes
            after = told.position
            if not told.more:
                break
        assert [] == numbers(await changes(adapter, after))
    assert [r["personnummer"] for r in rows] == [c.value for c in found]
    assert sorted({c.position for c in found}) == [c.position for c in found]


async def test_effect_that_begins_or_ends_is_a_change(url: str) -> None:
    """A move that was registered long ago is told when it takes effect; one of tomorrow is not."""
    now = datetime.now(UTC)
    soon, gone = sortable(now - timedelta(minutes=1)), sortable(now - timedelta(minutes=2))
    rows = [
        row(1, PAST, virkningFra=soon),
        row(2, PAST, virkningTil=gone),
        row(3, PAST, registreringTil=gone),
        row(4, PAST, virkningFra=sortable(now + timedelta(days=1))),
        row(5, now + timedelta(days=1)),
    ]
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        insert(connection, *rows)
    engine.dispose()
    async with reading(url) as adapter:
        told = await changes(adapter, _before(now - timedelta(minutes=5)))
    assert ["6101700002", "6101700003", "6101700001"] == numbers(told)


async def test_transaction_that_commits_late_is_not_passed_over(postgres: sa.Engine) -> None:
    """It wrote before another that committed first: until it ends, nothing after it is settled."""
    async with reading(postgres.url.render_as_string(hide_password=False)) as adapter:
        start = (await changes(adapter, None)).position
        with postgres.connect() as late:
            begun = late.begin()
            insert(late, row(1, datetime.now(UTC)))
            with postgres.begin() as quick:
                insert(quick, row(2, datetime.now(UTC)))
            settled = start
            for _ in range(3):
                await asyncio.sleep(0.01)
                told = await changes(adapter, settled)
                assert ["6101700002"] == numbers(told)
                settled = max(settled, told.settled)
            begun.commit()
        told = await changes(adapter, settled)
        assert ["6101700001", "6101700002"] == numbers(told)
        await asyncio.sleep(0.01)
        for _ in range(2):
            settled = max(settled, (await changes(adapter, settled)).settled)
        assert [] == numbers(await changes(adapter, settled))


async def test_transaction_that_began_before_the_broker_is_not_passed_over(postgres: sa.Engine) -> None:
    """Where the feed ends at present takes into account who is writing."""
    with postgres.connect() as late:
        begun = late.begin()
        insert(late, row(1, datetime.now(UTC)))
        await asyncio.sleep(0.1)
        async with reading(postgres.url.render_as_string(hide_password=False), overlap=0.02) as adapter:
            start = (await changes(adapter, None)).position
            begun.commit()
            assert ["6101700001"] == numbers(await changes(adapter, start))


async def test_row_that_appears_late_where_nobody_tells_of_transactions_is_within_the_overlap(
    tmp_path: Path,
) -> None:
    """What was read a while ago is read again."""
    url = f"sqlite:///{tmp_path / 'cpr.db'}"
    _prepare(url)
    engine = sa.create_engine(url)
    async with reading(url, overlap=60) as adapter:
        start = (await changes(adapter, None)).position
        settled = (await changes(adapter, start)).settled
        with engine.begin() as connection:
            insert(connection, row(1, datetime.now(UTC) - timedelta(seconds=30)))
        assert ["6101700001"] == numbers(await changes(adapter, max(start, settled)))
    engine.dispose()


@pytest.mark.parametrize("value", ["-1", "soon", "nan", "86401"])
def test_overlap_that_is_none_is_refused_at_start(tmp_path: Path, value: str) -> None:
    """The configuration says what it must be."""
    with pytest.raises(ValueError, match="changes_overlap"):
        SqlAdapter("cpr", [PERSON], Connection(f"sqlite:///{tmp_path / 'x.db'}", {"changes_overlap": value}))


def _before(moment: datetime) -> int:
    """A position: that of a moment."""
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) << 32
