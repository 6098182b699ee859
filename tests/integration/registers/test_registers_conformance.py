"""Every kind of our own passes the conformance kit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.catalogue import load_catalogue
from adapters.conformance import AdapterConformance, Expected, Trial
from adapters.kinds import open_adapters
from adapters.port import AsOf, Catalogue, Connection, Dataset, RegisterAdapter
from adapters.registers import Registers
from adapters.simulators.faults import Faults
from adapters.simulators.rows import Row, at
from tests.integration.registers.test_registers_grpc import connection_to, serving_sql
from tests.support.services import catalogue_of, simulating, with_source

PAST = AsOf(datetime(2023, 6, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC))
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def opening(dataset: Dataset, connection: Connection) -> Callable[[], RegisterAdapter]:
    return lambda: open_adapters(Catalogue.of((dataset,)), lambda _: connection)[dataset.name]


def trial_of(
    generated: Registers,
    dataset: Dataset,
    kind: str,
    connection: Connection,
    dead: str,
    unknown: str = UNKNOWN,
) -> Trial:
    """Tries a dataset on three subjects, one of which has a past."""
    key = dataset.key(kind)
    assert key is not None
    rows: dict[str, list[Row]] = {}
    for row in generated.tables[dataset.name].records():
        if row[key.attribute] is not None:
            rows.setdefault(str(row[key.attribute]), []).append(row)
    now = datetime.now(UTC)
    most = sorted(rows, key=lambda value: -len(rows[value]))
    known = tuple([value for value in most if at(rows[value], AsOf(now, now))][:3])
    names = dataset.attribute_names
    expected = [
        Expected(value, PAST, [{n: r[n] for n in names if r[n] is not None} for r in at(rows[value], PAST)])
        for value in known
    ]
    return Trial(
        open=opening(dataset, connection),
        dataset=dataset,
        kind=kind,
        known=known,
        unknown=unknown,
        expected=expected,
        open_dead=opening(dataset, replace(connection, url=dead)),
    )


@pytest.fixture(scope="module")
def rest_url(register_folder: Path) -> Iterator[str]:
    """A simulated BBR."""
    with simulating("rest", "bbr", register_folder, Faults()) as connection:
        yield connection.url


@pytest.fixture(scope="module")
def soap(register_folder: Path) -> Iterator[Connection]:
    """A simulated eIndkomst."""
    with simulating("soap", "eindkomst", register_folder, Faults()) as connection:
        yield replace(connection, options={**connection.options, "service_agreement.conformance": "an-id"})


class TestSql(AdapterConformance):
    """The kind `sql`."""

    @pytest.fixture
    def trial(self, generated: Registers, register_folder: Path, tmp_path: Path) -> Trial:
        """BBR in SQLite."""
        dataset = load_catalogue().datasets["bbr.enhed"]
        connection = Connection(f"sqlite:///{register_folder / 'bbr.db'}")
        dead = f"sqlite:///{tmp_path / 'nowhere.db'}"
        return trial_of(generated, dataset, "bbr_enhed_id", connection, dead)


class TestRest(AdapterConformance):
    """The kind `rest`."""

    @pytest.fixture(params=["bbr.enhed bbr_enhed_id", "bbr.bygning bbr_grund_id"])
    def trial(self, generated: Registers, rest_url: str, request: pytest.FixtureRequest) -> Trial:
        """One dataset whose register knows about times, and one whose records tell them."""
        name, kind = request.param.split()
        dataset = catalogue_of("rest", "bbr").datasets[name]
        return trial_of(generated, dataset, kind, Connection(rest_url), "http://127.0.0.1:9")


class TestGrpc(AdapterConformance):
    """The kind `grpc`."""

    @pytest.fixture
    def trial(self, generated: Registers, register_folder: Path, keys: Path) -> Iterator[Trial]:
        """BBR in a process of its own, over mutual TLS."""
        dataset = with_source(load_catalogue().datasets["bbr.enhed"], "grpc")
        with serving_sql("bbr", keys, register_folder) as address:
            yield trial_of(
                generated, dataset, "bbr_enhed_id", connection_to(address, keys), "dns:///127.0.0.1:9"
            )


class TestSoap(AdapterConformance):
    """The kind `soap`."""

    @pytest.fixture(params=["personnummer 6101010000", "se_nummer 90000012"])
    def trial(self, generated: Registers, soap: Connection, request: pytest.FixtureRequest) -> Trial:
        """The income of a person, and what one payer reported, under a legal basis that has a code."""
        kind, unknown = request.param.split()
        dataset = catalogue_of("soap", "eindkomst").datasets["eindkomst.indkomst"]
        trial = trial_of(
            generated, dataset, kind, replace(soap, max_records=100_000), "http://127.0.0.1:9", unknown
        )
        return replace(trial, mandate=replace(trial.mandate, legal_basis="bsl.8"))
