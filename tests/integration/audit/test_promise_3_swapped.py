"""Promise 3: what was put in another's place, or replaced with what fits around it, is found."""

from __future__ import annotations

import pytest

from audit.formats.merkle import leaf_hash
from audit.vault import vault
from audit.vault.pages import Place
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import KeyName, Opened
from tests.integration.audit.damaged import Damaged
from tests.support.damage.rows import Changes


def swapped(damaged: Damaged, table: str, first: int, second: int) -> Changes:
    """Two rows under each other's index."""
    one, other = damaged.row(table, first), damaged.row(table, second)
    return {(table, (first,)): {**other, "index": first}, (table, (second,)): {**one, "index": second}}


@pytest.mark.parametrize(("first", "second"), [(0, 1), (17, 200), (255, 256), (3, 299)])
@pytest.mark.parametrize("thorough", [False, True])
def test_swapped_entries_are_found(damaged: Damaged, first: int, second: int, *, thorough: bool) -> None:
    """Two entries that changed places are found: alone, or with all that belongs to them."""
    sealed = swapped(damaged, "vault_sealed", first, second) if thorough else {}
    changes = {**swapped(damaged, "log_entries", first, second), **sealed}
    assert f"entry {first}" == damaged.places(changes)[0]


def test_swapped_sealed_parts_are_found(damaged: Damaged) -> None:
    """A sealed part belongs to one entry: in another's place it does not open."""
    changes = swapped(damaged, "vault_sealed", 40, 41)
    assert ["entry 40", "entry 41"] == damaged.places(changes)
    assert [] == damaged.places(changes, sealed=False)  # nobody without the key can tell


def forged(damaged: Damaged, index: int) -> Changes:
    """An entry that says something else, its stored hash made to fit."""
    leaf = damaged.row("log_entries", index)["leaf"].replace(b'"granted"', b'"refused"')
    return damaged.put("log_entries", index, leaf=leaf, leaf_hash=leaf_hash(leaf))


@pytest.mark.parametrize("index", [10, 280])
def test_forged_entry_is_found_however_thorough(damaged: Damaged, index: int) -> None:
    """An entry replaced with another one, its hash made to fit, is found by its tile or the root."""
    changes = forged(damaged, index)
    assert f"entry {index}" == damaged.places(changes)[0]  # with the vault: its sealed part
    assert ("entry 10" if index < 256 else "tree") == damaged.places(changes, sealed=False)[0]


def test_forged_tile_and_entry_are_found(damaged: Damaged) -> None:
    """With the tile forged as well, the signed root still gives the forgery away."""
    changes = forged(damaged, 10)
    new = changes["log_entries", (10,)]
    assert new is not None
    tile = damaged.row("log_tiles", 0, 0)["hashes"]
    fitting = damaged.put("log_tiles", 0, 0, hashes=tile[:320] + new["leaf_hash"] + tile[352:])
    assert ["tree"] == damaged.places({**changes, **fitting}, sealed=False)


def test_sealed_values_that_were_not_committed_to_are_named(damaged: Damaged) -> None:
    """A sealed part made anew with the right key, but other values, does not open the commitments."""
    leaf, kept = damaged.row("log_entries", 20)["leaf"], damaged.row("vault_sealed", 20)
    keys = SubjectKeys(damaged.databases.keys, damaged.site.master)
    key = keys.find(KeyName(kept["key_id"], Place(kept["page"], kept["slot"])))
    assert key is not None
    opening = bytes(32)
    values = Opened({"subject": opening, "case": opening}, {"subject": b"", "case": b""})
    report = damaged.report(damaged.put("vault_sealed", 20, data=vault.seal(key, leaf, values)))
    assert [("entry 20", "not what the entry commits to")] * 2 == [
        (f.place, f.problem.partition(" is ")[2]) for f in report.findings
    ]
