"""How the broker shows a register who it is: API key, basic, OAuth client credentials, or nothing.

A client certificate is shown beside any of these (`adapters.kinds.http.tls`).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from adapters.kinds.http.secrets import read_secret
from adapters.port import Connection

OPTIONS = frozenset({"authentication", "api_key_name", "api_key_in", "username"})
_KINDS = ("none", "api-key", "basic", "oauth")


@dataclass(frozen=True, slots=True)
class Shown:
    """What goes with a call."""

    headers: Mapping[str, str]
    query: Mapping[str, str]


class Authentication(Protocol):
    """Gives what goes with a call."""

    async def shown(self) -> Shown:
        """Gives it.

        Raises:
            RegisterError: a token server gave none.
        """

    def refused(self) -> bool:
        """The register did not take it: tells whether asking again may help."""


class Fixed:
    """The same with every call."""

    def __init__(
        self, headers: Mapping[str, str] | None = None, query: Mapping[str, str] | None = None
    ) -> None:
        """Takes it."""
        self._shown = Shown(headers or {}, query or {})

    async def shown(self) -> Shown:
        """See `Authentication`."""
        return self._shown

    def refused(self) -> bool:
        """See `Authentication`."""
        return False


def kind_of(connection: Connection) -> str:
    """Reads how the broker shows who it is.

    Raises:
        ValueError: in no way that there is.
    """
    kind = connection.options.get("authentication", "none")
    if kind not in _KINDS:
        raise ValueError(f"options.authentication is {kind!r}, but must be one of {', '.join(_KINDS)}")
    return kind


def basic(name: str, password: str) -> Mapping[str, str]:
    """Writes the header of RFC 7617, in UTF-8.

    Raises:
        ValueError: the name holds a colon, which would end it.
    """
    if ":" in name:
        raise ValueError("options.username must hold no colon")
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


def fixed(connection: Connection) -> Fixed:
    """Makes what does not change: nothing, an API key, or basic.

    An API key is the secret `api_key`, under the option `api_key_name` in a header, or in the query with
    `api_key_in = "query"`; basic has the option `username` and the secret `password`.

    Raises:
        ValueError: an option or a secret is missing.
    """
    options, kind = connection.options, kind_of(connection)
    if kind == "api-key":
        name = options.get("api_key_name", "X-API-Key")
        where = options.get("api_key_in", "header")
        if where not in {"header", "query"}:
            raise ValueError("options.api_key_in must be header or query")
        shown = {name: read_secret(connection, "api_key")}
        return Fixed(headers=shown) if where == "header" else Fixed(query=shown)
    if kind == "basic":
        if not options.get("username"):
            raise ValueError("options.username is missing")
        return Fixed(headers=basic(options["username"], read_secret(connection, "password")))
    return Fixed()
