"""What an operator can do to an index: each is found, by log verify or by whoever verifies a proof."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from audit.completeness import rows
from audit.completeness.closed import Closed
from audit.completeness.gathered import Gathered, gather
from audit.completeness.proof import CompletenessProof
from audit.completeness.sparse_tree import Bucket
from audit.errors import LogError
from audit.formats.entry import Event
from audit.vault.subject_keys import SubjectKeys
from audit.writing.owner import Owner
from tests.integration.audit.test_periods import people
from tests.support.logs import LogSite, refuses
from tests.support.periods import Periods

ROOT = "its root is not the one over the entries of the period"
ACCOUNT = "its account is not that of the entries"


def forged(site: LogSite, monkeypatch: pytest.MonkeyPatch, change: Callable[[Gathered], Gathered]) -> None:
    """From here on, indexes are built over something else than what the entries say."""
    monkeypatch.setattr("audit.completeness.building.gather", lambda *given: change(gather(*given)))


def problems(site: LogSite) -> list[str]:
    """What log verify finds."""
    return [f.problem for f in site.verify().findings]


def without(subject: bytes, index: int) -> Callable[[Gathered], Gathered]:
    """Leaves one entry about a subject out."""

    def change(found: Gathered) -> Gathered:
        left = {
            s: [i for i in indexes if (s, i) != (subject, index)] for s, indexes in found.by_subject.items()
        }
        return replace(found, by_subject=left)

    return change


async def test_leaving_an_entry_out_is_found(sqlite_site: LogSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof then lacks it and holds; log verify, with the vault, names the entry. So does its receipt."""
    forged(sqlite_site, monkeypatch, without(b"subject 0", 3))
    periods = Periods(sqlite_site)
    with sqlite_site.opened() as log:
        await people(log, 0, 6)
        periods.close()
    assert [0] == [r.index for r in periods.prove(b"subject 0").verify(sqlite_site.verifier).records]
    found = problems(sqlite_site)
    assert ["its index leaves out entry 3", ROOT] == found[:2]
    assert found[2].startswith(ACCOUNT)
    assert () == sqlite_site.verify(sealed=False).findings


async def test_putting_an_entry_under_another_subject_is_found(
    sqlite_site: LogSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Log verify names it, and no proof with it can be made: its commitment does not open to that subject."""

    def swap(found: Gathered) -> Gathered:
        return replace(found, by_subject={b"subject 0": [0], b"subject 1": [1, 3, 4], b"subject 2": [2, 5]})

    forged(sqlite_site, monkeypatch, swap)
    periods = Periods(sqlite_site)
    with sqlite_site.opened() as log:
        await people(log, 0, 6)
        periods.close()
    assert ["its index has entry 3 under another subject", ROOT] == problems(sqlite_site)
    with pytest.raises(LogError, match="entry 3 is not about the subject"):
        periods.prove(b"subject 1")


async def test_listing_an_entry_that_is_not_there_is_found(
    sqlite_site: LogSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index over more entries than there are, to make a subject look looked up."""

    def more(found: Gathered) -> Gathered:
        return replace(found, by_subject={**found.by_subject, b"subject 9": [77]})

    forged(sqlite_site, monkeypatch, more)
    periods = Periods(sqlite_site)
    with sqlite_site.opened() as log:
        await people(log, 0, 3)
        periods.close()
    assert "its index lists entry 77, which is not about anybody, or does not open" in problems(sqlite_site)


async def test_calling_an_entry_unread_is_found(
    sqlite_site: LogSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever verifies a proof sees that it could be about anybody; log verify that it opens."""

    def unread(found: Gathered) -> Gathered:
        return replace(without(b"subject 0", 3)(found), unread=[3])

    forged(sqlite_site, monkeypatch, unread)
    periods = Periods(sqlite_site)
    with sqlite_site.opened() as log:
        await people(log, 0, 6)
        periods.close()
    assert "3" == periods.prove(b"subject 0").verify(sqlite_site.verifier).periods[0].account.unread
    assert "its index leaves out entry 3" in problems(sqlite_site)


def told_by_force(site: LogSite, change: Callable[[Closed], Closed]) -> None:
    """An operator with the log's key appends another entry that closes the newest period."""
    with site.database() as engine, site.keys_database() as keys_engine:
        owner = Owner(engine, SubjectKeys(keys_engine, site.master), site.signer, 10)
        owner.take_over()
        with engine.connect() as connection:
            period = rows.standing(connection)[-1]
        told = Closed(
            period.first, period.end, period.since, period.until, 3, bytes(32), bytes(32), bytes(32), None
        )

        def write(_connection: sa.Connection, _index: int) -> Event:
            return change(told).event("2026-11-22T00:00:00Z")

        owner.tell(write)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda told: told, "closes entries from 0 on, closed up to 3 already"),
        (
            lambda told: replace(told, first=4, end=5, since=told.until),
            "closes entries from 4 on, and leaves out 3 to 3",
        ),
        (
            lambda told: replace(told, first=3, end=4, since="2020-01-01T00:00:00Z"),
            "closes a period since 2020-01-01T00:00:00Z; the one before ended",
        ),
        (lambda told: replace(told, replaces=2), "replaces entry 2, which does not stand"),
        (
            lambda told: replace(told, end=2, replaces=3),
            "closes another period than the one that it replaces",
        ),
        (lambda told: replace(told, first=3, end=99, since=told.until), "closes a period up to entry 99"),
    ],
    ids=["twice", "gap", "other time", "replaces nothing", "replaces another", "to come"],
)
async def test_entries_that_close_what_they_should_not_are_found_without_the_vault(
    sqlite_site: LogSite, change: Callable[[Closed], Closed], expected: str
) -> None:
    """A period closed twice, a gap between two, times that do not meet, a replacement of nothing."""
    periods = Periods(sqlite_site)
    with sqlite_site.opened() as log:
        await people(log, 0, 3)
        periods.close()
    told_by_force(sqlite_site, change)
    found = [f for f in sqlite_site.verify(sealed=False).findings if f.place == "entry 4"]
    assert any(expected in f.problem for f in found)


