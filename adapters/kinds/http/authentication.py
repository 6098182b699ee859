"""How the broker shows a register who it is: API key, basic, OAuth client credentials, or nothing.

A client certificate is shown beside any of these (`adapters.kinds.http.tls`).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from adapters.port import Connection
from adapters.secrets import read_line

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

    def refused(self, shown: Shown) -> bool:
        """The register did not take what was shown: tells whether asking again may help."""


ReadSecret = Callable[[Mapping[str, Path], str], str]


class Fixed:
    """The same with every call, for as long as the file that it comes from."""

    def __init__(self, read: Callable[[], Shown]) -> None:
        """Takes what reads it.

        Raises:
            ValueError: it cannot be read.
        """
        self._read = read
        self._shown = read()

    async def shown(self) -> Shown:
        """See `Authentication`."""
        return self._shown

    def refused(self, shown: Shown) -> bool:
        """See `Authentication`; reads anew, for secrets are exchanged without a restart."""
        try:
            self._shown = self._read()
        except ValueError:
            return False
        return self._shown != shown


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


def fixed(connection: Connection, read: ReadSecret = read_line) -> Fixed:
    """Makes what does not change: nothing, an API key, or basic.

    An API key is the secret `api_key`, under the option `api_key_name` in a header, or in the query with
    `api_key_in = "query"`; basic has the option `username` and the secret `password`.

    Raises:
        ValueError: an option or a secret is missing.
    """
    options, secrets, kind = connection.options, connection.secrets, kind_of(connection)
    if kind == "api-key":
        name = options.get("api_key_name", "X-API-Key")
        where = options.get("api_key_in", "header")
        if where not in {"header", "query"}:
            raise ValueError("options.api_key_in must be header or query")
        if where == "header":
            return Fixed(lambda: Shown({name: read(secrets, "api_key")}, {}))
        return Fixed(lambda: Shown({}, {name: read(secrets, "api_key")}))
    if kind == "basic":
        if not options.get("username"):
            raise ValueError("options.username is missing")
        return Fixed(lambda: Shown(basic(options["username"], read(secrets, "password")), {}))
    return Fixed(lambda: Shown({}, {}))
