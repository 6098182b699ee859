"""Invariant 6: what is sealed can be erased; every receipt and proof stays valid after that.

The way to break it: erase, and look for what is left; erase, and look for a proof that broke.
"""

from __future__ import annotations

import asyncio

from audit.formats import entry as entries
from audit.formats import proof_file
from audit.formats.commitment import opens
from audit.formats.proof_file import ProofFile
from audit.log import AuditLog
from tests.support.logs import LogSite, still_proves, submission

ERASED, KEPT = b"subject 1", b"subject 2"


async def two_subjects(log: AuditLog) -> tuple[list[str], list[str]]:
    """Records three entries about each of two subjects; gives the receipts as files."""
    done = await asyncio.gather(
        *(log.append(submission(n, subject=(ERASED, KEPT)[n % 2]), closes_intention=False) for n in range(6))
    )
    receipts = [
        ProofFile(a.proof.index, a.proof.hashes, a.proof.signed_checkpoint, a.leaf.data).text for a in done
    ]
    return receipts[0::2], receipts[1::2]


async def test_invariant_6_every_proof_outlives_an_erasure(log_site: LogSite) -> None:
    """After a subject's key is gone, old receipts, new proofs and the whole log hold as before."""
    with log_site.opened() as log:
        erased, kept = await two_subjects(log)
        assert 6 == log_site.erase(ERASED)
        before = log.reader.checkpoint()
        for text in (*erased, *kept):
            receipt = proof_file.parse(text)
            assert receipt.extra is not None
            receipt.verify(receipt.extra, log_site.verifier)
            log.reader.proof(receipt.index).verify(receipt.extra, log_site.verifier)
        report = log_site.verify()
        assert (7, 4, 3, True) == (report.entries, report.sealed, report.erased, report.holds)
    with log_site.opened() as log:  # nor does a restart, or going on, mind
        done = await log.append(submission(100, subject=KEPT), closes_intention=False)
        still_proves(log, done)
        assert before.size == done.index
    assert log_site.verify().holds


async def test_invariant_6_nothing_opens_what_was_erased(log_site: LogSite) -> None:
    """With its key gone, a sealed part does not open, and the public part tells no value."""
    with log_site.opened() as log:
        erased, kept = await two_subjects(log)
        log_site.erase(ERASED)
        for text in erased:
            receipt = proof_file.parse(text)
            stored = log.reader.by_index(receipt.index)
            assert log.reader.opened(stored) is None
            committed = entries.decode(stored.leaf)[1]
            # Who guesses the value right still cannot tell: the opening is gone with the key.
            assert not opens(committed, bytes(32), "subject", ERASED)
            assert ERASED not in stored.leaf
        for text in kept:
            opened = log.reader.opened(log.reader.by_index(proof_file.parse(text).index))
            assert opened is not None
            assert KEPT == opened.values["subject"]


async def test_invariant_6_no_value_is_in_the_clear_to_begin_with(sqlite_site: LogSite) -> None:
    """No byte of the log's files, its write-ahead log included, holds a sealed value or a name."""
    with sqlite_site.opened() as log:
        await log.intend(submission(1, subject=b"SECRET-SUBJECT"))
        await log.append(submission(1, subject=b"SECRET-SUBJECT"), closes_intention=True)
        files = [p for p in sqlite_site.folder.iterdir() if ".db" in p.name]
        assert len(files) >= 4
        for path in files:
            content = path.read_bytes()
            assert b"SECRET-SUBJECT" not in content
            assert b"case 1" not in content
