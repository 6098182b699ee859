"""The channel to a register: mutual TLS, or a socket of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import grpc

from adapters.kinds.options import check_known, whole
from adapters.port import Connection
from adapters.secrets import private_file

_USUAL_BYTES: Final = 8 * 1024 * 1024
_OPTIONS: Final = frozenset({"ca", "certificate", "max_bytes", "unsafe_plain_grpc"})
_NO_RETRIES: Final = ("grpc.enable_retries", 0)  # the host repeats, within its own time


def max_bytes(connection: Connection) -> int:
    """Reads how large an answer may be.

    Raises:
        ValueError: it is no number.
    """
    return whole(connection.options, "max_bytes", _USUAL_BYTES)


def channel_to(connection: Connection, *, check_only: bool = False) -> Any:
    """Makes the channel; a connection follows with its first call.

    Raises:
        ValueError: the connection says something that cannot be, or would not be encrypted.
    """
    options = connection.options
    check_known(options, _OPTIONS, "options")
    if not connection.url.startswith(("dns:", "unix:")):
        raise ValueError("url must be dns:///host:port, or unix:/path of a socket of this machine")
    unsafe = options.get("unsafe_plain_grpc", "false")
    if unsafe not in {"true", "false"}:
        raise ValueError("options.unsafe_plain_grpc must be true or false")
    plain = unsafe == "true" or connection.url.startswith("unix:")
    credentials = None if plain else _credentials(connection)
    if check_only:
        return None
    told = [
        ("grpc.max_receive_message_length", max_bytes(connection)),
        ("grpc.enable_http_proxy", 0),
        _NO_RETRIES,
    ]
    if credentials is None:
        return grpc.aio.insecure_channel(connection.url, options=told)
    return grpc.aio.secure_channel(connection.url, credentials, options=told)


def _credentials(connection: Connection) -> grpc.ChannelCredentials:
    options = connection.options
    for name in ("ca", "certificate"):
        if not options.get(name):
            raise ValueError(f"options.{name} is missing: a register is reached over mutual TLS")
    key = private_file(connection.secrets, "certificate_key")
    try:
        return grpc.ssl_channel_credentials(
            Path(options["ca"]).read_bytes(), key.read_bytes(), Path(options["certificate"]).read_bytes()
        )
    except OSError as error:
        raise ValueError(f"{error.filename} cannot be read ({error.strerror})") from error
