"""The kind `rest` over real HTTP: what the SQL adapter says, or an error that names dataset and cause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.catalogue import load_catalogue
from adapters.port import AsOf, Catalogue, Connection, Dataset
from adapters.registers import Registers
from adapters.simulators import entries
from adapters.simulators.faults import FAULTS, Faults
from exchange.demo.questions import SLUGS
from tests.support.adapters import lookup_of
from tests.support.broker import Site, running
from tests.support.questions import case as planted
from tests.support.questions import question_of
from tests.support.services import answer, catalogue_of, failure, in_any_order, simulating

CATALOGUE = catalogue_of("rest", "bbr")
SQL = load_catalogue()
NOW = datetime(2026, 11, 22, tzinfo=UTC)
TIMES = [AsOf(NOW, NOW), AsOf(datetime(2023, 6, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC))]
KEYS = [(d.name, k.kind) for d in CATALOGUE.datasets.values() for k in d.keys]
ENHED, BYGNING = CATALOGUE.datasets["bbr.enhed"], CATALOGUE.datasets["bbr.bygning"]


@pytest.fixture(scope="module")
def faults() -> Faults:
    """What goes wrong."""
    return Faults(kind="rest")


@pytest.fixture(scope="module")
def url(register_folder: Path, faults: Faults) -> Iterator[str]:
    """A simulated BBR."""
    with simulating("rest", "bbr", register_folder, faults) as connection:
        yield connection.url


def values_of(generated: Registers, dataset: Dataset, kind: str, most: int = 60) -> list[str]:
    key = dataset.key(kind)
    assert key is not None
    rows = generated.tables[dataset.name].records()
    return sorted({str(r[key.attribute]) for r in rows if r[key.attribute] is not None})[:most]


def test_entries_describe_what_the_catalogue_describes() -> None:
    """It has the datasets, attributes and keys of the catalogue; only its source differs."""
    for name, dataset in CATALOGUE.datasets.items():
        assert replace(SQL.datasets[name], source=dataset.source) == dataset


@pytest.mark.parametrize(("name", "kind"), KEYS, ids=[f"{n}-{k}" for n, k in KEYS])
async def test_answers_are_those_of_the_sql_adapter(
    generated: Registers, register_folder: Path, url: str, faults: Faults, name: str, kind: str
) -> None:
    """For every key, one by one and many at once, now and in the past, the same records of the same types."""
    faults.order([])
    dataset = CATALOGUE.datasets[name]
    values = [*values_of(generated, dataset, kind), "99999999"]
    database = Connection(f"sqlite:///{register_folder / 'bbr.db'}")
    for as_of in TIMES:
        asked = lookup_of(dataset, sorted(dataset.attribute_names), kind, *values, as_of=as_of)
        same = replace(asked, dataset=SQL.datasets[name])
        expected = in_any_order(await answer(Catalogue.of((SQL.datasets[name],)), database, same))
        assert expected == in_any_order(await answer(CATALOGUE, Connection(url), asked))
        one = replace(asked, values=(values[0],))
        assert {values[0]: expected[values[0]]} == in_any_order(await answer(CATALOGUE, Connection(url), one))


KITCHEN = "enh034Koekkenforhold"
UNAVAILABLE, INVALID, CHANGED = "REGISTER_UNAVAILABLE", "REGISTER_ANSWER_INVALID", "REGISTER_SCHEMA_CHANGED"
REFUSED, BUSY = "REGISTER_ACCESS_REFUSED", "REGISTER_BUSY"
ENHED_FAULTS = [
    ("down", UNAVAILABLE, "bbr.enhed: it cannot be reached"),
    ("error", UNAVAILABLE, "bbr.enhed: it answered with an error of its own"),
    ("throttle=1", BUSY, "bbr.enhed: it answered with an error of its own"),
    ("expired", REFUSED, "bbr.enhed: its credentials have expired"),
    ("stranger", REFUSED, "bbr.enhed: it refused the credentials"),
    ("refused", REFUSED, "bbr.enhed: the credentials are not for this dataset"),
    ("moved", INVALID, "bbr.enhed: it answered with an error of its own"),
    ("page", INVALID, "bbr.enhed: its answer cannot be decoded"),
    ("half-answer", UNAVAILABLE, "bbr.enhed: its answer is not whole"),
    ("cut", INVALID, "bbr.enhed: its answer cannot be decoded"),
    ("not-utf8", INVALID, "bbr.enhed: its answer is not UTF-8"),
    ("huge", INVALID, "bbr.enhed: its answer is larger than may be"),
    (f"drift={KITCHEN}", CHANGED, f"bbr.enhed, {KITCHEN}: a field is missing"),
    (f"missing={KITCHEN}", CHANGED, f"bbr.enhed, {KITCHEN}: a field is missing"),
    (f"unknown-code={KITCHEN}", CHANGED, f"bbr.enhed, {KITCHEN}: a field has a value that is not known"),
    ("wrong-type", CHANGED, "bbr.enhed, id_lokalId: a field is of another type"),
    ("null", CHANGED, "bbr.enhed, id_lokalId: a field that must have a value has none"),
    ("short", INVALID, "bbr.enhed: its answer is not whole"),
    ("duplicate", INVALID, "bbr.enhed: it holds conflicting current records"),
    ("million", INVALID, "bbr.enhed: it gave more records than may be"),
    ("other-subject", INVALID, "bbr.enhed: it answered about another subject"),
]
BYGNING_FAULTS = [("times", INVALID, "bbr.bygning: the times of a record make no sense")]


def test_every_fault_is_tried() -> None:
    """No fault that REST can be ordered to have is left out, but for the slow one, which is tried below."""
    tried = {fault.partition("=")[0] for fault, _, _ in (*ENHED_FAULTS, *BYGNING_FAULTS)}
    assert {name for name, fault in FAULTS.items() if "rest" in fault.kinds} - {"slow"} == tried


@pytest.mark.parametrize(
    ("fault", "code", "about"), ENHED_FAULTS, ids=lambda value: str(value).partition(" ")[0]
)
async def test_a_faulty_register_gives_an_error_that_names_the_cause(
    generated: Registers, url: str, faults: Faults, fault: str, code: str, about: str
) -> None:
    """Whatever is wrong, nothing is answered in its place."""
    faults.order([fault])
    [value, *_] = values_of(generated, ENHED, "bbr_enhed_id")
    asked = lookup_of(ENHED, (KITCHEN, "status"), "bbr_enhed_id", value)
    assert (code, about) == await failure(CATALOGUE, Connection(url), asked)


@pytest.mark.parametrize(("fault", "code", "about"), BYGNING_FAULTS)
async def test_records_that_end_before_they_begin_are_an_error(
    generated: Registers, url: str, faults: Faults, fault: str, code: str, about: str
) -> None:
    """A record whose times make no sense is not believed."""
    faults.order([fault])
    [value, *_] = values_of(generated, BYGNING, "bfe_nummer")
    asked = lookup_of(BYGNING, ("status",), "bfe_nummer", value)
    assert (code, about) == await failure(CATALOGUE, Connection(url), asked)


async def test_a_slow_register_times_out(generated: Registers, url: str, faults: Faults) -> None:
    """The host's time is kept, and the call is let go."""
    faults.order(["slow=3s"])
    [value, *_] = values_of(generated, ENHED, "bbr_enhed_id")
    asked = lookup_of(ENHED, ("status",), "bbr_enhed_id", value)
    assert "REGISTER_TIMEOUT" == (await failure(CATALOGUE, Connection(url), asked, timeout=0.2))[0]


