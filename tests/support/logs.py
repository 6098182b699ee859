"""Audit logs for tests: where one lives, what is written to it, and the tree as a textbook builds it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from audit.erasure.erasing import Erasing
from audit.errors import VerificationError
from audit.files import read_private, write_private
from audit.formats.entry import Entry, Submission
from audit.formats.note import NoteSigner, NoteVerifier
from audit.log import AuditLog, LogSettings, load_signer
from audit.reading.reader import LogReader
from audit.storage import database
from audit.timestamps.timestamp import Roots
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import MasterKey
from audit.verification.verify import Progress, Report, verify_log
from audit.writing.operations import Appended
from audit.writing.sequencer import Pace, Sequencer

GROUND = "gdpr.17.1"
ORIGIN = "hjemmel.example/log"
QUICK = Pace(interval=0.001, retry=0.02, look=0.02)  # a failed writer starts over before a test grows bored


@dataclass(frozen=True, slots=True)
class LogSite:
    """Two databases and two keys: all that a log needs."""

    url: str
    keys_url: str
    folder: Path
    origin: str = ORIGIN
    pace: Pace = QUICK

    @classmethod
    def at(cls, folder: Path, url: str | None = None, keys_url: str | None = None) -> LogSite:
        """Makes keys in a folder, and names databases there where none are given."""
        site = cls(url or f"sqlite:///{folder}/log.db", keys_url or f"sqlite:///{folder}/keys.db", folder)
        write_private(site.settings.signing_key, signing_key_pem())
        write_private(site.settings.master_key, os.urandom(32))
        return site

    @property
    def settings(self) -> LogSettings:
        return LogSettings(
            url=self.url,
            keys_url=self.keys_url,
            origin=self.origin,
            signing_key=self.folder / "log.pem",
            master_key=self.folder / "master.key",
            pace=self.pace,
        )

    @property
    def signer(self) -> NoteSigner:
        return load_signer(self.origin, self.settings.signing_key)

    @property
    def verifier(self) -> NoteVerifier:
        return self.signer.verifier

    @property
    def master(self) -> MasterKey:
        return MasterKey(read_private(self.settings.master_key))

    def open(self) -> AuditLog:
        return AuditLog.open(self.settings)

    @contextmanager
    def opened(self) -> Iterator[AuditLog]:
        log = self.open()
        try:
            yield log
        finally:
            log.close()

    @contextmanager
    def database(self) -> Iterator[sa.Engine]:
        """The log's database, beside whoever owns it."""
        engine = database.connect(self.url)
        try:
            yield engine
        finally:
            engine.dispose()

    @contextmanager
    def keys_database(self) -> Iterator[sa.Engine]:
        """The database of subject keys."""
        engine = database.connect(self.keys_url)
        try:
            yield engine
        finally:
            engine.dispose()

    def execute(self, statement: str, **values: object) -> None:
        """Does to the log's database what only its administrator could."""
        with self.database() as engine, engine.begin() as connection:
            connection.execute(sa.text(statement), values)

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Makes whoever commits to the log wait."""
        with self.database() as engine, engine.begin() as connection:  # on SQLite, the write lock
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("LOCK TABLE log_head IN ACCESS EXCLUSIVE MODE")
            yield

    def verify(
        self,
        *,
        sealed: bool = True,
        progress: Progress | None = None,
        roots: Roots = (),
        workers: int | None = None,
    ) -> Report:
        """Verifies the log, with its sealed parts or without."""
        with self.database() as engine, self.keys_database() as keys_engine:
            keys = SubjectKeys(keys_engine, self.master) if sealed else None
            return verify_log(engine, self.verifier, keys, progress, roots=roots, workers=workers)

    @contextmanager
    def erasing(self) -> Iterator[Erasing]:
        """Asks for erasures, beside whoever owns the log."""
        with self.database() as engine, self.keys_database() as keys_engine:
            yield Erasing(engine, SubjectKeys(keys_engine, self.master))

    def erase(self, subject: bytes) -> int:
        """Erases a subject; gives the entry that says so. Somebody owns the log meanwhile, or does now."""
        with self.erasing() as erasing:
            number = erasing.ask(erasing.subject(subject), GROUND)
            assert number is not None
            self.carried_out(erasing, number)
            return erasing.entries(number)[-1]

    def carried_out(self, erasing: Erasing, number: int) -> None:
        """Waits until an owner has carried an erasure out."""
        end = time.monotonic() + 30
        while not erasing.done(number):
            assert time.monotonic() < end, "nobody carries the erasure out"
            time.sleep(0.01)

    def over(self, log: sa.Engine, keys: sa.Engine, pace: Pace = QUICK) -> AuditLog:
        """A log over engines that a test prepared; they are disposed of when it is closed."""
        database.migrate(log, "log")
        database.migrate(keys, "keys")
        sequencer = Sequencer(log, SubjectKeys(keys, self.master), self.signer, pace)
        sequencer.start()
        reader = LogReader(log, self.verifier, SubjectKeys(keys, self.master))
        return AuditLog(sequencer, reader, (log, keys), sequencer)


def signing_key_pem() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def request_id(number: int) -> str:
    """The number-th request id: a UUIDv7, and they sort like their numbers."""
    return f"0199a000-0000-7000-8000-{number:012x}"


ENTRY = Entry(
    kind="exchange",
    time="2026-11-21T20:00:00Z",
    request_id=request_id(0),
    caller="91000008",
    consumer="91000008",
    provider="95000088",
    processor=None,
    dataset="cpr.person",
    attributes_asked=("foedselsdato", "status"),
    attributes_granted=("foedselsdato",),
    attributes_released=("foedselsdato",),
    purpose="housing-benefit.household",
    legal_basis="udl.5",
    legal_basis_version="2018-1",
    law_date="2026-11-21",
    agreement="udk-cpr",
    outcome="granted",
    reasons=(),
    obligations=(),
    policy_revision="0" * 64,
)


def submission(
    number: int, *, subject: bytes = b"subject 1", outcome: str = "granted", claims: bool = True
) -> Submission:
    """What an exchange would submit, told apart by its number."""
    return Submission(
        replace(ENTRY, request_id=request_id(number), outcome=outcome),
        subject,
        {"subject": subject, "case": f"case {number}".encode()},
        claims,
    )


async def fill(log: AuditLog, count: int, first: int = 0) -> list[Appended]:
    """Appends entries at once, so that they go in few groups; gives them by index."""
    wanted = range(first, first + count)
    done = await asyncio.gather(*(log.append(submission(n), closes_intention=False) for n in wanted))
    return sorted(done, key=lambda a: a.index)


def still_proves(log: AuditLog, appended: Appended) -> None:
    """Checks that an acknowledged entry stands where it stood, and that its old receipt holds.

    Raises:
        AssertionError, VerificationError: it does not.
    """
    verifier = log.reader.verifier
    assert appended.leaf.data == log.reader.by_index(appended.index).leaf
    appended.proof.verify(appended.leaf.data, verifier)
    log.reader.proof(appended.index).verify(appended.leaf.data, verifier)


def all_still_prove(log: AuditLog, acknowledged: Sequence[Appended]) -> None:
    """Checks the same of many: every entry and every old receipt, and a sample of new proofs.

    Raises:
        AssertionError, VerificationError: it does not hold for all.
    """
    sample = range(0, len(acknowledged), 1 + len(acknowledged) // 25)
    for number, appended in enumerate(acknowledged):
        if number in sample:
            still_proves(log, appended)
        else:
            assert appended.leaf.data == log.reader.by_index(appended.index).leaf
            appended.proof.verify(appended.leaf.data, log.reader.verifier)


def textbook_root(hashes: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162 section 2.1.1, over leaf hashes, word for word."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = textbook_split(len(hashes))
    return sha256(b"\x01" + textbook_root(hashes[:k]) + textbook_root(hashes[k:])).digest()


def textbook_path(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PATH of section 2.1.3.1."""
    if len(hashes) == 1:
        return []
    k = textbook_split(len(hashes))
    if index < k:
        return [*textbook_path(index, hashes[:k]), textbook_root(hashes[k:])]
    return [*textbook_path(index - k, hashes[k:]), textbook_root(hashes[:k])]


def textbook_consistency(old: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PROOF of section 2.1.4.1."""
    return _subproof(old, hashes, whole=True)


def _subproof(old: int, hashes: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if old == len(hashes):
        return [] if whole else [textbook_root(hashes)]
    k = textbook_split(len(hashes))
    if old <= k:
        return [*_subproof(old, hashes[:k], whole=whole), textbook_root(hashes[k:])]
    return [*_subproof(old - k, hashes[k:], whole=False), textbook_root(hashes[:k])]


def textbook_split(width: int) -> int:
    """The largest power of two smaller than a width."""
    k = 1
    while k * 2 < width:
        k *= 2
    return k


def refuses(verification: Callable[[], None]) -> bool:
    """Whether a verification refuses."""
    try:
        verification()
    except VerificationError:
        return True
    return False
