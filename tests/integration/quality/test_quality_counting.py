"""Comparisons count what is planted, over any kind of register, whatever its size."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters import registers
from adapters.catalogue import load_catalogue
from adapters.host.registers import GuardedRegisters
from adapters.kinds import open_adapters
from adapters.port import AsOf, Catalogue, Connection, Mandate
from adapters.quality import Counted, Outcome, count, load
from adapters.registers import Registers
from exchange.errors import Failed
from tests.support.datafordeler import all_turned, simulated

CATALOGUE = load_catalogue()
COMPARISONS = {c.name: c for c in load(CATALOGUE)}
NOW = datetime(2025, 6, 1, tzinfo=UTC)
AS_OF = AsOf(NOW, NOW)
MANDATE = Mandate(
    "95000088", None, "register.quality", "test", "test", "01890000-0000-7000-8000-000000000000"
)

# By comparison: which flaw makes which outcome. What else is not in agreement is said by the tests below.
PLANTED: Mapping[str, Mapping[Outcome, str]] = {
    "cpr-address-in-dar": {Outcome.UNKNOWN: "cpr-address-unknown"},
    "cpr-spouses": {Outcome.OTHER_SILENT: "spouse-not-named", Outcome.OWN_SILENT: "spouse-not-named"},
    "ejf-owner-in-cpr": {Outcome.DIFFERS: "owner-dead", Outcome.UNKNOWN: "owner-unknown"},
    "bbr-address-in-dar": {Outcome.OWN_SILENT: "unit-without-address"},
    "bbr-area-given": {Outcome.OWN_SILENT: "unit-without-area"},
    "bbr-property-in-mat": {Outcome.UNKNOWN: "building-unknown-to-cadastre"},
    "dar-municipality-in-dagi": {Outcome.DIFFERS: "house-in-another-municipality"},
    "ebr-house-in-dar": {Outcome.UNKNOWN: "location-unknown"},
    "vur-property-in-ejf": {Outcome.UNKNOWN: "valuation-of-nothing"},
    "vur-property-in-ebr": {Outcome.UNKNOWN: "valuation-of-nothing"},
    "vur-area-in-mat": {
        Outcome.DIFFERS: "valuation-of-another-area",
        Outcome.UNKNOWN: "valuation-of-nothing",
    },
}


@pytest.fixture(scope="module")
def large() -> Registers:
    """The registers of 10,000 persons."""
    return registers.generate(10_000)


@pytest.fixture(scope="module")
def folder(large: Registers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Them in SQLite."""
    made = tmp_path_factory.mktemp("large")
    registers.write(large, made)
    return made


def reached(folder: Path, register: str) -> Connection:
    """How a register is reached."""
    return Connection(f"sqlite:///{folder / register}.db")


@pytest.fixture
async def asked(folder: Path) -> AsyncIterator[GuardedRegisters]:
    """All of them behind their host."""
    made = GuardedRegisters(CATALOGUE, open_adapters(CATALOGUE, lambda register: reached(folder, register)))
    yield made
    await made.close()


async def counted(name: str, folder: Path, asked: GuardedRegisters) -> Counted:
    """Makes a comparison."""
    one = COMPARISONS[name]
    return await count(one, reached(folder, one.own.dataset.register), asked, MANDATE, AS_OF, 60)


@pytest.mark.parametrize("name", PLANTED)
async def test_what_is_planted_is_counted(
    name: str, large: Registers, folder: Path, asked: GuardedRegisters
) -> None:
    """Every flaw is found as often as it was planted, as the outcome that it is, and nothing else is."""
    found = (await counted(name, folder, asked)).counts
    expected = {outcome: len(large.flaws[flaw]) for outcome, flaw in PLANTED[name].items()}
    wrong = {o: n for o, n in found.items() if n and o is not Outcome.AGREES}
    assert expected == wrong


