"""What is missing without an erasure entry that covers it is a finding, and so is what came back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from audit.errors import FormatError, NotFound
from tests.support.logs import LogSite, submission

A = b"subject A"


@pytest.fixture
async def erasure(sqlite_site: LogSite) -> int:
    """A log of six records, of which 1, 3 and 5 were erased; gives the index of the entry that says so."""
    with sqlite_site.opened() as log:
        for n in range(6):
            await log.append(submission(n, subject=(b"other", A)[n % 2]), closes_intention=False)
        return sqlite_site.erase(A)


def findings(site: LogSite, *, sealed: bool = True) -> list[tuple[str, str]]:
    """What does not hold."""
    return [(f.place, f.problem) for f in site.verify(sealed=sealed).findings]


@pytest.mark.parametrize("indexes", ["1,3", "1,3,5-6", "0-1,3,5", "", "1,3,5,", "5,3,1"])
def test_another_list_is_not_believed(sqlite_site: LogSite, erasure: int, indexes: str) -> None:
    """The entry commits to its list: with another one nothing counts as erased, keys at hand or not."""
    sqlite_site.execute("UPDATE log_erasures SET indexes = :i", i=indexes)
    for sealed in (True, False):
        found = findings(sqlite_site, sealed=sealed)
        assert [f"entry {i}" for i in (1, 3, 5, erasure)] == [place for place, _ in found]
        assert "not what the entry commits to" in found[-1][1]
    with sqlite_site.erasing() as erasing, pytest.raises(FormatError, match="commits to"):
        erasing.proof(erasure)


@pytest.mark.parametrize("keys", ["", "other"])
def test_other_keys_are_not_believed(sqlite_site: LogSite, erasure: int, keys: str) -> None:
    """The entry commits to the keys that went, too: nobody hides one that was kept."""
    sqlite_site.execute("UPDATE log_erasures SET keys = :k", k=keys)
    assert [f"entry {i}" for i in (1, 3, 5, erasure)] == [place for place, _ in findings(sqlite_site)]


def test_lost_list_is_a_finding(sqlite_site: LogSite, erasure: int) -> None:
    """Without the list nobody can tell what the entry covers."""
    sqlite_site.execute("DELETE FROM log_erasures")
    assert [f"entry {i}" for i in (1, 3, 5, erasure)] == [place for place, _ in findings(sqlite_site)]
    with sqlite_site.erasing() as erasing, pytest.raises(NotFound):
        erasing.proof(erasure)


def test_list_without_an_entry_covers_nothing(sqlite_site: LogSite, erasure: int) -> None:
    """Whoever deletes a record and writes a list for it has no entry of the log that commits to it."""
    sqlite_site.execute('DELETE FROM vault_sealed WHERE "index" = 2')
    sqlite_site.execute("INSERT INTO log_erasures VALUES (0, NULL, :o, '2', '')", o=bytes(32))
    assert ["entry 0", "entry 2"] == [place for place, _ in findings(sqlite_site)]


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ('DELETE FROM vault_sealed WHERE "index" = 2', "entry 2"),
        ("UPDATE vault_sealed SET key_id = 'other' WHERE \"index\" = 2", "entry 2"),
        ('UPDATE vault_sealed SET slot = slot + 100 WHERE "index" = 2', "entry 2"),
        ('UPDATE vault_sealed SET page = 1 WHERE "index" = 2', "entry 2"),
        ('UPDATE vault_sealed SET page = NULL, slot = NULL WHERE "index" = 2', "entry 2"),
    ],
)
def test_what_no_entry_covers_is_no_erasure(
    sqlite_site: LogSite, erasure: int, statement: str, place: str
) -> None:
    """A sealed part that is gone, or whose key cannot be found under an altered name, is named."""
    sqlite_site.execute(statement)
    assert [place] == [found for found, _ in findings(sqlite_site)]
    assert 3 == sqlite_site.verify().erased
    assert 6 == erasure


@pytest.mark.parametrize("slot", [-1, 256, 10**6])
def test_slot_that_no_page_has_is_a_finding(sqlite_site: LogSite, erasure: int, slot: int) -> None:
    """A place outside its page stops nothing, and is named."""
    sqlite_site.execute('UPDATE vault_sealed SET slot = :s WHERE "index" = 2', s=slot)
    assert ["entry 2"] == [place for place, _ in findings(sqlite_site)]
    assert 6 == erasure


def test_deleted_key_is_no_erasure(sqlite_site: LogSite, erasure: int) -> None:
    """Keys that somebody removed from the vault took records with them that no entry covers."""
    with sqlite_site.keys_database() as keys, keys.begin() as connection:
        connection.execute(sa.text("DELETE FROM vault_pages"))
    assert [f"entry {i}" for i in (0, 2, 4, erasure)] == [place for place, _ in findings(sqlite_site)]
