"""Checkpoints are stamped by an outsider, beside the log, whatever the outsider does."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.errors import FormatError, NotFound, VerificationError
from audit.formats import checkpoint
from audit.formats.merkle import verify_consistency
from audit.log import AuditLog
from audit.timestamps import timestamp
from audit.timestamps.timestamping import HttpAuthority, Rhythm, Stamper
from audit.timestamps.timestamps import StoredTimestamp
from tests.support.logs import LogSite, fill, still_proves
from tests.support.tsa import PATIENT, Mode, Tsa, openssl, stamper

QUICK = Rhythm(interval=0.01, timeout=30, retry=0.01)


def sizes(log: AuditLog) -> list[int]:
    return [stamp.size for stamp in log.timestamps.all()]


async def test_newest_checkpoint_is_stamped_while_the_log_grows(log_site: LogSite, tsa: Tsa) -> None:
    """Each look stamps the newest checkpoint, if there is a new one; an empty log has nothing to stamp."""
    with log_site.opened() as log:
        stamps = stamper(log, tsa)
        await stamps.look()
        assert (0, []) == (tsa.asked, sizes(log))
        for count, first in ((3, 0), (4, 3)):
            await fill(log, count, first)
            await stamps.look()
            await stamps.look()
        assert (2, [3, 7], None) == (tsa.asked, sizes(log), stamps.problem)
        newest = log.timestamps.all()[-1]
        assert log.reader.signed_checkpoint() == newest.checkpoint
        report = log_site.verify(roots=tsa.roots)
        assert (True, 2, 0) == (report.holds, report.timestamps, report.unrooted)


async def test_restart_goes_on_where_it_was(log_site: LogSite, tsa: Tsa) -> None:
    """A broker that restarts asks for nothing that is stamped already, and for what is not."""
    with log_site.opened() as log:
        await fill(log, 3)
        await stamper(log, tsa).look()
    with log_site.opened() as log:
        await stamper(log, tsa).look()
        assert (1, [3]) == (tsa.asked, sizes(log))
        await fill(log, 1, 3)
    with log_site.opened() as log:
        await stamper(log, tsa).look()
        assert (2, [3, 4]) == (tsa.asked, sizes(log))


async def test_two_authorities_stamp_independently(log_site: LogSite, tsa: Tsa) -> None:
    """The same checkpoint is kept once for each; one that fails does not hold up the other."""
    with log_site.opened() as log:
        await fill(log, 2)
        await stamper(log, tsa, name="first").look()
        tsa.mode = Mode.ERROR
        await stamper(log, tsa, name="second").look()
        tsa.mode = Mode.STAMP
        await stamper(log, tsa, name="third").look()
        assert [(2, "first"), (2, "third")] == [(s.size, s.tsa) for s in log.timestamps.all()]


WRONG = [m for m in Mode if m not in {Mode.STAMP, Mode.CHAIN, Mode.HANG}]


@pytest.mark.parametrize("mode", WRONG, ids=lambda mode: mode.value)
async def test_wrong_answer_is_not_kept(
    sqlite_site: LogSite, tsa: Tsa, caplog: pytest.LogCaptureFixture, mode: Mode
) -> None:
    """Nothing but a token of this question, under the root and for this purpose, is kept; it is told once."""
    caplog.set_level(logging.INFO)
    with sqlite_site.opened() as log:
        acknowledged = await fill(log, 2)
        stamps = stamper(log, tsa)
        tsa.mode = mode
        for _ in range(3):
            await stamps.look()
        assert (3, []) == (tsa.asked, sizes(log))
        assert ["timestamp_failed"] == [r.getMessage() for r in caplog.records]
        assert stamps.problem
        tsa.mode = Mode.STAMP
        await stamps.look()
        assert [2] == sizes(log)
        assert not stamps.problem
        assert ["timestamp_failed", "timestamps_resumed"] == [r.getMessage() for r in caplog.records]
        still_proves(log, acknowledged[0])


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (Mode.ERROR, "HTTP status 503"),
        (Mode.MOVED, "HTTP status 302"),
        (Mode.REFUSAL, "GRANTED"),
        (Mode.OTHER_NONCE, "Nonce"),
        (Mode.OTHER_IMPRINT, "Mismatch between messages"),
        (Mode.OTHER_ROOT, "unable to get local issuer certificate"),
        (Mode.OTHER_PURPOSE, "unsuitable certificate purpose"),
        (Mode.ENDLESS, "longer than"),
        (Mode.GARBAGE, "DER"),
    ],
    ids=lambda value: value.value if isinstance(value, Mode) else "",
)
async def test_problem_says_what_is_wrong(sqlite_site: LogSite, tsa: Tsa, mode: Mode, said: str) -> None:
    """Each wrong answer fails for what is wrong with it, and the problem names it."""
    with sqlite_site.opened() as log:
        await fill(log, 1)
        stamps = stamper(log, tsa)
        tsa.mode = mode
        await stamps.look()
        assert said in str(stamps.problem)


@pytest.mark.parametrize("days", [-1, 1])
async def test_time_that_cannot_be_is_not_kept(sqlite_site: LogSite, tsa: Tsa, days: int) -> None:
    """A token of a time that is not now is refused."""
    with sqlite_site.opened() as log:
        await fill(log, 1)
        stamps = stamper(log, tsa, now=lambda: datetime.now(UTC) + timedelta(days=days))
        await stamps.look()
        assert "far from this machine's clock" in str(stamps.problem)
        assert [] == sizes(log)


async def test_token_from_under_an_intermediate_is_kept(log_site: LogSite, tsa: Tsa) -> None:
    """An authority that sends its chain, in an order of its own, is understood; so is what was kept of it."""
    with log_site.opened() as log:
        await fill(log, 1)
        tsa.mode = Mode.CHAIN
        stamps = stamper(log, tsa)
        await stamps.look()
        assert (None, [1]) == (stamps.problem, sizes(log))
        assert log_site.verify(roots=tsa.roots).holds


async def test_hanging_authority_disturbs_nothing(log_site: LogSite, tsa: Tsa) -> None:
    """While an answer is waited for, entries are appended and proved; then it is given up."""
    with log_site.opened() as log:
        await fill(log, 2)
        tsa.mode = Mode.HANG
        stamps = stamper(log, tsa)
        hanging = asyncio.create_task(stamps.look())
        assert await asyncio.to_thread(tsa.was_asked.wait, 30)
        for appended in await fill(log, 20, 2):
            still_proves(log, appended)
        assert not hanging.done()
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        impatient = stamper(log, tsa, Rhythm(timeout=0.05))
        await impatient.look()
        assert "the timestamp authority does not answer in time" == impatient.problem
        assert 22 == log.reader.checkpoint().size


async def test_nobody_there_disturbs_nothing(log_site: LogSite, tsa: Tsa) -> None:
    """An authority that cannot be reached is a problem told, not raised."""
    with log_site.opened() as log:
        await fill(log, 2)
        roots = tsa.roots
        authority = HttpAuthority("nobody", "http://127.0.0.1:9/")
        stamps = Stamper(log.reader, log.timestamps, authority, roots, PATIENT)
        await stamps.look()
        assert "ClientConnectorError" == stamps.problem
        assert log_site.verify().holds


async def test_after_an_outage_the_newest_checkpoint_covers_the_older_ones(
    log_site: LogSite, tsa: Tsa, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One timestamp after an outage is enough: each earlier checkpoint is proved to be a part of it."""
    with log_site.opened() as log:
        tsa.mode = Mode.ERROR
        resumed, keep = asyncio.Event(), log.timestamps.keep
        loop = asyncio.get_running_loop()

        def kept(stamp: StoredTimestamp) -> None:
            keep(stamp)
            loop.call_soon_threadsafe(resumed.set)

        monkeypatch.setattr(log.timestamps, "keep", kept)
        running = asyncio.create_task(stamper(log, tsa, QUICK).run())
        during, acknowledged = [], []
        for n in range(5):
            acknowledged += await fill(log, 3, 3 * n)
            during.append(log.reader.checkpoint())
            tsa.was_asked.clear()
            assert await asyncio.to_thread(tsa.was_asked.wait, 30)
        assert [] == sizes(log)
        tsa.mode = Mode.STAMP
        await asyncio.wait_for(resumed.wait(), 30)
        running.cancel()
        [stamped] = log.timestamps.all()
        assert 15 == stamped.size
        head = checkpoint.verify(stamped.checkpoint, log.reader.verifier)
        for old in during:
            proof = log.reader.consistency(old.size, head.size)
            verify_consistency(old.size, head.size, proof, old.root, head.root)
        roots = tsa.roots
        for appended in acknowledged:
            evidence = log.timestamps.evidence(appended.index)
            assert appended.leaf.data == evidence.entry
            evidence.verify(log.reader.verifier, roots)
        assert 1 == [r.getMessage() for r in caplog.records].count("timestamp_failed")


