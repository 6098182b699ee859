"""Promise 5: an answer to "all records about this subject in this period" can be shown to be complete."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace

import pytest

from audit.completeness import proof_json
from audit.completeness.proof import CompletenessProof
from audit.errors import LogError
from tests.support.logs import LogSite, submission
from tests.support.periods import Periods

_SUBJECTS = 7
_SEED = 20261122


def answered(site: LogSite, proof: CompletenessProof) -> list[int]:
    """What somebody with the log's public key and the file alone learns."""
    told = proof_json.parse(proof_json.write(proof)).verify(site.verifier)
    return [record.index for record in told.records]


async def test_promise_5_an_answer_has_every_record_and_no_other(log_site: LogSite) -> None:
    """Of everybody just what the ledger of the test says, over periods of all lengths; of strangers none."""
    rng = random.Random(_SEED)
    periods = Periods(log_site)
    ledger: dict[bytes, list[int]] = defaultdict(list)
    with log_site.opened() as log:
        for number in range(60):
            subject = b"subject %d" % rng.randrange(_SUBJECTS)
            done = await log.append(submission(number, subject=subject), closes_intention=False)
            ledger[subject].append(done.index)
            if rng.random() < 0.1:
                periods.close()
        periods.close()
        for subject in (*ledger, b"stranger"):
            assert ledger.get(subject, []) == answered(log_site, periods.prove(subject))
        erased = b"subject 0"
        log_site.erase(erased)
        periods.settled()
        for subject, indexes in ledger.items():
            left = [] if subject == erased else indexes
            assert left == answered(log_site, periods.prove(subject))
    assert log_site.verify().holds


async def test_promise_5_nothing_can_be_left_out_of_an_answer(sqlite_site: LogSite) -> None:
    """Whoever answers with fewer records, or with fewer periods in between, is refused."""
    periods = Periods(sqlite_site)
    with sqlite_site.opened() as log:
        for number in range(24):
            who = b"subject %d" % (number % 2)
            await log.append(submission(number, subject=who), closes_intention=False)
            if number % 8 == 7:
                periods.close()
        proof = periods.prove(b"subject 1")
    assert 12 == len(answered(sqlite_site, proof))
    tried = 0
    for at, period in enumerate(proof.periods):
        for left_out in range(len(period.records)):
            records = (*period.records[:left_out], *period.records[left_out + 1 :])
            fewer = replace(period, records=records)
            changed = replace(proof, periods=(*proof.periods[:at], fewer, *proof.periods[at + 1 :]))
            with pytest.raises(LogError):
                answered(sqlite_site, changed)
            tried += 1
    assert 12 == tried
    with pytest.raises(LogError):
        answered(sqlite_site, replace(proof, periods=(proof.periods[0], proof.periods[2])))
