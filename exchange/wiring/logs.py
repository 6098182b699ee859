"""Puts a log together: owned by this process, or reached through the one that owns it."""

from __future__ import annotations

from contextlib import AsyncExitStack

from audit.errors import FormatError, LogStopped
from audit.formats.note import NoteVerifier
from audit.log import AuditLog, LogSettings
from audit.writing.sequencer import Pace
from audit.writing.waiting import Bounds
from exchange.config import Settings
from exchange.wiring import timestamps, witnesses

_PATIENCE = 30.0  # seconds for the owner to be there, when a broker starts


async def open_log(settings: Settings, stack: AsyncExitStack) -> AuditLog:
    """Opens the log of a broker.

    Raises:
        ConfigError: a witness policy does not hold.
        FormatError: root certificates of timestamp authorities cannot be read.
        KeyFileError: a key file is missing or open to others.
        MasterKeyError: the subject keys were wrapped with another master key.
        LogStopped: the log cannot be owned, or nobody who owns it can be reached.
    """
    if settings.log.service:
        return await _attached(settings, stack)
    log = AuditLog.open(log_settings(settings))
    stack.callback(log.close)
    await watch_over(settings, log, stack)
    return log


async def watch_over(settings: Settings, log: AuditLog, stack: AsyncExitStack) -> None:
    """Begins what the owner of a log does beside writing it: witnesses, timestamps.

    Raises:
        ConfigError: a witness policy does not hold.
        FormatError: root certificates of timestamp authorities cannot be read.
    """
    timestamps.follow(settings, log, stack)
    await witnesses.follow(settings.witness, log, stack)


async def _attached(settings: Settings, stack: AsyncExitStack) -> AuditLog:
    from exchange.log_service.addresses import Identity  # noqa: PLC0415  # start-up time: not all need it
    from exchange.log_service.client import RemoteLog, Way  # noqa: PLC0415  # as above

    service, verifier = settings.log_service, read_verifier(settings)
    desk = RemoteLog(
        Way(
            addresses=tuple(settings.log.service.split()),
            identity=Identity(service.certificate, service.key, service.ca),
            log_vkey=verifier.vkey,
            bounds=Bounds(settings.log.max_pending, settings.log.max_pending_bytes, settings.log.max_wait),
            timeout=settings.log.service_wait,
        )
    )
    await desk.start(_PATIENCE)
    stack.push_async_callback(desk.stop)
    log = AuditLog.attach(log_settings(settings), desk, verifier)
    stack.callback(log.close)
    return log


def read_verifier(settings: Settings) -> NoteVerifier:
    """Reads the log's public key, which lies beside the private one.

    Raises:
        LogStopped: it cannot be read, or is of a log of another name.
    """
    path = settings.log.signing_key.with_suffix(".vkey")
    try:
        verifier = NoteVerifier.parse(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, FormatError) as error:
        raise LogStopped(f"{path} holds no public key of a log") from error
    if verifier.name != settings.log.origin:
        raise LogStopped(f"{path} is of the log {verifier.name}, not of {settings.log.origin}")
    return verifier


def log_settings(settings: Settings) -> LogSettings:
    """The log's part of the configuration."""
    return LogSettings(
        url=settings.log.url,
        keys_url=settings.vault.url,
        origin=settings.log.origin,
        signing_key=settings.log.signing_key,
        master_key=settings.vault.master_key,
        pace=Pace(
            max_batch=settings.log.max_batch,
            interval=settings.log.batch_interval,
            max_pending=settings.log.max_pending,
            max_bytes=settings.log.max_pending_bytes,
            max_age=settings.log.max_wait,
        ),
        period=settings.log.period,
    )
