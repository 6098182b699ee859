"""A register's REST service, as the entry of its datasets says that it is.

It reads calls by the templates, backwards: a call that no template could have made is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote

import orjson
from aiohttp import web

from adapters.kinds.rest.entry import Ask, Plan, plan_of
from adapters.kinds.template import Template
from adapters.port import Dataset
from adapters.simulators.backwards import backwards, moment_told
from adapters.simulators.faults import Faults
from adapters.simulators.rest.spoiling import spoilt
from adapters.simulators.rows import Row, Rows, holds
from adapters.simulators.wire import sent, turned_away
from adapters.simulators.writing import put, raw

_LINKED: Final = 10  # records on a page, where pages are linked
_BELOW: Final = "_begin"  # the query parameter of links and cursors that are made here


@dataclass(frozen=True, slots=True)
class _Route:
    dataset: Dataset
    plan: Plan
    kind: str
    ask: Ask


class RestSimulator:
    """A register's REST service.

    Attributes:
        path: of its interface.
        invented: nothing.
        options: none.
    """

    path = ""
    invented: Sequence[str] = ()
    options: Mapping[str, str] = MappingProxyType({})

    def __init__(self, datasets: Sequence[Dataset], rows: Rows, faults: Faults) -> None:
        """Reads the entries.

        Raises:
            ValueError: one says something that cannot be.
        """
        plans = [(d, plan_of(d)) for d in datasets]
        self._routes = [_Route(d, plan, kind, ask) for d, plan in plans for kind, ask in plan.asks.items()]
        self._rows = rows
        self._faults = faults

    def application(self) -> web.Application:
        """See `adapters.simulators.Simulated`."""
        application = web.Application()
        application.router.add_route("*", "/{tail:.*}", self._handle)

        async def close(_application: web.Application) -> None:
            self._rows.close()

        application.on_cleanup.append(close)
        return application

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        faults = self._faults.next()
        body = await request.read()
        said = await turned_away(request, faults)
        if said is not None:
            return said
        for route in self._routes:
            told = _read(route.ask, request, body)
            if told is not None:
                document = _answer(route, told, self._rows, faults, request)
                return await sent(request, faults, document, "application/json")
        return web.json_response({"fejl": "ukendt kald"}, status=404)


def simulator(register: str, datasets: Sequence[Dataset], folder: Path, faults: Faults) -> RestSimulator:
    """Makes the simulator of a register from entries of kind `rest`.

    Raises:
        ValueError: an entry says something that cannot be.
    """
    del register  # the entries say everything
    return RestSimulator(datasets, Rows(folder), faults)


def _read(ask: Ask, request: web.Request, body: bytes) -> Mapping[str, list[str]] | None:
    """Reads what a call tells, or nothing where it is none of this template."""
    told: dict[str, list[str]] = {}
    path = unquote(request.rel_url.raw_path)
    query = dict.fromkeys(request.query, None)
    given = {name: request.query.getall(name) for name in query if name != _BELOW}
    optional = {name for name, template in ask.query if "cursor" in template.places}
    if request.query.get(_BELOW):
        told["cursor"] = [request.query[_BELOW]]
    templates = dict(ask.query)
    if not (set(templates) - optional <= set(given) <= set(templates)):
        return None
    if (request.method == "POST") != (ask.body is not None):
        return None
    pairs = [(ask.path, [path]), *((templates[name], values) for name, values in given.items())]
    if ask.body is not None:
        pairs += list(_leaves(ask.body.document, orjson.loads(body or b"null")))
    for template, texts in pairs:
        for text in texts:
            found = backwards(template, text, "[^/]+" if template is ask.path else ".*")
            if found is None:
                return None
            for name, value in found.items():
                told.setdefault(name, []).append(value)
    return told


def _leaves(template: Any, document: Any) -> Iterator[tuple[Template, list[str]]]:
    if isinstance(template, dict) and isinstance(document, dict):
        for name, node in template.items():
            yield from _leaves(node, document.get(name))
    elif isinstance(template, Template):
        yield template, document if isinstance(document, list) else [str(document)]


def _answer(
    route: _Route, told: Mapping[str, list[str]], rows: Rows, faults: Faults, request: web.Request
) -> bytes:
    plan = route.plan
    key = route.dataset.key(route.kind)
    assert key is not None  # noqa: S101  # the plan has asks for keys of the dataset only
    values = [v for text in told.get("keys", []) for v in _split(text, route.ask.separator)] or told["key"]
    found = _holding(rows.find(route.dataset, key.attribute, values), told, plan)
    names = _names(route, told, key.attribute)
    raws = [raw(route.dataset, plan.fields, row, names) for row in found]
    return _document(plan, spoilt(raws, plan.fields, route.dataset, key, faults), told, faults, request)


def _split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else [text]


def _holding(found: Sequence[Row], told: Mapping[str, list[str]], plan: Plan) -> list[Row]:
    first = {name: texts[0] for name, texts in told.items()}
    for axis, place in (("virkning", "effect"), ("registrering", "registration")):
        moment = moment_told(first, place)
        if moment is not None:
            found = [row for row in found if holds(row, axis, moment)]
        elif f"{axis}Fra" not in plan.fields.times:
            found = [row for row in found if holds(row, axis, datetime.now(UTC))]
    return list(found)


def _names(route: _Route, told: Mapping[str, list[str]], key: str) -> set[str]:
    if "fields" not in told:
        return set(route.dataset.attribute_names)
    paths = {key: field.path for key, field in route.plan.fields.by_name.items()}
    wanted = set(told["fields"][0].split(","))
    return {name for name, path in paths.items() if path in wanted} | {key}


def _document(
    plan: Plan,
    raws: list[dict[str, Any]],
    told: Mapping[str, list[str]],
    faults: Faults,
    request: web.Request,
) -> bytes:
    size = plan.paging.size or _LINKED
    begin = _begin(plan, told, size)
    page = raws[begin : begin + size] if plan.paging.by else raws
    if faults.has("short"):
        page = page[:-1]
    document: Any = page if not plan.one else (page[0] if page else None)
    if plan.records:
        document = {}
        put(document, plan.records, page if not plan.one else (page[0] if page else None))
    if plan.total:
        put(document, plan.total, len(raws))
    if plan.paging.next:
        following = str(begin + size) if begin + size < len(raws) else None
        if following is not None and plan.paging.by == "link":
            following = str(request.url.update_query({_BELOW: following}))
        put(document, plan.paging.next, following)
    return orjson.dumps(document)


def _begin(plan: Plan, told: Mapping[str, list[str]], size: int) -> int:
    if plan.paging.by == "page":
        return (int(told["page"][0]) - plan.paging.first) * size
    if plan.paging.by == "offset":
        return int(told["offset"][0])
    return int(told.get("cursor", ["0"])[0])