def test_pauses_grow_up_to_the_interval() -> None:
    """A failure is tried again soon, then ever later, but never later than the next timestamp is due."""
    rhythm = Rhythm(interval=100, retry=5)
    assert [100, 5, 10, 20, 40, 80, 100, 100] == [rhythm.pause(n) for n in range(8)]
    assert 100 == rhythm.pause(900)


async def test_evidence_is_of_the_earliest_timestamp(log_site: LogSite, tsa: Tsa) -> None:
    """An entry is proved by the first stamped checkpoint that commits to it; what is under none, by none."""
    with log_site.opened() as log:
        stamps = stamper(log, tsa)
        for count, first in ((3, 0), (300, 3)):
            await fill(log, count, first)
            await stamps.look()
        await fill(log, 1, 303)
        roots = tsa.roots
        for index, size in ((0, 3), (2, 3), (3, 303), (302, 303)):
            evidence = log.timestamps.evidence(index)
            evidence.verify(log.reader.verifier, roots)
            assert size == checkpoint.verify(evidence.proof.signed_checkpoint, log.reader.verifier).size
        with pytest.raises(NotFound, match="no checkpoint over entry 303 was stamped yet"):
            log.timestamps.evidence(303)
        with pytest.raises(NotFound, match="no entry 304"):
            log.timestamps.evidence(304)


