"""HTTP: one pool of connections a register, TLS always verified, answers bounded in time and size."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson

from adapters.kinds.datafordeler.access import access_of
from adapters.port import (
    AccessRefused,
    AnswerInvalid,
    Cause,
    Connection,
    RegisterError,
    Throttled,
    Unavailable,
)
from adapters.secrets import private_file

OPTIONS = frozenset({"token_url", "client_id", "scope", "api_key_name", "api_key_header", "ca", "max_bytes"})
_SECRETS = frozenset({"api_key", "client_secret", "client_certificate", "client_key"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_MAX_BYTES = 16 * 1024 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=120, sock_connect=10)  # the host's own time is shorter
_LONGEST_PAUSE = 3600.0
_USUAL_PAUSE = 1.0
_OK, _BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _TOO_MANY, _UNAVAILABLE = 200, 400, 401, 403, 429, 503


class Transport:
    """Posts queries to one endpoint."""

    def __init__(self, connection: Connection) -> None:
        """Looks at the configuration; connects lazily.

        Raises:
            ValueError: it says what cannot be.
        """
        _check(connection)
        options = connection.options
        self._url = _address("url", connection.url)
        token_url = options.get("token_url", "")
        self._access = access_of(connection, _address("token_url", token_url) if token_url else "")
        self._tls = _tls(connection)
        self._max_bytes = whole(options, "max_bytes", _MAX_BYTES)
        self._most = connection.max_concurrent
        self._session: aiohttp.ClientSession | None = None

    async def post(self, document: Mapping[str, Any]) -> tuple[bytes, bool]:
        """Posts a query; gives the answer, and whether HTTP called the query itself bad.

        Raises:
            RegisterError: there is no answer.
        """
        session = self._opened()
        body = orjson.dumps(document)
        credentials = await self._access.credentials(session)
        try:
            return await self._posted(session, body, credentials.headers, credentials.parameters)
        except AccessRefused as error:
            if error.cause is Cause.NOT_AUTHORISED or not self._access.refused(credentials):
                raise
        credentials = await self._access.credentials(session)
        return await self._posted(session, body, credentials.headers, credentials.parameters)

    async def close(self) -> None:
        """Lets go of the connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._most, ssl=self._tls),
                timeout=_TIMEOUT,
                cookie_jar=aiohttp.DummyCookieJar(),
                # An answer that is not compressed cannot grow beyond its bound before anybody looks.
                headers={"Accept-Encoding": "identity"},
                auto_decompress=False,
            )
        return self._session

    async def _posted(
        self,
        session: aiohttp.ClientSession,
        body: bytes,
        headers: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> tuple[bytes, bool]:
        try:
            async with session.post(
                self._url,
                data=body,
                params=parameters,
                headers={
                    "Content-Type": "application/json",
                    "Accept": "application/graphql-response+json, application/json",
                    **headers,
                },
                allow_redirects=False,  # credentials go nowhere else
            ) as answer:
                _check_status(answer)
                return await self._whole(answer), answer.status == _BAD_REQUEST
        except aiohttp.ClientPayloadError:
            raise Unavailable(Cause.PARTIAL) from None  # it broke off
        except (aiohttp.ClientError, OSError):  # their words have the address, and the key in it
            raise Unavailable(Cause.CONNECTION) from None

    async def _whole(self, answer: aiohttp.ClientResponse) -> bytes:
        parts = bytearray()
        async for part in answer.content.iter_any():
            parts += part
            if len(parts) > self._max_bytes:
                raise AnswerInvalid(Cause.TOO_LARGE)
        return bytes(parts)


def whole(options: Mapping[str, str], name: str, usual: int) -> int:
    """Reads an option that is a whole number, 1 or more.

    Raises:
        ValueError: it is none.
    """
    value = options.get(name, str(usual))
    if not (value.isascii() and value.isdecimal() and int(value) > 0):
        raise ValueError(f"options.{name} must be a whole number, 1 or more")
    return int(value)


def _check(connection: Connection) -> None:
    if unknown := sorted(set(connection.secrets) - _SECRETS):
        raise ValueError(f"secrets.{unknown[0]} is not known to the kind datafordeler")
    pair = {"client_certificate", "client_key"}
    if pair & set(connection.secrets) and not pair <= set(connection.secrets):
        raise ValueError("secrets must have client_certificate and client_key, or neither")


def _address(name: str, url: str) -> str:
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"{name} must not hold a user's name: secrets are files")
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise ValueError(f"{name} must be a URL, such as https://graphql.datafordeler.dk/BBR/v1")
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ValueError(f"{name} must begin with https: only a register on this machine goes without TLS")
    return url


def _tls(connection: Connection) -> ssl.SSLContext:
    authority = connection.options.get("ca")
    try:
        context = ssl.create_default_context(cafile=authority)
        if "client_key" in connection.secrets:
            key = private_file(connection.secrets, "client_key")
            context.load_cert_chain(connection.secrets["client_certificate"], key)
    except (OSError, ssl.SSLError) as error:
        raise ValueError(f"options.ca or the client certificate cannot be read: {error}") from error
    return context


def _check_status(answer: aiohttp.ClientResponse) -> None:
    status = answer.status
    if status in {_OK, _BAD_REQUEST}:
        return
    raise _refusal(status, answer.headers)


def _refusal(status: int, headers: Mapping[str, str]) -> RegisterError:
    if status == _UNAUTHORIZED:
        expired = "expired" in headers.get("WWW-Authenticate", "").lower()
        return AccessRefused(Cause.CREDENTIALS_EXPIRED if expired else Cause.CREDENTIALS_REFUSED)
    if status == _FORBIDDEN:
        return AccessRefused(Cause.NOT_AUTHORISED)
    if status == _TOO_MANY or (status == _UNAVAILABLE and "Retry-After" in headers):
        return Throttled(_pause(headers.get("Retry-After", "")))
    if status >= 500:  # noqa: PLR2004  # the server's own errors
        return Unavailable(Cause.SERVER_ERROR)
    return AnswerInvalid(Cause.SERVER_ERROR)  # a redirect, or an address where nothing is


def _pause(value: str) -> float:
    """Reads Retry-After: seconds, or a date."""
    if value.isascii() and value.isdecimal():
        return min(float(value), _LONGEST_PAUSE)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return _USUAL_PAUSE
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((aware - datetime.now(UTC)).total_seconds(), 0), _LONGEST_PAUSE)
