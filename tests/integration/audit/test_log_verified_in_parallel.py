"""A log verified by several processes at once: what they find together is what one finds alone."""

from __future__ import annotations

import time

import pytest

from audit.verification.verify import Report
from tests.support import bulk
from tests.support.logs import GROUND, LogSite, submission

SIZE = 2 * 4096 + 300  # two ranges, and a part of one
_DAMAGE = (
    'UPDATE log_entries SET leaf_hash = leaf WHERE "index" = 7',
    'UPDATE log_entries SET leaf = :junk WHERE "index" IN (300, 5000)',
    'UPDATE log_entries SET request_id = NULL WHERE "index" IN (4095, 4096)',
    'DELETE FROM vault_sealed WHERE "index" = 8300',
    'UPDATE vault_sealed SET data = :junk WHERE "index" = 4099',
    'DELETE FROM log_tiles WHERE level = 0 AND "index" IN (3, 20)',
)


def _both(site: LogSite, *, sealed: bool = True) -> tuple[Report, Report]:
    return site.verify(sealed=sealed, workers=1), site.verify(sealed=sealed, workers=2)


@pytest.fixture
def written(log_site: LogSite) -> LogSite:
    """A log of three ranges."""
    bulk.write(log_site, (submission(n, subject=b"subject %d" % (n % 7)) for n in range(SIZE)))
    return log_site


def test_log_that_holds_does_so_for_all(written: LogSite) -> None:
    """A whole log holds, and everything in it was looked at, whether one process does it or two."""
    alone, together = _both(written)
    assert alone == together
    assert ((), SIZE, SIZE) == (together.findings, together.entries, together.sealed)


def test_what_is_found_is_the_same_and_in_order(written: LogSite) -> None:
    """Damage in several ranges is told in the same words, in the same order; so is a gap that ends them."""
    for statement in _DAMAGE:
        written.execute(statement, **({"junk": b"junk"} if ":junk" in statement else {}))
    alone, together = _both(written)
    assert alone == together
    found = list(dict.fromkeys(finding.place for finding in together.findings))
    first = ["entry 7", "entry 300", "tile/0/1", "tile/0/3", "entry 4095"]
    second = ["entry 4096", "entry 4099", "entry 5000", "tile/0/19", "tile/0/20"]
    assert [*first, *second, "entry 8300"] == found
    written.execute('DELETE FROM log_entries WHERE "index" = 4200')
    alone, together = _both(written, sealed=False)
    assert alone == together
    assert 4200 == together.entries


def test_progress_is_told_by_whoever_gathers(written: LogSite) -> None:
    """Progress grows from nothing to all, whichever process is ahead."""
    told: list[tuple[int, int]] = []
    written.verify(workers=2, progress=lambda done, in_all: told.append((done, in_all)))
    assert [(done, SIZE) for done in (0, 4096, 8192, SIZE)] == told


def test_erasure_meanwhile_is_no_finding(written: LogSite) -> None:
    """What is erased after the verification began, and before its processes did, makes it begin again."""
    begun = 0

    def erase(done: int, _all: int) -> None:
        nonlocal begun
        begun += done == 0
        if begun == 1 and done == 0:
            with written.opened(), written.erasing() as erasing:
                number = erasing.ask(erasing.subject(b"subject 3"), GROUND) or 0
                while not erasing.entries(number):
                    time.sleep(0.01)

    report = written.verify(workers=2, progress=erase)
    assert (2, ()) == (begun, report.findings)
    assert (SIZE + 1, len(range(3, SIZE, 7))) == (report.entries, report.erased)


def test_entry_far_beyond_the_checkpoint_is_named(written: LogSite) -> None:
    """An entry that no checkpoint commits to is found even where others would have to stand before it."""
    written.execute(
        'INSERT INTO log_entries SELECT 9000, leaf, leaf_hash, NULL FROM log_entries WHERE "index" = 7'
    )
    alone, together = _both(written, sealed=False)
    assert alone == together
    assert ["entry 9000"] == [finding.place for finding in together.findings]
