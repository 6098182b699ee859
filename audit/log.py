"""The audit log as the exchange uses it: open it, write to it, read from it, close it.

Who writes is this process (`AuditLog.open`), or another one behind a desk (`AuditLog.attach`). Reading
is the same for both: straight from the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from audit.completeness.closing import Closer, Places
from audit.errors import FormatError, LogBusy, LogStopped, OutcomeUnknown
from audit.files import read_private
from audit.formats.entry import Leaf, Submission, commit_to
from audit.formats.merkle import leaf_hash
from audit.formats.note import Ed25519Signer, NoteSigner, NoteVerifier
from audit.keys import load_ed25519
from audit.reading.reader import LogReader
from audit.storage import database
from audit.storage.policies import PolicyArchive
from audit.timestamps.timestamps import TimestampArchive
from audit.vault.subject_keys import SubjectKeys
from audit.vault.vault import MasterKey
from audit.writing.operations import Append, Appended, Desk, Intend, Interrupt, claim
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
        period: seconds that a period of the index lasts; 0 where periods are closed on demand only.
    """

    url: str
    keys_url: str
    origin: str
    signing_key: Path
    master_key: Path
    pace: Pace = field(default_factory=Pace)
    period: float = 0.0


class AuditLog:
    """One log, written at a desk.

    Attributes:
        writer: who writes, where it is this process.
    """

    def __init__(
        self,
        desk: Desk,
        reader: LogReader,
        engines: tuple[sa.Engine, ...],
        writer: Sequencer | None = None,
    ) -> None:
        """Use `AuditLog.open` or `AuditLog.attach`."""
        self._desk = desk
        self._engines = engines  # the log's own first
        self._intended: dict[str, tuple[Submission, Leaf]] = {}  # that are open, by request id
        self._doubtful: dict[str, bytes] = {}  # intentions whose outcome is unknown, by request id
        self.writer = writer
        self.reader = reader
        self.policies = PolicyArchive(engines[0])
        self.engine = engines[0]  # for what is kept beside the log
        self.timestamps = TimestampArchive(engines[0])

    @classmethod
    def open(cls, settings: LogSettings, *, keeps_open: bool = False) -> AuditLog:
        """Migrates the databases, takes the log over and closes what a crash left open.

        Args:
            settings: where the log is.
            keeps_open: leaves open intentions to who asks for their interruption; see `Owner`.

        Raises:
            KeyFileError: a key file is missing or open to others.
            MasterKeyError: the subject keys were wrapped with another master key.
            LogStopped: the log cannot be owned; the message says why.
        """
        signer = load_signer(settings.origin, settings.signing_key)
        with _connected(settings, owns=True) as (log, keys, master):
            subject_keys = SubjectKeys(keys, master)
            try:
                database.migrate(log, "log")
                database.migrate(keys, "keys")
                subject_keys.check()
            except sa.exc.SQLAlchemyError as error:
                raise LogStopped(f"the log's database failed: {type(error).__name__}") from error
            places = Places(settings.url, settings.keys_url, settings.master_key)
            closer = Closer(log, subject_keys, places, settings.period)
            writer = Sequencer(log, subject_keys, signer, settings.pace, closer, keeps_open=keeps_open)
            writer.start()
            reader = LogReader(log, signer.verifier, SubjectKeys(keys, master))
            return cls(writer, reader, (log, keys), writer)

    @classmethod
    def attach(cls, settings: LogSettings, desk: Desk, verifier: NoteVerifier) -> AuditLog:
        """Reads a log that another process writes, and hands in at a desk what it is to write.

        Raises:
            KeyFileError: the master key's file is missing or open to others.
            LogStopped, LogError: the database is not the one of this log, or cannot be read.
        """
        with _connected(settings, owns=False) as (log, keys, master):
            subject_keys = SubjectKeys(keys, master)
            reader = LogReader(log, verifier, subject_keys)
            try:
                reader.checkpoint()
                subject_keys.check()
            except sa.exc.SQLAlchemyError as error:
                raise LogStopped(f"the log's database failed: {type(error).__name__}") from error
            return cls(desk, reader, (log, keys))

    @property
    def problem(self) -> str | None:
        """Why the log takes nothing at present, or nothing where it does."""
        return self._desk.problem

    async def intend(self, submission: Submission, timeout: float | None = None) -> None:
        """Notes durably that a register is about to be read, within a time (seconds).

        Raises:
            DuplicateRequest: the request id was used before.
            FormatError: the entry cannot be kept, or claims no request id to close it by.
            LogBusy: too much is waiting, or it took too long.
            LogStopped: the log takes nothing at present.
        """
        request_id = submission.entry.request_id
        if not submission.claims_request_id or request_id is None:
            raise FormatError("an intention claims the request id that its entry will close")
        operation = Intend(submission, commit_to(submission))
        future = self._desk.submit(operation, timeout)
        try:
            async with asyncio.timeout(timeout):
                await future
        except TimeoutError as error:
            self._doubtful[request_id] = leaf_hash(operation.leaf.data)
            raise LogBusy("the log did not take the intention in time") from error
        except OutcomeUnknown:
            self._doubtful[request_id] = leaf_hash(operation.leaf.data)
            raise
        except asyncio.CancelledError:
            self._give_up(request_id)
            raise
        self._intended[request_id] = submission, operation.leaf

    async def append(
        self, submission: Submission, *, closes_intention: bool, timeout: float | None = None
    ) -> Appended:
        """Appends an entry durably, closing the intention of its request where there is one.

        An intention of the same request that failed without its outcome being known is closed by it, too.

        Args:
            submission: the entry, and what is sealed beside it.
            closes_intention: whether there is an intention.
            timeout: seconds after which another process is not waited for.

        Raises:
            DuplicateRequest: the request id was used before.
            FormatError: the entry cannot be kept.
            IntentionClosed: the log restarted since the intention, and recorded it as interrupted.
            LogBusy: too much is waiting.
            LogStopped: the log takes nothing at present.
        """
        request_id = submission.entry.request_id
        intended = self._intended.pop(request_id, None) if closes_intention and request_id else None
        operation = Append(submission, commit_to(submission, intended), closes_intention)
        request_id = claim(operation)
        if request_id is not None and request_id in self._doubtful:
            doubtful = self._doubtful.pop(request_id)
            operation = Append(
                operation.submission, operation.leaf, closes_intention=False, doubtful=doubtful
            )
        future = None
        try:
            future = self._desk.submit(operation, timeout)
            appended = await future
        except LogStopped:
            if request_id is not None and (closes_intention or operation.doubtful):
                self._give_up(request_id)
            raise
        if appended is None:
            raise AssertionError("an append is answered with its place")
        return appended

    def _give_up(self, request_id: str) -> None:
        """Has an intention recorded as interrupted that nobody will close; a stopped log does so itself."""
        with suppress(LogStopped):
            self._desk.submit(Interrupt(request_id)).add_done_callback(_seen)

    def close(self) -> None:
        """Writes what is waiting, then lets go of the log."""
        if self.writer is not None:
            self.writer.stop()
        for engine in self._engines:
            engine.dispose()


def _seen(done: asyncio.Future[Appended | None]) -> None:
    if not done.cancelled():
        done.exception()  # the log stopped: whoever owns it next interrupts what is open


@contextmanager
def _connected(settings: LogSettings, *, owns: bool) -> Iterator[tuple[sa.Engine, sa.Engine, MasterKey]]:
    """Connects to both databases; what fails before the end leaves no connection."""
    master = MasterKey(read_private(settings.master_key))
    if settings.url == settings.keys_url:
        raise LogStopped("subject keys must not lie in the log's database: copies would keep them")
    with ExitStack() as opened:
        log = database.connect(settings.url, owns=owns)
        opened.callback(log.dispose)
        keys = database.connect(settings.keys_url, owns=owns)
        opened.callback(keys.dispose)
        yield log, keys, master
        opened.pop_all()


def load_signer(origin: str, path: Path) -> NoteSigner:
    """Reads the log's private key.

    Raises:
        KeyFileError: the file is missing, open to others, or holds no Ed25519 key.
    """
    return Ed25519Signer(origin, load_ed25519(path))
