"""Whose turn it is to own a log: one process owns it, others stand by.

A turn decides who tries to take the log over, and nothing else. What prevents a fork is the owner's
compare-and-swap: a process whose turn ended without its noticing cannot commit (`audit.writing.owner`).
So a turn may end too early, or two may think that it is theirs for a moment: no harm comes of it.

A turn ends with the process that has it, and also when that process gives no sign of life for as long as
the lease lasts: it may have been paused, or cut off.
"""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from audit.errors import LogStopped


class Turn(Protocol):
    """The right to try. Used by one thread at a time."""

    def take(self) -> bool:
        """Tries to make it ours; call it again and again.

        Raises:
            LogStopped: it cannot be found out.
        """

    def keep(self) -> bool:
        """Gives a sign of life, several times a lease; tells whether it is still ours."""

    def leave(self) -> None:
        """Lets others have it."""


def turn_of(url: str, origin: str, lease: float) -> Turn:
    """Gives the turn of a log.

    Args:
        url: SQLAlchemy URL of its database, at which all who could own it meet.
        origin: the log's name.
        lease: seconds without a sign of life after which a turn ends.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return FileTurn(Path(f"{parsed.database}.owner"), lease)
    return SessionTurn(url, origin, lease)


class SessionTurn:
    """A turn in PostgreSQL: an advisory lock of a session, which the server ends when it is idle too long."""

    def __init__(self, url: str, origin: str, lease: float) -> None:
        """Takes the database, the log's name, and the lease (seconds)."""
        self._key = int.from_bytes(sha256(b"hjemmel/owner/" + origin.encode()).digest()[:8], signed=True)
        self._lease = lease
        patience = max(1, round(lease))
        self._engine = sa.create_engine(
            url,
            poolclass=sa.NullPool,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            connect_args={"connect_timeout": patience, "tcp_user_timeout": patience * 1000},
        )
        self._session: sa.Connection | None = None

    def take(self) -> bool:
        """See `Turn`."""
        try:
            if self._session is None:
                self._session = self._engine.connect()
                idle = sa.text("SELECT set_config('idle_session_timeout', :ms, false)")
                self._session.execute(idle, {"ms": str(round(self._lease * 1000))})
            lock = sa.text("SELECT pg_try_advisory_lock(:key)")
            return bool(self._session.execute(lock, {"key": self._key}).scalar())
        except sa.exc.SQLAlchemyError as error:
            self._close()
            raise LogStopped(f"the log's database failed: {type(error).__name__}") from error

    def keep(self) -> bool:
        """See `Turn`."""
        try:
            if self._session is not None:
                self._session.exec_driver_sql("SELECT 1")
        except sa.exc.SQLAlchemyError:
            self._close()
        return self._session is not None

    def leave(self) -> None:
        """See `Turn`."""
        self._close()

    def _close(self) -> None:
        if self._session is not None:
            with suppress(sa.exc.SQLAlchemyError):
                self._session.invalidate()  # closed for the server, too: the lock goes with it
                self._session.close()
        self._session = None


class FileTurn:
    """A turn on one host: a locked file beside the database, touched as a sign of life.

    Who takes it from a process that is paused puts another file in its place.
    """

    def __init__(self, path: Path, lease: float) -> None:
        """Takes the file and the lease (seconds)."""
        self._path = path
        self._lease = lease
        self._file: int | None = None
        self._seen: tuple[int, int] | None = None  # whose sign of life, and which
        self._seen_first = 0.0
        self._looked = 0.0

    def take(self) -> bool:
        """See `Turn`."""
        try:
            return self._locked(self._path) or (self._is_lifeless() and self._replaced())
        except OSError as error:
            raise LogStopped(f"{self._path} cannot be used ({error.strerror})") from error

    def keep(self) -> bool:
        """See `Turn`."""
        if self._file is None:
            return False
        try:
            ours = os.fstat(self._file).st_ino == self._path.stat().st_ino
            os.utime(self._file)
        except OSError:
            ours = False
        if not ours:
            self.leave()
        return ours

    def leave(self) -> None:
        """See `Turn`."""
        if self._file is not None:
            os.close(self._file)
        self._file = None

    def _locked(self, path: Path) -> bool:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        if os.fstat(file).st_ino != path.stat().st_ino:  # it was replaced meanwhile
            os.close(file)
            return False
        os.utime(file)
        self.leave()
        self._file = file
        return True

    def _is_lifeless(self) -> bool:
        """Whether one sign of life stood for a lease, by this process's own clock."""
        now, status = time.monotonic(), self._path.stat()
        sign = (status.st_ino, status.st_mtime_ns)
        slept = now - self._looked > self._lease / 2  # we were the ones who were paused
        if sign != self._seen or slept:
            self._seen, self._seen_first = sign, now
        self._looked = now
        return now - self._seen_first >= self._lease

    def _replaced(self) -> bool:
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        if not self._locked(fresh):
            return False
        fresh.replace(self._path)
        return True
