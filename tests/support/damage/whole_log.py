"""A log with a row in every table, and its state half-way: what damage is done to."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.formats import cosignature, note
from audit.formats.cosignature import CosignatureSigner
from audit.formats.entry import POLICY_CHANGED, AppliedObligation, Entry, Event, Submission
from audit.log import AuditLog
from audit.storage.policies import Difference
from audit.witness import cosigned
from audit.witness.cosigned import CosignedCheckpoint, WitnessState
from tests.support.damage.rows import Rows, read_rows
from tests.support.logs import GROUND, LogSite, submission
from tests.support.tsa import Tsa, stamper

_SUBJECTS = (b"subject 1", b"subject 2", b"subject 3", b"subject 4")
_SETS = (b"the first policies", b"the second policies")
_DONE = "2026-11-21T20:00:00Z"


@dataclass(frozen=True)
class WholeLog:
    """A log that nobody owns at present.

    Attributes:
        site: where it is.
        tsa: the authority that stamped it.
        before: the rows of its databases at half its size.
    """

    site: LogSite
    tsa: Tsa
    before: Rows


def make(site: LogSite, tsa: Tsa, entries: int) -> WholeLog:
    """Writes a log of about so many entries."""
    return asyncio.run(_make(site, tsa, entries))


async def _make(site: LogSite, tsa: Tsa, entries: int) -> WholeLog:
    witness = CosignatureSigner("witness.example/w1", Ed25519PrivateKey.generate())
    with site.opened() as log:
        await _policies(log)
        await _fill(log, 0, entries // 2)
        await stamper(log, tsa).look()
        _cosign(log, witness)
    before = read_rows(site)
    with site.opened() as log:
        await _fill(log, entries // 2, entries)
        for number in (3, 5, 7):  # replays
            await log.append(submission(number, outcome="refused", claims=False), closes_intention=False)
        await log.append(_to_review(entries), closes_intention=False)
        site.erase(_SUBJECTS[-1])
        with site.erasing() as erasing:
            number = erasing.ask(erasing.record(4), GROUND) or 0
            site.carried_out(erasing, number)
        await stamper(log, tsa).look()
        _cosign(log, witness)
        for number in range(entries + 1, entries + 9):  # what is under way
            subject = _SUBJECTS[number % 3]
            await log.intend(submission(number, subject=subject, outcome="interrupted"))
    return WholeLog(site, tsa, before)


async def _fill(log: AuditLog, first: int, end: int) -> None:
    made = (submission(n, subject=_SUBJECTS[n % 4]) for n in range(first, end))
    await asyncio.gather(*(log.append(s, closes_intention=False) for s in made))


async def _policies(log: AuditLog) -> None:
    for bundle in _SETS:
        revision = sha256(bundle).hexdigest()
        event = log.policies.put_in_force(revision, bundle, _DONE, "for the tests")
        details = {"action": event.action.value, "revision": revision, "number": str(event.number)}
        told = Submission(Event(POLICY_CHANGED, _DONE, None, "", details), b"policies", {}, False)  # noqa: FBT003
        log.policies.recorded(event.number, (await log.append(told, closes_intention=False)).index)
    first, second = (sha256(bundle).hexdigest() for bundle in _SETS)
    difference = Difference(second, first, "91000008", "purpose", "udl.5", "cpr.person", "granted", 3)
    log.policies.add_differences([difference])


def _to_review(number: int) -> Submission:
    made = submission(number)
    assert isinstance(made.entry, Entry)
    review = AppliedObligation("emergency", "", "review")
    return replace(made, entry=replace(made.entry, obligations=(review,)))


def _cosign(log: AuditLog, witness: CosignatureSigner) -> None:
    signed, now = log.reader.signed_checkpoint(), int(time.time())
    size = log.reader.checkpoint().size
    text = cosignature.add(signed, [witness.sign(note.parse(signed).text, now)])
    state = WitnessState(witness.verifier.name, "https://witness.example", size, now, text, now)
    with log.engine.begin() as connection:
        cosigned.keep(connection, state, CosignedCheckpoint(size, text))


def at(folder: Path, tsa: Tsa, entries: int, url: str | None = None, keys_url: str | None = None) -> WholeLog:
    """Makes one in a folder, or in two databases."""
    return make(LogSite.at(folder, url, keys_url), tsa, entries)