async def test_residents_without_a_dwelling_are_counted(
    large: Registers, folder: Path, asked: GuardedRegisters
) -> None:
    """At addresses that are gone there is no dwelling; nor at that of the planted case of disagreement."""
    found = (await counted("cpr-address-in-bbr", folder, asked)).counts
    assert len(large.flaws["cpr-address-unknown"]) + 1 == found[Outcome.UNKNOWN]


async def test_ceased_owners_are_counted(large: Registers, folder: Path, asked: GuardedRegisters) -> None:
    """A company that ceased and still owns is counted once a property, as the tables themselves say."""
    status = {
        row["CVRNummer"]: row["status"]
        for row in large.tables["cvr.virksomhed"].records()
        if row["registreringTil"] is None and row["virkningTil"] is None
    }
    truth: Counter[bool] = Counter(
        status[row["ejendeVirksomhed"]] == "ophoert"
        for row in large.tables["ejf.ejerskab"].records()
        if row["ejendeVirksomhed"] and row["registreringTil"] is None and row["virkningTil"] is None
    )
    found = (await counted("ejf-owner-in-cvr", folder, asked)).counts
    assert (truth[True], truth[False]) == (found[Outcome.DIFFERS], found[Outcome.AGREES])
    assert 0 < truth[True]


@pytest.mark.parametrize("name", COMPARISONS)
async def test_every_subject_is_counted_once(
    name: str, large: Registers, folder: Path, asked: GuardedRegisters
) -> None:
    """The outcomes of a comparison add up to the subjects that it is about."""
    own = COMPARISONS[name].own
    given = own.given if COMPARISONS[name].other else ()
    subjects = {
        row[own.subject]
        for row in large.tables[own.dataset.name].records()
        if row["registreringTil"] is None
        and row["virkningTil"] is None
        and all(str(row[attribute]) in values for attribute, values in own.where.items())
        and all(row[attribute] is not None for attribute in given)
    }
    assert len(subjects) == sum((await counted(name, folder, asked)).counts.values())


async def test_a_register_of_another_kind_is_asked_the_same(
    large: Registers, folder: Path, asked: GuardedRegisters
) -> None:
    """The cadastre behind Datafordeler's GraphQL gives the numbers that it gives as a database."""
    over_sql = await counted("vur-area-in-mat", folder, asked)
    async with AsyncExitStack() as stack:
        datasets = all_turned("mat")
        served = await stack.enter_async_context(simulated("mat", datasets, folder))
        own = [d for d in CATALOGUE.datasets.values() if d.register != "mat"]
        comparison = {c.name: c for c in load(Catalogue.of((*own, *datasets)))}["vur-area-in-mat"]
        over_graphql = await count(
            comparison, reached(folder, "vur"), served.hosted(datasets), MANDATE, AS_OF, 120
        )
    assert over_sql.counts == over_graphql.counts
    assert len(large.flaws["valuation-of-another-area"]) == over_graphql.counts[Outcome.DIFFERS]


async def test_what_held_before_is_compared_as_it_was(folder: Path, asked: GuardedRegisters) -> None:
    """Asked as of a time when nothing was recorded yet, there is nothing to compare."""
    one = COMPARISONS["vur-area-in-mat"]
    then = datetime(1900, 1, 1, tzinfo=UTC)
    found = await count(one, reached(folder, "vur"), asked, MANDATE, AsOf(then, then), 60)
    assert {0} == set(found.counts.values())


async def test_half_a_comparison_is_none(folder: Path, tmp_path: Path) -> None:
    """Where the other register does not answer, there are no numbers."""
    elsewhere = {"mat": reached(tmp_path / "nowhere", "mat")}
    adapters = open_adapters(CATALOGUE, lambda register: elsewhere.get(register, reached(folder, register)))
    broken = GuardedRegisters(CATALOGUE, adapters)
    try:
        with pytest.raises(Failed):
            await counted("vur-area-in-mat", folder, broken)
    finally:
        await broken.close()