async def test_openssl_verifies_the_token_over_the_checkpoint(
    sqlite_site: LogSite, tsa: Tsa, tmp_path: Path
) -> None:
    """A verifier that nobody here wrote agrees, on what was kept and on nothing else."""
    with sqlite_site.opened() as log:
        await fill(log, 2)
        for mode in (Mode.STAMP, Mode.CHAIN):
            tsa.mode = mode
            await stamper(log, tsa, name=mode.value).look()
        kept = log.timestamps.all()
    for stamp in kept:
        (tmp_path / "checkpoint").write_text(stamp.checkpoint, "utf-8")
        (tmp_path / "token").write_bytes(stamp.token)
        verified = ("ts", "-verify", "-in", tmp_path / "token", "-token_in", "-CAfile", tsa.root)
        assert "Verification: OK" in openssl(*verified, "-data", tmp_path / "checkpoint")
    assert 2 == len(kept)


async def test_changed_token_never_proves_more(sqlite_site: LogSite, tsa: Tsa) -> None:
    """Of a token with any one bit changed, either nothing is believed or all is as before."""
    with sqlite_site.opened() as log:
        await fill(log, 1)
        await stamper(log, tsa).look()
        [kept] = log.timestamps.all()
    roots = tsa.roots
    genuine = timestamp.verify(kept.token, kept.checkpoint, roots)
    refused = 0
    for place in range(len(kept.token)):
        flipped = bytearray(kept.token)
        flipped[place] ^= 1 << place % 8
        try:
            token = timestamp.verify(bytes(flipped), kept.checkpoint, roots)
        except (FormatError, VerificationError):
            refused += 1
        else:  # bytes that no signature covers and that say nothing
            assert (genuine.time, genuine.signer) == (token.time, token.signer)
    assert refused > len(kept.token) * 0.9


@pytest.mark.parametrize("content", [b"", b"nothing", b"-----BEGIN CERTIFICATE-----\nx\n"])
def test_roots_that_are_none_are_refused(tmp_path: Path, content: bytes) -> None:
    """A file without certificates is said to be one: nothing is verified under no root."""
    path = tmp_path / "roots.pem"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"roots\.pem"):
        timestamp.read_roots(path)
    with pytest.raises(FormatError, match="cannot be read"):
        timestamp.read_roots(tmp_path / "nowhere.pem")