async def test_an_answer_may_be_no_larger_than_the_connection_says(
    generated: Registers, url: str, faults: Faults
) -> None:
    """More bytes than `max_bytes` are an error before they are read."""
    faults.order([])
    [value, *_] = values_of(generated, ENHED, "bbr_enhed_id")
    asked = lookup_of(ENHED, ("status",), "bbr_enhed_id", value)
    small = Connection(url, {"max_bytes": "20"})
    assert ("REGISTER_ANSWER_INVALID", "bbr.enhed: its answer is larger than may be") == await failure(
        CATALOGUE, small, asked
    )


async def test_a_register_that_is_not_there_is_unavailable() -> None:
    """Nobody listens: the dataset is named, the address is not."""
    asked = lookup_of(ENHED, ("status",), "bbr_enhed_id", "00000000-0000-4000-8000-000000000000")
    assert ("REGISTER_UNAVAILABLE", "bbr.enhed: it cannot be reached") == await failure(
        CATALOGUE, Connection("http://127.0.0.1:9"), asked
    )


def test_an_exchange_reads_a_register_over_rest(
    keys: Path, register_folder: Path, tmp_path: Path, generated: Registers, url: str, faults: Faults
) -> None:
    """By configuration alone a broker asks a REST service, and releases what it did from a database."""
    faults.order([])
    before = faults.asked
    case = planted(generated, "family-area")
    released = []
    for name, registers in (
        ("sql", {}),
        ("rest", {"catalogue": str(entries("rest")), "connections": {"bbr": {"url": url}}}),
    ):
        (tmp_path / name).mkdir()
        with (
            running(Site(keys, register_folder, tmp_path / name)) as start,
            start(registers=registers).client(SLUGS[case.request.consumer]) as client,
        ):
            released.append(client.exchange(question_of(case)).records)
    assert released[0]
    assert released[0] == released[1]
    assert faults.asked > before
