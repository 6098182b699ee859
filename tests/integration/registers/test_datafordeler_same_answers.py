"""Over GraphQL a register answers what it answers over SQL, to whatever is asked."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import registers
from adapters.catalogue import load_catalogue
from adapters.host.bounds import Bounds
from adapters.host.registers import GuardedRegisters
from adapters.kinds.sql import SqlAdapter
from adapters.port import AsOf, Connection, Dataset
from adapters.registers import Registers
from adapters.simulators.datafordeler.schema import schema_of
from tests.support.adapters import lookup_of
from tests.support.datafordeler import (
    REAL,
    Simulated,
    all_turned,
    needs_schemas,
    published,
    simulated,
    turned,
)

CATALOGUE = load_catalogue()
KEYS = [(d.name, k.kind) for d in CATALOGUE.datasets.values() for k in d.keys]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
NAIVE = NOW.replace(tzinfo=None)
MOMENTS = st.datetimes(
    min_value=NAIVE.replace(year=2015), max_value=NAIVE.replace(year=2027), timezones=st.just(UTC)
)


@asynccontextmanager
async def both(
    register: str, folder: Path, schema: str = "", datasets: list[Dataset] | None = None, **options: str
) -> AsyncIterator[tuple[SqlAdapter, Simulated]]:
    """The same register behind both kinds."""
    own = [d for d in CATALOGUE.datasets.values() if d.register == register]
    connection = Connection(f"sqlite:///{folder / register}.db", max_records=10_000)
    async with AsyncExitStack() as stack:
        sql = SqlAdapter(register, own, connection)
        stack.push_async_callback(sql.close)
        over = await stack.enter_async_context(
            simulated(
                register,
                datasets or all_turned(register),
                folder,
                schema=schema,
                options=options,
                max_records=10_000,
            )
        )
        yield sql, over


async def answers(
    adapter: object,
    dataset: Dataset,
    attributes: Sequence[str],
    kind: str,
    values: Sequence[str],
    as_of: AsOf,
) -> Mapping[str, list[str]]:
    """What an adapter says behind its host, by subject, in one order."""
    hosted = GuardedRegisters(
        CATALOGUE,
        {dataset.name: adapter},  # type: ignore[dict-item]  # either of two adapters
        usual=Bounds(max_records=10_000, attempts=1),
    )
    found = await hosted.fetch(lookup_of(dataset, attributes, kind, *values, as_of=as_of), 60)
    return {value: sorted(map(repr, records)) for value, records in found.items()}


def values_of(generated: Registers, name: str, attribute: str) -> list[str]:
    found = {str(r[attribute]) for r in generated.tables[name].records() if r[attribute] is not None}
    return sorted(found)


@pytest.mark.parametrize(("name", "kind"), KEYS, ids=[f"{n}-{k}" for n, k in KEYS])
async def test_every_dataset_gives_the_same(
    generated: Registers, register_folder: Path, name: str, kind: str
) -> None:
    """All attributes of many subjects at once, now and two years ago, by every key of every dataset."""
    dataset = CATALOGUE.datasets[name]
    key = dataset.key(kind)
    assert key is not None
    values = values_of(generated, name, key.attribute)[:40]
    over_graphql = turned(dataset)
    async with both(dataset.register, register_folder) as (sql, over):
        for as_of in (AsOf(NOW, NOW), AsOf(NOW - timedelta(730), NOW), AsOf(NOW, NOW - timedelta(500))):
            attributes = sorted(dataset.attribute_names)
            expected = await answers(sql, dataset, attributes, kind, values, as_of)
            actual = await answers(over.adapter, over_graphql, attributes, kind, values, as_of)
            assert expected == actual
        assert any(expected.values())


async def test_records_that_look_alike_are_not_taken_for_a_page_that_is_repeated(
    generated: Registers, register_folder: Path
) -> None:
    """Of all who live at an address only the protection is asked for, one a page: most of them have none."""
    dataset = CATALOGUE.datasets["cpr.person"]
    values = values_of(generated, "cpr.person", "darAdresseId")[:20]
    asked = (["beskyttelsestype"], "dar_adresse_id", values, AsOf(NOW, NOW))
    async with both("cpr", register_folder, page="1") as (sql, over):
        expected = await answers(sql, dataset, *asked)
        assert expected == await answers(over.adapter, turned(dataset), *asked)
    assert any(len(records) > len(set(records)) for records in expected.values())


@pytest.mark.parametrize("name", ["cpr.person", "eindkomst.indkomst", "bbr.enhed"])
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), effect=MOMENTS, registration=MOMENTS)
async def test_any_question_gets_the_same(
    generated: Registers,
    register_folder: Path,
    name: str,
    data: st.DataObject,
    effect: datetime,
    registration: datetime,
) -> None:
    """Any attributes, subjects and pair of times; page by page of any size."""
    dataset = CATALOGUE.datasets[name]
    key = data.draw(st.sampled_from(dataset.keys))
    values = data.draw(
        st.lists(
            st.sampled_from(values_of(generated, name, key.attribute)), unique=True, min_size=1, max_size=20
        )
    )
    attributes = data.draw(
        st.lists(st.sampled_from(sorted(dataset.attribute_names)), unique=True, min_size=1)
    )
    page = data.draw(st.sampled_from(["1", "3", "1000"]))
    as_of = AsOf(effect, registration)
    async with both(dataset.register, register_folder, page=page) as (sql, over):
        expected = await answers(sql, dataset, attributes, key.kind, values, as_of)
        actual = await answers(over.adapter, turned(dataset), attributes, key.kind, values, as_of)
    assert expected == actual


async def test_danish_letters_arrive_as_they_were(generated: Registers, register_folder: Path) -> None:
    """Names and streets with æ, ø and å are the same texts."""
    dataset = CATALOGUE.datasets["dar.adresse"]
    rows = [
        r
        for r in generated.tables["dar.adresse"].records()
        if set("æøåÆØÅ") & set(str(r["adressebetegnelse"]))
    ]
    values = sorted({str(r["id_lokalId"]) for r in rows})[:20]
    assert values
    async with both("dar", register_folder) as (sql, over):
        asked = (["adressebetegnelse"], "dar_adresse_id", values, AsOf(NOW, NOW))
        expected = await answers(sql, dataset, *asked)
        assert expected == await answers(over.adapter, turned(dataset), *asked)
    assert any(set("æøå") & set(text) for texts in expected.values() for text in texts)


async def test_history_that_the_service_cannot_be_asked_for_is_sieved(
    generated: Registers, register_folder: Path
) -> None:
    """Where the root field has no argument for a time, as in CVR, the records' own times decide."""
    dataset = CATALOGUE.datasets["cpr.person"]
    values = values_of(generated, "cpr.person", "personnummer")[:30]
    sieving = turned(dataset, effect="fields", registration="fields")
    others = [d for d in all_turned("cpr") if d.name != "cpr.person"]
    attributes = sorted(dataset.attribute_names)
    async with both("cpr", register_folder, datasets=[sieving, *others]) as (sql, over):
        for moment in (NOW, NOW - timedelta(900), NOW - timedelta(3000)):
            as_of = AsOf(moment, NOW)
            expected = await answers(sql, dataset, attributes, "personnummer", values, as_of)
            assert expected == await answers(over.adapter, sieving, attributes, "personnummer", values, as_of)


