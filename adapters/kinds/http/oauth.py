"""OAuth 2.0 client credentials (RFC 6749 section 4.4): a token, kept until shortly before it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Protocol
from urllib.parse import quote_plus, urlencode

import orjson

from adapters.kinds.http.authentication import ReadSecret, Shown, basic
from adapters.kinds.http.statuses import error_of
from adapters.kinds.http.tls import check_url
from adapters.port import AccessRefused, AnswerInvalid, Cause, Connection

OPTIONS = frozenset({"token_url", "client_id", "client_in", "scope"})
_EARLY = 30.0  # seconds before its end that a token is given up: it must still hold when it arrives
_AT_LEAST = 10.0  # the same of one that lives shortly
_REFUSED = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
)  # RFC 6749 section 5.2
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
    """Gets tokens with the options `token_url`, `client_id`, `scope` and the secret `client_secret`.

    With `client_in = "body"` the client tells who it is in the form, and not in a header of its own.
    """

    def __init__(
        self,
        connection: Connection,
        post: Post,
        read: ReadSecret,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Takes the options, what posts, and how the secret is read.

        Raises:
            ValueError: an option or the secret is missing.
        """
        options = connection.options
        for name in ("token_url", "client_id"):
            if not options.get(name):
                raise ValueError(f"options.{name} is missing")
        check_url(options["token_url"], options, "options.token_url")
        where = options.get("client_in", "header")
        if where not in {"header", "body"}:
            raise ValueError("options.client_in must be header or body")
        self._in_body = where == "body"
        self._url = options["token_url"]
        self._client = options["client_id"]
        self._secret = partial(read, connection.secrets, "client_secret")
        self._secret()
        self._form = {"grant_type": "client_credentials"}
        if options.get("scope"):
            self._form["scope"] = options["scope"]
        self._post = post
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._shown: Shown | None = None
        self._until = 0.0

    async def shown(self) -> Shown:
        """See `adapters.kinds.http.authentication.Authentication`; of many calls, one gets a token."""
        async with self._one_at_a_time:
            if self._shown is None or self._clock() >= self._until:
                begun = self._clock()
                token, life = await self._fetched()
                self._shown = Shown({"Authorization": f"Bearer {token}"}, {})
                self._until = begun + life - min(_EARLY, max(_AT_LEAST, life / 2))
            return self._shown

    def refused(self, shown: Shown) -> bool:
        """See `adapters.kinds.http.authentication.Authentication`; a newer token is not thrown away."""
        if self._shown is shown:
            self._shown = None
        return True

    async def _fetched(self) -> tuple[str, float]:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        form = dict(self._form)
        try:
            secret = self._secret()
        except ValueError:  # it was there at the start
            raise AccessRefused(Cause.CREDENTIALS_REFUSED) from None
        if self._in_body:
            form |= {"client_id": self._client, "client_secret": secret}
        else:
            headers |= basic(quote_plus(self._client), quote_plus(secret))  # RFC 6749 section 2.3.1
        answer = await self._post(self._url, urlencode(form).encode(), headers)
        if answer.status in _REFUSED:
            raise AccessRefused(Cause.CREDENTIALS_REFUSED)
        if answer.status != HTTPStatus.OK:
            raise error_of(answer.status, answer.headers)
        return _token(answer.body)


def _token(body: bytes) -> tuple[str, float]:
    try:
        document = orjson.loads(body)
        token, life = document["access_token"], document.get("expires_in", _USUAL_LIFE)
    except (ValueError, TypeError, LookupError, AttributeError):
        raise AnswerInvalid(Cause.NOT_DECODED) from None
    sound = isinstance(token, str) and token.isascii() and token.isprintable() and " " not in token
    if not sound or not token or isinstance(life, bool) or not isinstance(life, int | float) or life <= 0:
        raise AnswerInvalid(Cause.NOT_DECODED)
    return token, float(life)
