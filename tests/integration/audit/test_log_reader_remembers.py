"""A reader remembers what the tiles of a growing log hash to; what it proves is what a fresh one proves."""

from __future__ import annotations

from audit.reading.reader import LogReader
from audit.vault.subject_keys import SubjectKeys
from tests.support import bulk
from tests.support.logs import LogSite, submission


def test_reader_that_remembers_proves_the_same(sqlite_site: LogSite) -> None:
    """A reader that went along while the log grew makes the proofs that a fresh one makes."""
    with sqlite_site.database() as engine, sqlite_site.keys_database() as keys:
        reader = LogReader(engine, sqlite_site.verifier, SubjectKeys(keys, sqlite_site.master))
        for size in (300, 600, 1100):
            written = bulk.size(sqlite_site)
            bulk.write(sqlite_site, (submission(n) for n in range(written, size)))
            for index in (0, 255, 256, size // 2, size - 1):
                fresh = LogReader(engine, sqlite_site.verifier, SubjectKeys(keys, sqlite_site.master))
                reader.proof(index).verify(reader.by_index(index).leaf, sqlite_site.verifier)
                assert fresh.proof(index) == reader.proof(index)
                assert fresh.consistency(index, size) == reader.consistency(index, size)
