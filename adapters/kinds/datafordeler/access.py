"""Letting the register know who asks: by API key, by OAuth client credentials, or by certificate alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import aiohttp
import orjson

from adapters.port import AccessRefused, AnswerInvalid, Cause, Connection, Unavailable
from adapters.secrets import read_secret

_EARLY = 30.0  # seconds before its end that a token is renewed
_SHARE = 0.1  # of its life, where that is less
_USUAL_LIFE = 300.0  # seconds, of a token that does not say
_MOST = 64 * 1024  # bytes of an answer with a token


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a call carries."""

    headers: Mapping[str, str]
    parameters: Mapping[str, str]


class Access(Protocol):
    """Where the credentials of calls come from."""

    async def credentials(self, session: aiohttp.ClientSession) -> Credentials:
        """Gives what a call carries.

        Raises:
            RegisterError: there are none at present.
        """

    def refused(self, credentials: Credentials) -> bool:
        """Takes note that a call was refused with these; tells whether others may do."""


class ByCertificate:
    """Nothing but the certificate of the connection, if that."""

    async def credentials(self, session: aiohttp.ClientSession) -> Credentials:  # noqa: ARG002  # the port
        """See `Access`."""
        return Credentials({}, {})

    def refused(self, credentials: Credentials) -> bool:  # noqa: ARG002  # the port
        """See `Access`."""
        return False


class ByApiKey:
    """A key that stands in the address, or in a header."""

    def __init__(self, secrets: Mapping[str, Path], name: str, header: str) -> None:
        """Takes the secrets, the name of the parameter, and that of the header, which goes first.

        Raises:
            ValueError: the key cannot be read.
        """
        self._read: Callable[[], str] = lambda: read_secret(secrets, "api_key")
        self._name = name
        self._header = header
        self._key = self._read()

    async def credentials(self, session: aiohttp.ClientSession) -> Credentials:  # noqa: ARG002  # the port
        """See `Access`."""
        if self._header:
            return Credentials({self._header: self._key}, {})
        return Credentials({}, {self._name: self._key})

    def refused(self, credentials: Credentials) -> bool:  # noqa: ARG002  # the port
        """Reads the file anew: keys are exchanged without a restart."""
        before = self._key
        try:
            self._key = self._read()
        except ValueError:
            return False
        return self._key != before


class ByToken:
    """OAuth 2.0, client credentials (RFC 6749 section 4.4): a token that is renewed before it expires."""

    def __init__(
        self, connection: Connection, token_url: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Takes the connection's options `client_id` and `scope`, and its secret `client_secret`.

        Raises:
            ValueError: one of them is missing.
        """
        self._url = token_url
        self._client = connection.options.get("client_id", "")
        if not self._client:
            raise ValueError("options.client_id is missing: token_url wants one")
        self._scope = connection.options.get("scope", "")
        self._secrets = connection.secrets
        read_secret(self._secrets, "client_secret")
        self._clock = clock
        self._held: Credentials | None = None
        self._until = 0.0
        self._renewing = asyncio.Lock()

    async def credentials(self, session: aiohttp.ClientSession) -> Credentials:
        """See `Access`; of many calls at once, one fetches the token."""
        async with self._renewing:
            if self._held is None or self._clock() >= self._until:
                self._held = await self._fetch(session)
            return self._held

    def refused(self, credentials: Credentials) -> bool:
        """See `Access`; a token that another call has renewed already is not thrown away."""
        if self._held is credentials:
            self._held = None
        return True

    async def _fetch(self, session: aiohttp.ClientSession) -> Credentials:
        form = {"grant_type": "client_credentials", "client_id": self._client}
        if self._scope:
            form["scope"] = self._scope
        try:
            form["client_secret"] = read_secret(self._secrets, "client_secret")
        except ValueError:
            raise AccessRefused(Cause.CREDENTIALS_REFUSED) from None
        begun = self._clock()
        try:
            async with session.post(self._url, data=form, allow_redirects=False) as answer:
                status, body = answer.status, await answer.content.read(_MOST)
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable(Cause.CONNECTION) from error
        if status in {400, 401, 403}:
            raise AccessRefused(Cause.CREDENTIALS_REFUSED)
        if status != 200:  # noqa: PLR2004  # OK
            raise Unavailable(Cause.SERVER_ERROR)
        token, life = _token(body)
        self._until = begun + life - min(_EARLY, life * _SHARE)
        return Credentials({"Authorization": f"Bearer {token}"}, {})


def _token(body: bytes) -> tuple[str, float]:
    try:
        document = orjson.loads(body)
        token, life = document["access_token"], document.get("expires_in", _USUAL_LIFE)
    except (orjson.JSONDecodeError, TypeError, KeyError, AttributeError):
        raise AnswerInvalid(Cause.NOT_DECODED) from None
    sound = isinstance(token, str) and token.isascii() and token.isprintable() and " " not in token
    if not sound or not token or isinstance(life, bool) or not isinstance(life, int | float) or life <= 0:
        raise AnswerInvalid(Cause.NOT_DECODED)
    return token, float(life)


def access_of(connection: Connection, token_url: str) -> Access:
    """Chooses by what the connection has.

    Raises:
        ValueError: it has two, or what there is cannot be read.
    """
    options, secrets = connection.options, connection.secrets
    if token_url and "api_key" in secrets:
        raise ValueError("there is an api_key and a token_url: leave one out")
    if token_url:
        return ByToken(connection, token_url)
    if "api_key" in secrets:
        return ByApiKey(secrets, options.get("api_key_name", "apiKey"), options.get("api_key_header", ""))
    return ByCertificate()
