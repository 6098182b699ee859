"""A register is gone through as its entry says: in somebody's own tables, or loaded from a file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.catalogue import load_catalogue
from adapters.host.registers import GuardedRegisters
from adapters.kinds.snapshot import Load, load_file
from adapters.port import AsOf, Catalogue, Connection, Dataset, Mandate
from adapters.quality import Outcome, count, load
from exchange.errors import Failed
from exchange.model.catalogue import Attribute, Key, Source, Text

TEXT = Text("", "")
ATTRIBUTES = {"vejId": "string", "status": "code", "laengde": "integer"}
ROADS: list[Mapping[str, Any]] = [
    {"vejId": "a", "status": "1", "laengde": 120},
    {"vejId": "b", "status": "1", "laengde": None},
    {"vejId": "c", "status": "2", "laengde": None},
]
COMPARISON = """
[[comparisons]]
name = "roads-have-lengths"
title = { en = "A road has a length", da = "En vej har en længde" }
duty = { citation = "Loven § 1" }
own_may = { en = "It was not measured.", da = "Den er ikke målt." }
[comparisons.own]
dataset = "vej.vej"
subject = "vejId"
where = { status = ["aktiv"] }
given = ["laengde"]
"""
Kept = Callable[[Path], tuple[Dataset, Connection]]


def described(kind: str, **options: object) -> Dataset:
    return Dataset(
        name="vej.vej",
        register="vej",
        provider="95000088",
        title=TEXT,
        subject="property",
        source=Source(kind, options, "a test"),
        attributes=tuple(Attribute(name, type_, "ordinary", TEXT) for name, type_ in ATTRIBUTES.items()),
        keys=(Key("code", "vejId", "one"),),
    )


def somebodys(folder: Path) -> tuple[Dataset, Connection]:
    """In tables that are named otherwise, with codes of their own, and lengths in a table beside."""
    with sqlite3.connect(folder / "vej.db") as database:
        database.execute("CREATE TABLE VEJ (NR TEXT, TILSTAND TEXT)")
        database.execute("CREATE TABLE MAAL (VEJNR TEXT, METER INTEGER)")
        for road in ROADS:
            database.execute("INSERT INTO VEJ VALUES (?, ?)", (road["vejId"], road["status"]))
            if road["laengde"] is not None:
                database.execute("INSERT INTO MAAL VALUES (?, ?)", (road["vejId"], road["laengde"]))
    columns = {
        "vejId": "NR",
        "status": {"column": "TILSTAND", "values": {"1": "aktiv", "2": "nedlagt"}},
        "laengde": "maal.METER",
    }
    joins = [{"name": "maal", "table": "MAAL", "on": {"NR": "VEJNR"}}]
    dataset = described("sql", table="VEJ", times={}, columns=columns, joins=joins)
    return dataset, Connection(f"sqlite:///{folder}/vej.db")


def loaded(folder: Path) -> tuple[Dataset, Connection]:
    """Loaded from a file."""
    dataset = described("snapshot", table="vej", format="ndjson", identity=["vejId"], absent="null")
    told = {"1": "aktiv", "2": "nedlagt"}
    lines = [json.dumps({**road, "status": told[road["status"]]}) for road in ROADS]
    (folder / "vej.ndjson").write_text("\n".join(lines) + "\n", "utf-8")
    url = f"sqlite:///{folder}/vej.db"
    load_file(Load(folder / "vej.ndjson", dataset, url))
    return dataset, Connection(url)


async def counted(folder: Path, dataset: Dataset, connection: Connection) -> Mapping[Outcome, int]:
    file = folder / "comparisons.toml"
    file.write_text(COMPARISON, "utf-8")
    catalogue = Catalogue.of((*load_catalogue().datasets.values(), dataset))
    one = load(catalogue, [file])[-1]
    now = datetime.now(UTC)
    mandate = Mandate("95000088", None, "register.quality", "test", "test", "")
    found = await count(one, connection, GuardedRegisters(Catalogue.of(()), {}), mandate, AsOf(now, now), 60)
    return found.counts


@pytest.mark.parametrize("kept", [somebodys, loaded])
async def test_a_register_is_gone_through_as_its_entry_says(kept: Kept, tmp_path: Path) -> None:
    """Names, codes and joins are those of the entry; what it leaves out is not counted."""
    expected = {Outcome.AGREES: 1, Outcome.OWN_SILENT: 1}
    assert expected == await counted(tmp_path, *kept(tmp_path))


async def test_a_register_that_changed_gives_no_numbers(tmp_path: Path) -> None:
    """A code that the entry does not know is told with its attribute, and nothing is counted."""
    dataset, connection = somebodys(tmp_path)
    with sqlite3.connect(tmp_path / "vej.db") as database:
        database.execute("INSERT INTO VEJ VALUES ('d', '3')")
    with pytest.raises(Failed, match="REGISTER_SCHEMA_CHANGED") as caught:
        await counted(tmp_path, dataset, connection)
    assert "vej.vej, status" in caught.value.reasons[0].text_en
