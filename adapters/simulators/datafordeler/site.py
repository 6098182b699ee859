"""The simulator's web site: the endpoint, who may come in, and what goes wrong on the way."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from adapters.port import Dataset
from adapters.simulators.datafordeler.answering import Answering
from adapters.simulators.datafordeler.rows import Rows
from adapters.simulators.datafordeler.schema import read_schema, schema_of
from adapters.simulators.datafordeler.spoiling import refused, spoilt
from adapters.simulators.faults import Faults
from adapters.simulators.wire import sent, turned_away

_JSON = "application/graphql-response+json"


@dataclass(frozen=True, slots=True)
class Doors:
    """Who may come in; with neither, anybody.

    Attributes:
        api_key: what the parameter `apiKey` must be; empty: none is wanted.
        client_secret: of the OAuth client `hjemmel`; empty: there is no such client.
        token_life: seconds that its tokens live.
    """

    api_key: str = ""
    client_secret: str = ""
    token_life: float = 300


class Simulator:
    """A register of Datafordeler's.

    Attributes:
        path: of the endpoint.
        invented: the root fields that are answered out of nothing.
        options: none.
    """

    def __init__(self, register: str, schema: str, rows: Rows, faults: Faults, doors: Doors) -> None:
        """Takes the schema's text, and what it is answered from.

        Raises:
            SchemaError: the text is no schema.
        """
        self.path = f"/{register.upper()}/v1"
        self.options: Mapping[str, str] = {}
        self._answering = Answering(read_schema(schema, register), register, rows)
        self.invented: Sequence[str] = tuple(self._answering.invented)
        self._schema = schema
        self._rows = rows
        self._faults = faults
        self._doors = doors
        self._tokens: dict[str, float] = {}

    def application(self) -> web.Application:
        """The site: the endpoint, the schema beside it, and where tokens come from."""
        application = web.Application(client_max_size=1 << 20)
        application.add_routes(
            [
                web.post(self.path, self._query),
                web.get(f"{self.path}/schema", self._published),
                web.post("/token", self._token),
            ]
        )

        async def close(_application: web.Application) -> None:
            self._rows.close()

        application.on_cleanup.append(close)
        return application

    async def _published(self, _request: web.Request) -> web.Response:
        return web.Response(text=self._schema)

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        sent = str(form.get("client_secret", ""))
        if not self._doors.client_secret or not hmac.compare_digest(sent, self._doors.client_secret):
            return web.json_response({"error": "invalid_client"}, status=401)
        token = secrets.token_urlsafe(16)
        self._tokens[token] = time.monotonic() + self._doors.token_life
        return web.json_response({"access_token": token, "expires_in": self._doors.token_life})

    async def _query(self, request: web.Request) -> web.StreamResponse:
        faults = self._faults.next()
        body = await request.json()
        said = await turned_away(request, faults) or self._not_let_in(request)
        if said is not None:
            return said
        missing = refused(body.get("query", ""), faults)
        status, document = (400, missing) if missing else self._answer(body)
        return await sent(request, faults, orjson.dumps(spoilt(document, faults)), _JSON, status)

    def _answer(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        return self._answering.answer(str(body.get("query", "")), body.get("variables") or {})

    def _not_let_in(self, request: web.Request) -> web.Response | None:
        if not self._doors.api_key and not self._doors.client_secret:
            return None
        if self._doors.api_key and hmac.compare_digest(
            request.query.get("apiKey", "").encode(), self._doors.api_key.encode()
        ):
            return None
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._tokens.get(token, 0) > time.monotonic():
            return None
        return _unauthorized("The token expired" if token in self._tokens else "Who are you?")


def simulator(
    register: str,
    datasets: Sequence[Dataset],
    folder: Path,
    faults: Faults,
    schema: str = "",
    doors: Doors | None = None,
) -> Simulator:
    """Makes the simulator of a register.

    Args:
        register: its name in the catalogue.
        datasets: what the catalogue says of it.
        folder: where the generated registers are.
        faults: what it does wrong.
        schema: the published schema; without one, the catalogue makes it.
        doors: who may come in.

    Raises:
        SchemaError: the text is no schema.
    """
    rows = Rows(folder / f"{register}.db")
    return Simulator(register, schema or schema_of(register, datasets), rows, faults, doors or Doors())


def _unauthorized(why: str) -> web.Response:
    challenge = f'Bearer error="invalid_token", error_description="{why}"'
    return web.json_response({}, status=401, headers={"WWW-Authenticate": challenge})
