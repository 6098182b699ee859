"""Promise 3: an altered byte anywhere that a checkpoint commits to is found, and the finding says where.

Positions are drawn from a fixed seed, so that a failure can be repeated. The long form, over files and
databases alike, is `make damage`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.formats.checkpoint import Checkpoint
from tests.integration.audit.damaged import SIZE, Damaged
from tests.support.logs import LogSite


@pytest.mark.parametrize("column", ["leaf", "leaf_hash"])
def test_every_damaged_entry_is_named(damaged: Damaged, column: str) -> None:
    """Any damage to an entry or to its stored hash is found, and that entry is the first bad place."""
    for turn in range(18):
        index = damaged.random.randrange(SIZE)
        if (changes := damaged.spoilt("log_entries", (index,), column, turn)) is None:
            continue
        first = damaged.report(changes, sealed=False).findings[0]
        assert f"entry {index}" == first.place, turn
        told = "altered after it was recorded" if column == "leaf" else "stored hash was altered"
        assert told in first.problem


def test_every_damaged_request_id_is_found(damaged: Damaged) -> None:
    """A request id that was altered or taken away, so that it could be used again, is found."""
    for turn in range(12):
        index = damaged.random.randrange(SIZE // 2)
        if (changes := damaged.spoilt("log_entries", (index,), "request_id", turn)) is None:
            continue
        assert f"entry {index}" == damaged.places(changes, sealed=False)[0]
    for index in (0, 3, 100, 299):
        first = damaged.report(damaged.put("log_entries", index, request_id=None)).findings[0]
        assert f"entry {index}" == first.place
        assert "could be used again" in first.problem


def test_every_damaged_sealed_part_is_named(damaged: Damaged) -> None:
    """Any damage to what is sealed is found where the vault's key is at hand, and its entry is named."""
    for turn in range(12):
        index = damaged.random.randrange(SIZE)
        if changes := damaged.spoilt("vault_sealed", (index,), "data", turn):
            assert [f"entry {index}"] == damaged.places(changes)


@pytest.mark.parametrize(
    "other", [{"key_id": "other"}, {"page": 7}, {"page": None}, {"slot": None}, {"slot": 256}, {"slot": -1}]
)
def test_sealed_part_under_another_key_shows(damaged: Damaged, other: dict[str, object]) -> None:
    """A sealed part whose key is not to be found is no erasure: no entry says so."""
    assert ["entry 17"] == damaged.places(damaged.put("vault_sealed", 17, **other))


def test_every_damaged_tile_is_named(damaged: Damaged) -> None:
    """Any damage to a tile is found, and no entry is blamed for it."""
    for turn in range(12):
        if changes := damaged.spoilt("log_tiles", (0, 0), "hashes", turn):
            assert ["tile/0/0"] == damaged.places(changes, sealed=False)


@pytest.mark.parametrize("column", ["signed_checkpoint", "root", "size"])
def test_every_damaged_head_is_found(damaged: Damaged, column: str) -> None:
    """Any damage to the head's checkpoint, root or size is found; the head is named before any entry."""
    for turn in range(12):
        if changes := damaged.spoilt("log_head", (1,), column, turn):
            assert damaged.places(changes, sealed=False)[0] in {"head", "checkpoint"}


def test_checkpoint_of_another_log_is_found(damaged: Damaged, tmp_path: Path) -> None:
    """A checkpoint over the very same tree, signed by another key, is not this log's."""
    other = LogSite.at(tmp_path)
    forged = Checkpoint(other.origin, SIZE, damaged.row("log_head", 1)["root"]).sign(other.signer)
    assert ["checkpoint"] == damaged.places(damaged.put("log_head", 1, signed_checkpoint=forged))


def test_every_damaged_key_is_named_with_what_it_opens(damaged: Damaged) -> None:
    """A subject's key that does not unwrap is named with every entry that it opens; the rest is read."""
    [(key,)] = damaged.databases.rows["vault_keys"]
    wrapped = damaged.row("vault_keys", key)["wrapped"]
    report = damaged.report(damaged.put("vault_keys", key, wrapped=wrapped[:20]))
    assert SIZE == report.entries == len(report.findings)
    assert "entry 0" == report.findings[0].place


@pytest.mark.parametrize(
    ("table", "column", "place"),
    [
        ("log_entries", "leaf", "entry 0"),
        ("log_entries", "leaf_hash", "entry 0"),
        ("vault_sealed", "data", "entry 0"),
        ("log_tiles", "hashes", "tile/0/0"),
        ("log_tiles", "level", "tile/x/0"),
        ("log_head", "size", "head"),
        ("log_head", "root", "head"),
        ("log_head", "signed_checkpoint", "head"),
    ],
)
@pytest.mark.parametrize("kind", ["TEXT", "BLOB"])
def test_values_of_another_type_are_found(
    damaged_sqlite: Damaged, table: str, column: str, place: str, kind: str
) -> None:
    """SQLite keeps a value of any type anywhere: one that is not what it should be is a finding."""
    site, rows = damaged_sqlite.site, damaged_sqlite.databases.rows[table]
    value = {("log_head", "signed_checkpoint"): "x'78'"}.get(
        (table, column), ("'x'", "x'78'")[kind == "BLOB"]
    )
    key = next(iter(rows))
    with damaged_sqlite.databases.changed({(table, key): rows[key]}):  # puts it back
        where = '"index" = 0' if "index" in rows[key] else "id = 1"
        site.execute(f"UPDATE {table} SET {column} = {value} WHERE {where}")
        found = site.verify().findings
        site.execute(f"DELETE FROM {table} WHERE {where}")
    named = place.replace("x", str("x" if kind == "TEXT" else b"x")) if column == "level" else place
    assert named in {f.place for f in found}
