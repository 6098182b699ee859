"""OAuth 2.0 client credentials (RFC 6749 section 4.4): a token, kept until shortly before it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Protocol
from urllib.parse import quote_plus, urlencode

import orjson

from adapters.kinds.http.authentication import Shown, basic
from adapters.kinds.http.secrets import read_secret
from adapters.kinds.http.statuses import error_of
from adapters.kinds.http.tls import check_url
from adapters.port import AccessRefused, AnswerInvalid, Cause, Connection

OPTIONS = frozenset({"token_url", "client_id", "scope"})
_EARLY = 10.0  # seconds before its end that a token is given up: it must still hold when it arrives
_USUAL_LIFE = 60.0  # where the server does not say; RFC 6749 section 5.1 only recommends that it does


class _Answer(Protocol):
    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> bytes: ...


Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[_Answer]]


class ClientCredentials:
    """Gets tokens with the options `token_url`, `client_id`, `scope` and the secret `client_secret`."""

    def __init__(self, connection: Connection, post: Post) -> None:
        """Takes the options, and what posts.

        Raises:
            ValueError: an option or the secret is missing.
        """
        options = connection.options
        for name in ("token_url", "client_id"):
            if not options.get(name):
                raise ValueError(f"options.{name} is missing")
        check_url(options["token_url"], options, "options.token_url")
        self._url = options["token_url"]
        self._client = basic(  # both form-encoded before, RFC 6749 section 2.3.1
            quote_plus(options["client_id"]), quote_plus(read_secret(connection, "client_secret"))
        )
        self._form = {"grant_type": "client_credentials"}
        if options.get("scope"):
            self._form["scope"] = options["scope"]
        self._post = post
        self._one_at_a_time = asyncio.Lock()
        self._token, self._until = "", 0.0

    async def shown(self) -> Shown:
        """See `adapters.kinds.http.authentication.Authentication`."""
        async with self._one_at_a_time:
            if time.monotonic() >= self._until:
                self._token, life = await self._fetched()
                self._until = time.monotonic() + life - _EARLY
        return Shown({"Authorization": f"Bearer {self._token}"}, {})

    def refused(self) -> bool:
        """See `adapters.kinds.http.authentication.Authentication`."""
        self._until = 0.0
        return True

    async def _fetched(self) -> tuple[str, float]:
        answer = await self._post(
            self._url,
            urlencode(self._form).encode(),
            {
                **self._client,
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
        )
        if answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}:  # RFC 6749 section 5.2
            raise AccessRefused(Cause.CREDENTIALS_REFUSED)
        if answer.status != HTTPStatus.OK:
            raise error_of(answer.status, answer.headers)
        try:
            document = orjson.loads(answer.body)
            token, life = document["access_token"], float(document.get("expires_in", _USUAL_LIFE))
        except (ValueError, TypeError, LookupError, AttributeError):
            raise AnswerInvalid(Cause.NOT_DECODED) from None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise AnswerInvalid(Cause.NOT_DECODED)
        return token, life
