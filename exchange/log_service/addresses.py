"""Where a log's owner is reached: on a UNIX socket that nobody else can, or over mutual TLS."""

from __future__ import annotations

import os
import socket
import stat
from dataclasses import dataclass
from pathlib import Path

import grpc

from audit.errors import LogError, LogStopped
from audit.files import read_private

_UNIX = "unix:"
_LONGEST_PATH = 107  # bytes that Linux has room for in an address
_OTHERS = 0o077


class ServiceAddressError(LogError):
    """The log cannot be served, or asked, at an address; the message says why."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Files of a process's certificate and key, and of the authority that issues the other side's."""

    certificate: Path
    key: Path
    ca: Path


def socket_of(address: str) -> Path | None:
    """The path of a UNIX socket, where an address is one."""
    return Path(address.removeprefix(_UNIX)) if address.startswith(_UNIX) else None


def channel(address: str, identity: Identity, options: tuple[tuple[str, int], ...]) -> grpc.aio.Channel:
    """Makes a channel to whoever serves a log.

    Raises:
        LogStopped: there is no such socket.
        ServiceAddressError: somebody else could serve, or listen, at the socket.
        KeyFileError: the key is missing or open to others.
        OSError: a certificate cannot be read.
    """
    path = socket_of(address)
    if path is not None:
        check_folder(path)
        check_socket(path)
        return grpc.aio.insecure_channel(f"{_UNIX}{path}", options=options)
    credentials = grpc.ssl_channel_credentials(
        identity.ca.read_bytes(), read_private(identity.key), identity.certificate.read_bytes()
    )
    return grpc.aio.secure_channel(address, credentials, options=options)


def check_folder(path: Path) -> None:
    """Makes sure that nobody else can get at a socket, nor put another in its place.

    Raises:
        ServiceAddressError: its folder is missing, another's, or open to others, or the path is too long.
    """
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise ServiceAddressError(f"{path} is longer than a socket's path can be ({_LONGEST_PATH} bytes)")
    folder = path.parent
    try:
        status = folder.stat()
    except OSError as error:
        raise ServiceAddressError(
            f"{folder} cannot be used ({error.strerror}): make it with install -d -m 0700 {folder}"
        ) from error
    mode = stat.S_IMODE(status.st_mode)
    if status.st_uid != os.geteuid():
        raise ServiceAddressError(f"{folder} belongs to another user: personal data goes through its socket")
    if mode & _OTHERS:
        raise ServiceAddressError(f"{folder} is open to others (mode {mode:04o}): run chmod 700 {folder}")


def check_socket(path: Path) -> None:
    """Makes sure that a socket is one, and ours alone.

    Raises:
        LogStopped: it is not there.
        ServiceAddressError: it is no socket, another's, or open to others.
    """
    try:
        status = path.lstat()
    except OSError as error:
        raise LogStopped(f"nobody serves a log at {path}") from error
    if not stat.S_ISSOCK(status.st_mode):
        raise ServiceAddressError(f"{path} is no socket")
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & _OTHERS:
        raise ServiceAddressError(
            f"{path} is open to others, or another user's: personal data goes through it"
        )


def make_way(path: Path) -> None:
    """Removes the socket that a dead process left.

    Raises:
        ServiceAddressError: somebody listens on it, or it is no socket.
    """
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise ServiceAddressError(f"{path} is no socket, and is not replaced by one")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(str(path)) == 0:
            raise ServiceAddressError(f"another process serves at {path}: give this one a socket of its own")
    path.unlink(missing_ok=True)
