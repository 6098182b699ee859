"""Events of a register: in order, each once, told in the catalogue's words."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.kinds.datafordeler.events import Event, Events
from adapters.port import AnswerInvalid, Connection, RegisterError
from adapters.registers import Registers
from tests.support.datafordeler import all_turned, simulated, turned

NAMED = {
    "bbr.enhed": "bbr_enhed_id",
    "bbr.bygning": "bbr_bygning_id",
    "bbr.grund": "bbr_grund_id",
    "bbr.ejendomsrelation": "uuid",
}


async def test_every_change_is_read_once_and_in_order(generated: Registers, register_folder: Path) -> None:
    """Batch after batch, by number: as many events as versions, each with the key that finds its record."""
    versions = sorted(
        (str(row["registreringFra"]), NAMED[name], str(row["id_lokalId"]))
        for name in NAMED
        for row in generated.tables[name].records()
    )
    found: list[Event] = []
    last = 0
    async with simulated("bbr", all_turned("bbr"), register_folder) as made:
        reader = Events("bbr", all_turned("bbr"), Connection(made.url))
        try:
            while True:
                batch = await reader.events(last, 100)
                found += batch.events
                assert last < batch.last
                last = batch.last
                if not batch.more:
                    break
            later = await reader.events(last, 100)
        finally:
            await reader.close()
    assert ((), last, False) == (later.events, later.last, later.more)
    assert [e.number for e in found] == sorted({e.number for e in found})
    told = [(e.recorded.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), e.kind, e.value) for e in found]
    assert versions == sorted(told)


async def test_events_of_other_entities_are_passed_over(register_folder: Path) -> None:
    """What the catalogue does not have is not told, but the reader gets beyond it."""
    units = [d for d in all_turned("bbr") if d.name == "bbr.enhed"]
    async with simulated("bbr", all_turned("bbr"), register_folder) as made:
        reader = Events("bbr", units, Connection(made.url))
        batch = await reader.events(0, 1000)
        await reader.close()
    assert {"bbr.enhed"} == {e.dataset for e in batch.events}
    assert len(batch.events) < batch.last


@pytest.mark.parametrize("fault", ["duplicate", "cut", "wrong-type", "null", "partial", "error"])
async def test_events_that_make_no_sense_are_an_error(register_folder: Path, fault: str) -> None:
    """One event too few is a change that nobody hears of: the reader stops instead."""
    async with simulated("bbr", all_turned("bbr"), register_folder) as made:
        made.faults.order([fault])
        reader = Events("bbr", all_turned("bbr"), Connection(made.url))
        with pytest.raises(RegisterError) as caught:
            await reader.events(0, 10)
        await reader.close()
    assert fault == "error" or isinstance(caught.value, AnswerInvalid)


def test_dataset_whose_records_no_key_names_has_no_events() -> None:
    """A change that could not be looked up is of no use: it is said at the start."""
    datasets = [turned(d, identity=[]) for d in all_turned("bbr")]
    with pytest.raises(ValueError, match="no key of the dataset is its records' one identity"):
        Events("bbr", datasets, Connection("https://register.example"))
