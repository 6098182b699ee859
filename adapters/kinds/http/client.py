"""Calls of HTTP to one register: encrypted, with credentials, within a size, as errors of the port.

Redirections are not followed, no cookie is kept, no proxy is taken from the environment, nothing is
decompressed: an answer is what it is, from whom it was asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import NoReturn
from urllib.parse import quote

import aiohttp
from yarl import URL

from adapters.kinds.http import authentication, oauth, tls
from adapters.kinds.options import check_known, whole
from adapters.port import AnswerInvalid, Cause, Connection, RegisterError, Unavailable
from adapters.secrets import read_line

_OPTIONS = authentication.OPTIONS | oauth.OPTIONS | tls.OPTIONS | {"max_bytes"}
_SECRETS = frozenset({"api_key", "password", "client_secret", "certificate_key"})
_USUAL_BYTES = 8 * 1024 * 1024
_CONNECT_TIMEOUT = 10.0
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    Attributes:
        path: encoded, beginning with `/`, below the connection's URL; it may hold a query already.
        query: names and values, not encoded yet.
        body: what is posted; None for GET.
        headers: beside the credentials.
    """

    path: str = ""
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """Asks one register. It connects with its first call."""

    def __init__(
        self,
        connection: Connection,
        options: Collection[str] = (),
        usual_bytes: int = _USUAL_BYTES,
        read: authentication.ReadSecret = read_line,
    ) -> None:
        """Takes how the register is reached.

        Args:
            connection: the configuration.
            options: those that the kind reads itself.
            usual_bytes: most bytes of an answer, where the connection does not say.
            read: how secrets are read.

        Raises:
            ValueError: an option or a secret is missing, malformed or not known.
        """
        check_known(connection.options, _OPTIONS | set(options), "options")
        check_known(connection.secrets, _SECRETS, "secrets")
        tls.check_url(connection.url, connection.options)
        self.url = connection.url.rstrip("/")
        self.max_bytes = whole(connection.options, "max_bytes", usual_bytes)
        self._most = connection.max_concurrent
        self._tls = tls.Tls(connection)
        self._session: aiohttp.ClientSession | None = None
        self._shows: authentication.Authentication
        if authentication.kind_of(connection) == "oauth":
            self._shows = oauth.ClientCredentials(connection, self._post, read)
        else:
            self._shows = authentication.fixed(connection, read)

    async def ask(self, call: Call) -> Answer:
        """Makes a call; credentials that are refused are read or fetched anew, once.

        Raises:
            RegisterError: there is no whole answer. Statuses are the caller's to judge.
        """
        shown = await self._shows.shown()
        answer = await self._ask(call, shown)
        if answer.status == HTTPStatus.UNAUTHORIZED and self._shows.refused(shown):
            answer = await self._ask(call, await self._shows.shown())
        return answer

    async def close(self) -> None:
        """Lets go of connections."""
        if self._session is not None:
            await self._session.close()
            # aiohttp closes TLS transports in the next turns of the loop.
            await asyncio.sleep(0)

    async def _ask(self, call: Call, shown: authentication.Shown) -> Answer:
        query = encoded((*call.query, *shown.query.items()))
        mark = "" if not query else "&" if "?" in call.path else "?"
        url = f"{self.url}{call.path}{mark}{query}"
        return await self._exchange(url, call.body, {**(call.headers or {}), **shown.headers})

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return await self._exchange(url, body, headers)

    async def _exchange(self, url: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        self._tls.check()
        try:
            async with self._opened().request(
                "GET" if body is None else "POST",
                URL(url, encoded=True),
                data=body,
                headers={"Accept-Encoding": "identity", **headers},
                allow_redirects=False,
                ssl=self._tls.context,
            ) as response:
                content = await self._bounded(response)
                return Answer(response.status, response.headers, content)
        except aiohttp.ClientPayloadError:
            _raise(Unavailable(Cause.PARTIAL))  # cut off: asking again may give the whole
        except (aiohttp.ClientError, OSError):
            _raise(Unavailable(Cause.CONNECTION))

    async def _bounded(self, response: aiohttp.ClientResponse) -> bytes:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise AnswerInvalid(Cause.NOT_DECODED)
        content = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            content += chunk
            if len(content) > self.max_bytes:
                raise AnswerInvalid(Cause.TOO_LARGE)
        return bytes(content)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._most),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_TIMEOUT),
                auto_decompress=False,
            )
        return self._session


def encoded(query: Collection[tuple[str, str]]) -> str:
    """Writes a query: whatever a value holds, it stays one value."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)


def _raise(error: RegisterError) -> NoReturn:
    """Raises without what went before: words of libraries hold URLs, and those hold keys."""
    raise error from None
