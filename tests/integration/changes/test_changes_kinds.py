"""The feeds of the other kinds: a register in another process, and Datafordeler's events."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.catalogue import load_catalogue
from adapters.kinds.datafordeler.adapter import open_datafordeler
from adapters.kinds.grpc import open_grpc
from adapters.kinds.grpc.server import serve
from adapters.kinds.sql import SqlAdapter
from adapters.port import (
    AnswerInvalid,
    Cause,
    Change,
    ChangeFeed,
    Changes,
    ChangesGone,
    ChangesNotTold,
    Connection,
    Dataset,
    Found,
    Lookup,
    RegisterError,
    Source,
    Unavailable,
)
from adapters.registers import changing
from tests.support.adapters import Answering
from tests.support.datafordeler import all_turned, simulated

PERSON = load_catalogue().datasets["cpr.person"]
OVER_GRPC = replace(PERSON, source=Source("grpc", {}, "test"))
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


class Scripted(Answering):
    """A register in another process whose feed does what a test says."""

    def __init__(self, tell: Any) -> None:
        """Takes what it tells, or raises."""
        self.tell = tell

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        return []

    async def changes(self, dataset: Dataset, kind: str, after: int | None, limit: int) -> Changes:
        if isinstance(self.tell, Exception):
            raise self.tell
        told: Changes = self.tell
        return told


async def over_grpc(adapter: Any, folder: Path, after: int | None, limit: int = 10_000) -> Changes:
    async with serve(adapter, [PERSON], f"unix:{folder / 'register.sock'}", None) as address:
        asking = open_grpc("cpr", [OVER_GRPC], Connection(address))
        try:
            assert isinstance(asking, ChangeFeed)
            return await asking.changes(OVER_GRPC, "personnummer", after, limit)
        finally:
            await asking.close()


async def test_feed_of_another_process_is_the_feed_itself(register_folder: Path, tmp_path: Path) -> None:
    """Changes by the thousand, where it ends, and where to go on: as if it were here."""
    connection = Connection(f"sqlite:///{register_folder / 'cpr.db'}")
    here = SqlAdapter("cpr", [PERSON], connection)
    expected = await here.changes(PERSON, "personnummer", 1, 100)
    await here.close()
    told = await over_grpc(SqlAdapter("cpr", [PERSON], connection), tmp_path, 1, 100)
    assert expected == told
    end = await over_grpc(SqlAdapter("cpr", [PERSON], connection), tmp_path, None)
    assert ((), False) == (end.changes, end.more)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ChangesGone(), ChangesGone),
        (ChangesNotTold(), ChangesNotTold),
        (Unavailable(Cause.CONNECTION), Unavailable),
        (AnswerInvalid(Cause.PARTIAL), AnswerInvalid),
        (RuntimeError("6101701234"), Unavailable),
    ],
)
async def test_what_a_feed_raises_crosses_the_wire(
    tmp_path: Path, error: Exception, kind: type[RegisterError]
) -> None:
    """And its own words do not."""
    with pytest.raises(RegisterError) as caught:
        await over_grpc(Scripted(error), tmp_path, 1)
    assert kind is type(caught.value)
    assert "6101701234" not in str(caught.value)


async def test_more_than_was_asked_for_is_no_answer(tmp_path: Path) -> None:
    """Whoever serves too much is told off before it is all there."""
    told = Changes(tuple(Change("x", WHEN, n) for n in range(2, 600)), 600, 600, more=False)
    with pytest.raises(AnswerInvalid, match="more records"):
        await over_grpc(Scripted(told), tmp_path, 1, 100)


async def test_register_without_a_feed_in_another_process_says_so(tmp_path: Path) -> None:
    """As one that was written before there were feeds."""

    class Silent(Answering):
        async def fetch(self, lookup: Lookup) -> Sequence[Found]:
            return []

    with pytest.raises(ChangesNotTold):
        await over_grpc(Silent(), tmp_path, 1)


async def test_events_of_datafordeler_are_changes_from_now_on(register_folder: Path, tmp_path: Path) -> None:
    """Where they end at present is found by their numbers; what happens then is told by the record's key."""
    folder = tmp_path / "registers"
    shutil.copytree(register_folder, folder)
    datasets = all_turned("bbr")
    unit = next(d for d in datasets if d.name == "bbr.enhed")
    async with simulated("bbr", datasets, folder) as made:
        adapter = open_datafordeler("bbr", datasets, Connection(made.url))
        try:
            assert isinstance(adapter, ChangeFeed)
            end = await adapter.changes(unit, "bbr_enhed_id", None, 10)
            assert () == (await adapter.changes(unit, "bbr_enhed_id", end.position, 10)).changes
            found = await _any_unit(folder)
            changing.change(folder, "bbr.enhed", {"id_lokalId": found}, {"enh031AntalVaerelser": "9"})
            told = await adapter.changes(unit, "bbr_enhed_id", end.position, 10)
            assert {found} == {c.value for c in told.changes}
            assert end.position < told.position == told.settled
            with pytest.raises(ChangesNotTold):
                await adapter.changes(unit, "dar_adresse_id", end.position, 10)
        finally:
            await adapter.close()


async def _any_unit(folder: Path) -> str:
    dataset = load_catalogue().datasets["bbr.enhed"]
    adapter = SqlAdapter("bbr", [dataset], Connection(f"sqlite:///{folder / 'bbr.db'}"))
    told = await adapter.changes(dataset, "bbr_enhed_id", 1, 1)
    await adapter.close()
    return told.changes[0].value
