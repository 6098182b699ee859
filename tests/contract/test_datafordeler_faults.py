"""A register of Datafordeler's that misbehaves: an error names dataset and cause; wrong data never leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest

from adapters.host.bounds import Bounds
from adapters.host.registers import GuardedRegisters
from adapters.kinds.datafordeler.adapter import Datafordeler
from adapters.port import Connection, Dataset
from adapters.registers import Registers
from adapters.simulators.faults import FAULTS, FaultError, Faults
from exchange.model.catalogue import Catalogue
from tests.support.adapters import lookup_of
from tests.support.datafordeler import Simulated, all_turned, failure, simulated, turned

UNAVAILABLE, INVALID, CHANGED = "REGISTER_UNAVAILABLE", "REGISTER_ANSWER_INVALID", "REGISTER_SCHEMA_CHANGED"
REFUSED, BUSY, TIMEOUT = "REGISTER_ACCESS_REFUSED", "REGISTER_BUSY", "REGISTER_TIMEOUT"
AREA = "enh026EnhedensSamledeAreal"
ASKED = ("status", AREA)


class Case(NamedTuple):
    """A fault, and what the exchange must say of it."""

    fault: str
    code: str
    said: str


CASES = [
    Case("down", UNAVAILABLE, "bbr.enhed: it cannot be reached"),
    Case("error", UNAVAILABLE, "bbr.enhed: it answered with an error of its own"),
    Case("throttle=3600", BUSY, "bbr.enhed: it answered with an error of its own"),
    Case("expired", REFUSED, "bbr.enhed: its credentials have expired"),
    Case("refused", REFUSED, "bbr.enhed: the credentials are not for this dataset"),
    Case("stranger", REFUSED, "bbr.enhed: it refused the credentials"),
    Case("page", INVALID, "bbr.enhed: its answer cannot be decoded"),
    Case("moved", INVALID, "bbr.enhed: it answered with an error of its own"),
    Case("half-answer", UNAVAILABLE, "bbr.enhed: its answer is not whole"),
    Case("cut", INVALID, "bbr.enhed: its answer cannot be decoded"),
    Case("not-utf8", INVALID, "bbr.enhed: its answer is not UTF-8"),
    Case("huge", INVALID, "bbr.enhed: its answer is larger than may be"),
    Case(f"drift={AREA}", CHANGED, f"bbr.enhed, {AREA}: it does not know a field"),
    Case("partial", INVALID, "bbr.enhed: its answer is not whole"),
    Case("wrong-type", CHANGED, "bbr.enhed, id_lokalId: a field is of another type"),
    Case("null", CHANGED, "bbr.enhed"),
    Case(f"missing={AREA}", CHANGED, f"bbr.enhed, {AREA}: a field is missing"),
    Case("unknown-code=status", CHANGED, "bbr.enhed, status: a field has a value that is not known"),
    Case("repeat-page", INVALID, "bbr.enhed: its answer is not whole"),
    Case("break-off", INVALID, "bbr.enhed: its answer is not whole"),
    Case("duplicate", INVALID, "bbr.enhed: it holds conflicting current records"),
    Case("million", INVALID, "bbr.enhed: it gave more records than may be"),
    Case("other-subject", INVALID, "bbr.enhed: it answered about another subject"),
    Case("times", INVALID, "bbr.enhed: the times of a record make no sense"),
    Case("skew", INVALID, "bbr.enhed: the times of a record make no sense"),
]


@pytest.fixture(scope="module")
def unit(generated: Registers) -> str:
    """A unit that the register has."""
    row = next(generated.tables["bbr.enhed"].records())
    return str(row["id_lokalId"])


@pytest.fixture
async def bbr(register_folder: Path) -> AsyncIterator[tuple[Simulated, Dataset]]:
    """BBR, and its units as the catalogue has them, with what is known of their status."""
    datasets = [
        turned(d, codes={"status": ["1", "2", "3", "4", "5", "6", "7"]}, identity=["id_lokalId"])
        if d.name == "bbr.enhed"
        else d
        for d in all_turned("bbr")
    ]
    async with simulated("bbr", datasets, register_folder) as made:
        yield made, next(d for d in datasets if d.name == "bbr.enhed")


def test_every_fault_is_tried() -> None:
    """No fault that can be ordered is left out above, but for the slow one, which is tried below."""
    known = {name for name, fault in FAULTS.items() if "datafordeler" in fault.kinds}
    assert known - {"slow"} == {c.fault.partition("=")[0] for c in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fault)
async def test_a_fault_is_an_error_that_names_it(
    bbr: tuple[Simulated, Dataset], unit: str, case: Case
) -> None:
    """No record is given; what is said holds nothing of the subject. Once it is well again, it answers."""
    register, dataset = bbr
    hosted = register.hosted([dataset])
    lookup = lookup_of(dataset, ASKED, "bbr_enhed_id", unit)
    register.faults.order([case.fault])
    code, said = await failure(hosted, lookup)
    assert (case.code, True) == (code, said.startswith(case.said))
    assert unit not in said
    register.faults.order([])
    [record] = (await hosted.fetch(lookup, 10))[unit]
    assert set(ASKED) == set(record)


async def test_a_slow_register_times_out(bbr: tuple[Simulated, Dataset], unit: str) -> None:
    """The time of the exchange is over before the register answers; the call is let go."""
    register, dataset = bbr
    register.faults.order(["slow=30s"])
    lookup = lookup_of(dataset, ASKED, "bbr_enhed_id", unit)
    assert (TIMEOUT, "bbr.enhed") == await failure(register.hosted([dataset]), lookup, timeout=0.3)


async def test_a_register_that_recovers_is_asked_again(bbr: tuple[Simulated, Dataset], unit: str) -> None:
    """After a pause that it asked for, a throttled register is asked again, and answers."""
    register, dataset = bbr
    register.faults.order(["throttle=0"])
    asked = register.faults.asked
    code, _ = await failure(
        register.hosted([dataset], attempts=3), lookup_of(dataset, ASKED, "bbr_enhed_id", unit)
    )
    assert (BUSY, asked + 3) == (code, register.faults.asked)


async def test_what_makes_no_sense_is_not_asked_again(bbr: tuple[Simulated, Dataset], unit: str) -> None:
    """An answer that cannot be right does not become right by asking twice."""
    register, dataset = bbr
    register.faults.order(["partial"])
    asked = register.faults.asked
    await failure(register.hosted([dataset], attempts=3), lookup_of(dataset, ASKED, "bbr_enhed_id", unit))
    assert asked + 1 == register.faults.asked


async def test_a_register_that_is_not_there_is_unavailable(register_folder: Path, unit: str) -> None:
    """Nobody listens: the first fetch fails, not the start."""
    dataset, *_ = datasets = all_turned("bbr")
    async with simulated("bbr", datasets, register_folder) as made:
        url = made.url
    adapter = Datafordeler("bbr", datasets, Connection(url))
    hosted = GuardedRegisters(Catalogue.of((dataset,)), {dataset.name: adapter}, usual=Bounds(attempts=1))
    code, _ = await failure(hosted, lookup_of(dataset, ("status",), dataset.keys[0].kind, unit))
    await adapter.close()
    assert UNAVAILABLE == code


async def test_faults_are_changed_while_it_runs(bbr: tuple[Simulated, Dataset], unit: str) -> None:
    """The control endpoint takes orders, shows them, and says what is wrong with one that is none."""
    register, dataset = bbr
    async with aiohttp.ClientSession() as session:
        async with session.put(register.control, json=["down"]) as answer:
            assert (200, ["down"]) == (answer.status, await answer.json())
        code, _ = await failure(register.hosted([dataset]), lookup_of(dataset, ASKED, "bbr_enhed_id", unit))
        assert UNAVAILABLE == code
        async with session.put(register.control, json=["sleepy"]) as answer:
            assert (400, True) == (answer.status, "sleepy" in (await answer.json())["error"])
        async with session.put(register.control, json={"down": 1}) as answer:
            assert 400 == answer.status
        async with session.get(register.control) as answer:
            assert ["down"] == await answer.json()


@pytest.mark.parametrize("order", ["", "sleepy", "slow", "slow=x", "drift", "drift=a b", "down=1"])
def test_an_order_that_is_none_says_what_to_write(order: str) -> None:
    """Orders are checked before any of them takes effect."""
    faults = Faults(["error"])
    with pytest.raises(FaultError, match="fault"):
        faults.order(["down", order])
    assert ("error",) == faults.ordered