async def test_swapped_keys_are_found(sqlite_site: LogSite) -> None:
    """Other keys in the vault than the index was built with: by log verify, and by whoever verifies."""
    periods = Periods(sqlite_site)
    with sqlite_site.opened() as log:
        await people(log, 0, 3)
        periods.close()
    name = periods.standing()[0].key_id
    assert name is not None
    with sqlite_site.keys_database() as engine, engine.begin() as connection:
        wrapped = sqlite_site.master.wrap(name, os.urandom(64))
        connection.execute(sa.text("UPDATE vault_periods SET wrapped = :w"), {"w": wrapped})
    assert "the keys that are kept of its index are not those that it commits to" in problems(sqlite_site)
    proof = periods.prove(b"subject 0")
    assert refuses(lambda: verified(sqlite_site, proof))


def verified(site: LogSite, proof: CompletenessProof) -> None:
    """Verifies a proof."""
    proof.verify(site.verifier)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "UPDATE log_period_buckets SET leaves = x'' WHERE length(leaves) > 0",
            "its index leaves out entry 0",
        ),
        ("DELETE FROM log_period_buckets WHERE bucket = 3", "a part of an index is missing"),
        ("UPDATE log_period_buckets SET hash = zeroblob(32)", "what proofs are made from is not what"),
        ("DELETE FROM log_periods", "what is kept of the period is not what it says"),
        ("UPDATE log_periods SET until = '2027-01-01T00:00:00Z'", "what is kept of the period is not"),
        ("UPDATE log_periods SET account = ''", ACCOUNT),
        ("UPDATE log_periods SET entry = 0", "closes no period"),
    ],
)
async def test_altered_rows_are_found(sqlite_site: LogSite, statement: str, expected: str) -> None:
    """Whatever is done to what proofs are made from."""
    periods = Periods(sqlite_site)
    with sqlite_site.opened() as log:
        await people(log, 0, 3)
        periods.close()
    sqlite_site.execute(statement)
    assert any(p.startswith(expected) for p in problems(sqlite_site)), problems(sqlite_site)


async def test_an_index_that_survives_an_erasure_is_found(
    sqlite_site: LogSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator that erases the records and keeps the index that shows whom they were about."""
    periods = Periods(sqlite_site)
    monkeypatch.setattr(rows, "withdraw", lambda *_: [])
    with sqlite_site.opened() as log:
        await people(log, 0, 3)
        periods.close()
        sqlite_site.erase(b"subject 1")
    assert "its index still stands, though entry 4 erased entry 1 of it" in problems(sqlite_site)


async def test_an_index_made_anew_from_forged_rows_does_not_prove(sqlite_site: LogSite) -> None:
    """With the keys at hand, and every row rewritten, the root in the log stays what it is."""
    periods = Periods(sqlite_site)
    with sqlite_site.opened() as log:
        await people(log, 0, 6)
        periods.close()
    period = periods.standing()[0]
    assert period.key_id is not None
    with sqlite_site.keys_database() as keys_engine:
        secret = SubjectKeys(keys_engine, sqlite_site.master).period(period.key_id)
    assert secret is not None
    keys = rows.keys_of(secret)
    leaves = Gathered({b"subject 0": [0]}, {}, []).listed(keys)
    with sqlite_site.database() as engine, engine.begin() as connection:
        rows.discard(connection, period.key_id)
        parts = [
            rows.part(period.key_id, n, Bucket(keys, n, part).root(), part)
            for n, part in enumerate(rows.split(leaves))
        ]
        rows.stage(connection, parts)
    proof = periods.prove(b"subject 0")
    with pytest.raises(LogError, match="does not lead to the root of the index"):
        proof.verify(sqlite_site.verifier)
