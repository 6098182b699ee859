"""Queries over HTTP, as Datafordeler wants them: names for credentials of its own, and GraphQL's statuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import orjson

from adapters.kinds.http.client import Call, HttpClient
from adapters.kinds.http.statuses import error_of
from adapters.kinds.options import check_known
from adapters.port import Connection
from adapters.secrets import read_word

OPTIONS = frozenset({"token_url", "client_id", "scope", "api_key_name", "api_key_header", "ca", "max_bytes"})
_SECRETS = frozenset({"api_key", "client_secret", "client_certificate", "client_key"})
_MAX_BYTES = 16 * 1024 * 1024
_ANSWERED = frozenset({HTTPStatus.OK, HTTPStatus.BAD_REQUEST})
_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/graphql-response+json, application/json",
}


class Transport:
    """Posts queries to one endpoint."""

    def __init__(self, connection: Connection) -> None:
        """Looks at the configuration; connects lazily.

        Raises:
            ValueError: it says what cannot be.
        """
        check_known(connection.secrets, _SECRETS, "secrets")
        _check_url(connection.url)
        self._http = HttpClient(_as_http(connection), usual_bytes=_MAX_BYTES, read=read_word)

    async def post(self, document: Mapping[str, Any]) -> tuple[bytes, bool]:
        """Posts a query; gives the answer, and whether HTTP called the query itself bad.

        Raises:
            RegisterError: there is no answer.
        """
        answer = await self._http.ask(Call("", (), orjson.dumps(document), _HEADERS))
        if answer.status not in _ANSWERED:
            raise error_of(answer.status, answer.headers)
        return answer.body, answer.status == HTTPStatus.BAD_REQUEST

    async def close(self) -> None:
        """Lets go of the connections."""
        await self._http.close()


def _as_http(connection: Connection) -> Connection:
    """Says the same in the words of `adapters.kinds.http`."""
    options = {name: connection.options[name] for name in ("ca", "max_bytes") if name in connection.options}
    secrets = {n: connection.secrets[n] for n in ("api_key", "client_secret") if n in connection.secrets}
    pair = {"client_certificate", "client_key"} & set(connection.secrets)
    if len(pair) == 1:
        raise ValueError("secrets must have client_certificate and client_key, or neither")
    if pair:
        options["certificate"] = str(connection.secrets["client_certificate"])
        secrets["certificate_key"] = connection.secrets["client_key"]
    return replace(connection, options=options | _credentials(connection), secrets=secrets)


def _credentials(connection: Connection) -> dict[str, str]:
    """By OAuth, by API key, or by the certificate alone: whichever the connection has."""
    told, secrets = connection.options, connection.secrets
    if told.get("token_url"):
        if "api_key" in secrets:
            raise ValueError("there is an api_key and a token_url: leave one out")
        client = {name: told[name] for name in ("token_url", "client_id", "scope") if name in told}
        return {"authentication": "oauth", "client_in": "body", **client}
    if "api_key" not in secrets:
        return {}
    if told.get("api_key_header"):
        return {"authentication": "api-key", "api_key_name": told["api_key_header"]}
    name = told.get("api_key_name", "apiKey")
    return {"authentication": "api-key", "api_key_in": "query", "api_key_name": name}


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in {"http", "https"}:
        raise ValueError("url must be a URL, such as https://graphql.datafordeler.dk/BBR/v1")
