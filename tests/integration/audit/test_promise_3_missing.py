"""Promise 3: what is missing, too much or cut off is found, and the finding says where it begins."""

from __future__ import annotations

import pytest

from tests.integration.audit.damaged import SIZE, Damaged
from tests.support.damage.rows import Changes
from tests.support.logs import textbook_root


@pytest.mark.parametrize("index", [0, 1, 17, 150, 255, 256, 298, 299])
def test_deleted_entry_is_named(damaged: Damaged, index: int) -> None:
    """A missing entry is found, and its index is the first bad place."""
    first = damaged.report(damaged.without(index, None, "log_entries")).findings[0]
    assert f"entry {index}" == first.place
    assert "is missing" in first.problem


@pytest.mark.parametrize("index", [0, 17, 255, 256, 299])
def test_entry_deleted_with_the_gap_closed_is_found(damaged: Damaged, index: int) -> None:
    """Later entries moved down over a missing one do not hide it."""
    down = {i: i - 1 for i in range(index + 1, SIZE)}
    changes: Changes = {
        **damaged.without(index),
        **damaged.moved("log_entries", down),
        **damaged.moved("vault_sealed", down),
    }
    first = f"entry {index}" if index < 256 else f"entry {SIZE - 1}"  # as far as a tile bears witness
    assert first == damaged.places(changes)[0]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 299])
def test_truncated_log_is_found(damaged: Damaged, size: int) -> None:
    """Entries cut off at the end are missed, whatever sealed parts go with them."""
    first = damaged.report(damaged.without(size, SIZE)).findings[0]
    assert f"entry {size}" == first.place
    assert "300 entries" in first.problem


def test_truncated_log_with_a_head_that_fits_is_found(damaged: Damaged) -> None:
    """Size and root made to fit a shorter log do not make the signed checkpoint fit it."""
    hashes = [damaged.row("log_entries", i)["leaf_hash"] for i in range(200)]
    head = damaged.put("log_head", 1, size=200, root=textbook_root(hashes))
    changes = {**damaged.without(200, SIZE, "log_entries"), **head}
    assert ["head", "entry 200"] == damaged.places(changes)[:2]


@pytest.mark.parametrize("index", [SIZE, SIZE + 1, 5000])
def test_added_entry_is_named(damaged: Damaged, index: int) -> None:
    """An entry that no checkpoint commits to is found, however far beyond the others it stands."""
    more = {**damaged.row("log_entries", 7), "index": index, "request_id": None}
    report = damaged.report({("log_entries", (index,)): more})
    assert [(f"entry {index}", "stands beyond the checkpoint")] == [
        (f.place, f.problem) for f in report.findings
    ]


@pytest.mark.parametrize(
    ("table", "index"), [("log_entries", -1), ("vault_sealed", -1), ("vault_sealed", SIZE)]
)
def test_row_that_is_of_no_entry_is_named(damaged: Damaged, table: str, index: int) -> None:
    """Rows below the first entry, and sealed parts without an entry, are none of the log."""
    more = {**damaged.row(table, 7), "index": index}
    more |= {"request_id": None} if table == "log_entries" else {}
    assert [f"entry {index}"] == damaged.places({(table, (index,)): more})


def test_missing_sealed_part_is_named(damaged: Damaged) -> None:
    """A sealed part may be gone when it was erased; otherwise its entry is named."""
    assert ["entry 33"] == damaged.places(damaged.without(33, None, "vault_sealed"))


def test_missing_tile_is_named(damaged: Damaged) -> None:
    """A complete tile that is gone is found."""
    report = damaged.report({("log_tiles", (0, 0)): None})
    assert [("tile/0/0", "is missing")] == [(f.place, f.problem) for f in report.findings]


@pytest.mark.parametrize(("level", "index"), [(0, 1), (1, 0), (0, -1), (40_000, 0), (-1, 0)])
def test_stray_tile_is_named(damaged: Damaged, level: int, index: int) -> None:
    """A tile that the log is not large enough for, from which proofs would be made, is found."""
    stray = {"level": level, "index": index, "hashes": damaged.row("log_tiles", 0, 0)["hashes"]}
    assert [f"tile/{level}/{index}"] == damaged.places({("log_tiles", (level, index)): stray})


def test_missing_head_is_found(damaged: Damaged) -> None:
    """A database without a head is not taken for an empty log that holds."""
    assert "head" == damaged.places({("log_head", (1,)): None})[0]


def test_second_head_is_found(damaged: Damaged) -> None:
    """A log has one head; another one is nobody's."""
    second = {**damaged.row("log_head", 1), "id": 2}
    assert ["head 2"] == damaged.places({("log_head", (2,)): second})


def test_first_bad_place_comes_first(damaged: Damaged) -> None:
    """Of several bad places the lowest is named first, whatever is wrong with each."""
    changes: Changes = {
        **damaged.put("log_entries", 120, leaf=damaged.row("log_entries", 120)["leaf"] + b"1"),
        **damaged.put("vault_sealed", 60, data=damaged.row("vault_sealed", 60)["data"] + b"1"),
        **damaged.put("log_entries", 80, leaf_hash=damaged.row("log_entries", 81)["leaf_hash"]),
        **damaged.without(200, None, "log_entries"),
    }
    found = list(dict.fromkeys(damaged.places(changes)))
    assert ["entry 60", "entry 80", "entry 120", "entry 200"] == found
