"""The audit log as the exchange uses it: open it, write to it, read from it, close it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from audit.errors import FormatError, LogStopped
from audit.files import read_private
from audit.formats.entry import Submission, commit_to
from audit.formats.note import Ed25519Signer, NoteSigner
from audit.keys import load_ed25519
from audit.reading.reader import LogReader
from audit.storage import database
from audit.storage.policies import PolicyArchive
from audit.timestamps.timestamps import TimestampArchive
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import MasterKey
from audit.writing.operations import Append, Appended, Intend
from audit.writing.sequencer import Pace, Sequencer


@dataclass(frozen=True, slots=True)
class LogSettings:
    """Where a log lives and which keys it uses.

    Attributes:
        url: SQLAlchemy URL of the log's database.
        keys_url: SQLAlchemy URL of the database of subject keys; another one than the log's.
        origin: the log's name, which stands in every checkpoint, e.g. `hjemmel.example/log`.
        signing_key: PEM file of the log's Ed25519 private key, mode 0600.
        master_key: file of the 32 bytes that wrap the subject keys, mode 0600.
        pace: how writes are gathered into batches.
    """

    url: str
    keys_url: str
    origin: str
    signing_key: Path
    master_key: Path
    pace: Pace = field(default_factory=Pace)


class AuditLog:
    """One log, owned by this process between `open` and `close`."""

    def __init__(self, sequencer: Sequencer, reader: LogReader, engines: tuple[sa.Engine, ...]) -> None:
        """Use `AuditLog.open`."""
        self._sequencer = sequencer
        self._engines = engines  # the log's own first
        self.reader = reader
        self.policies = PolicyArchive(engines[0])
        self.engine = engines[0]  # for what is kept beside the log
        self.timestamps = TimestampArchive(engines[0])

    @classmethod
    def open(cls, settings: LogSettings) -> AuditLog:
        """Migrates the databases, takes the log over and closes what a crash left open.

        Raises:
            KeyFileError: a key file is missing or open to others.
            MasterKeyError: the subject keys were wrapped with another master key.
            LogStopped: the log cannot be owned; the message says why.
        """
        master = MasterKey(read_private(settings.master_key))
        signer = load_signer(settings.origin, settings.signing_key)
        if settings.url == settings.keys_url:
            raise LogStopped("subject keys must not lie in the log's database: copies would keep them")
        with ExitStack() as opened:
            log, keys = database.connect(settings.url), database.connect(settings.keys_url)
            opened.callback(log.dispose)
            opened.callback(keys.dispose)
            subject_keys = SubjectKeys(keys, master)
            try:
                database.migrate(log, "log")
                database.migrate(keys, "keys")
                subject_keys.check()
            except sa.exc.SQLAlchemyError as error:
                raise LogStopped(f"the log's database failed: {type(error).__name__}") from error
            sequencer = Sequencer(log, subject_keys, signer, settings.pace)
            sequencer.start()
            reader = LogReader(log, signer.verifier, SubjectKeys(keys, master))
            opened.pop_all()
            return cls(sequencer, reader, (log, keys))

    @property
    def problem(self) -> str | None:
        """Why the log takes nothing at present, or nothing where it does."""
        return self._sequencer.problem

    async def intend(self, submission: Submission) -> None:
        """Notes durably that a register is about to be read.

        Raises:
            DuplicateRequest: the request id was used before.
            FormatError: the entry cannot be kept, or claims no request id to close it by.
            LogBusy: too much is waiting.
            LogStopped: the log takes nothing at present.
        """
        if not submission.claims_request_id or submission.entry.request_id is None:
            raise FormatError("an intention claims the request id that its entry will close")
        await self._sequencer.submit(Intend(submission, commit_to(submission)))

    async def append(self, submission: Submission, *, closes_intention: bool) -> Appended:
        """Appends an entry durably, closing the intention of its request where there is one.

        Raises:
            DuplicateRequest: the request id was used before.
            FormatError: the entry cannot be kept.
            IntentionClosed: the log restarted since the intention, and recorded it as interrupted.
            LogBusy: too much is waiting.
            LogStopped: the log takes nothing at present.
        """
        operation = Append(submission, commit_to(submission), closes_intention)
        appended = await self._sequencer.submit(operation)
        if appended is None:
            raise AssertionError("an append is answered with its place")
        return appended

    def close(self) -> None:
        """Writes what is waiting, then lets go of the log."""
        self._sequencer.stop()
        for engine in self._engines:
            engine.dispose()


def load_signer(origin: str, path: Path) -> NoteSigner:
    """Reads the log's private key.

    Raises:
        KeyFileError: the file is missing, open to others, or holds no Ed25519 key.
    """
    return Ed25519Signer(origin, load_ed25519(path))