async def test_what_a_record_refers_to_is_looked_up(generated: Registers, register_folder: Path) -> None:
    """A unit's answer has its building's year of construction, by a look-up that the catalogue describes."""
    units = list(generated.tables["bbr.enhed"].records())[:30]
    years = {
        r["id_lokalId"]: r["byg026Opfoerelsesaar"]
        for r in generated.tables["bbr.bygning"].records()
        if r["registreringTil"] is None and r["virkningTil"] is None
    }
    dataset = turned(
        CATALOGUE.datasets["bbr.enhed"],
        fields={"enh026EnhedensSamledeAreal": "bygning.byg026Opfoerelsesaar"},
        joins=[{"name": "bygning", "type": "BBR_Bygning", "from": "bygning", "to": "id_lokalId"}],
    )
    async with simulated("bbr", [dataset], register_folder, schema=_bbr()) as over:
        values = sorted({str(u["id_lokalId"]) for u in units})
        lookup = lookup_of(dataset, ["enh026EnhedensSamledeAreal"], "bbr_enhed_id", *values)
        found = await over.hosted([dataset]).fetch(lookup, 10)
    buildings = {str(u["id_lokalId"]): u["bygning"] for u in units}
    expected = {v: [{"enh026EnhedensSamledeAreal": years[buildings[v]]}] for v in values}
    assert expected == found


def _bbr() -> str:
    return schema_of("bbr", all_turned("bbr"))


@needs_schemas
async def test_real_rows_give_the_same_under_the_published_schema(tmp_path: Path) -> None:
    """A thousand real units and buildings, all attributes that the schema has, over the published schema.

    Where the real rows hold two current versions of one thing, GraphQL says so, and SQL gives both.
    """
    assert REAL
    registers.load_real(Path(REAL) / "registers", tmp_path)
    schema = published("BBR").read_text("utf-8")
    datasets = [turned(d, codes={}) for d in _with_real_rows()]
    async with both("bbr", tmp_path, schema, datasets, most_subjects="50") as (sql, over):
        for dataset in datasets:
            values = _some_keys(tmp_path, dataset.source.options["type"].partition("_")[2].lower())
            attributes = sorted(dataset.attribute_names)
            asked = (attributes, dataset.keys[0].kind, values, AsOf(NOW, NOW))
            expected = await answers(sql, dataset, *asked)
            assert expected == await answers(over.adapter, dataset, *asked)
            assert sum(map(len, expected.values())) > 300


def _with_real_rows() -> list[Dataset]:
    found = []
    for dataset in CATALOGUE.datasets.values():
        if dataset.name in {"bbr.enhed", "bbr.bygning"}:
            kept = tuple(a for a in dataset.attributes if a.name != "bfeNummer")
            keys = tuple(k for k in dataset.keys if k.attribute != "bfeNummer")
            found.append(replace(dataset, attributes=kept, keys=keys))
    return found


def _some_keys(folder: Path, table: str) -> list[str]:
    connection = sqlite3.connect(folder / "bbr.db")
    try:
        found: list[tuple[Any]] = connection.execute(
            f"select id_lokalId from {table} group by 1 having count(case when registreringTil is null"
            " and virkningTil is null then 1 end) < 2 order by 1 limit 500"
        ).fetchall()
    finally:
        connection.close()
    return [row[0] for row in found]
