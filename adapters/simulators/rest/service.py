"""A register's REST service, as the entry of its datasets says that it is.

It reads calls by the templates, backwards: a call that no template could have made is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import orjson
from aiohttp import web

from adapters.kinds.rest.entry import Ask, Plan, plan_of
from adapters.kinds.template import Template
from adapters.kinds.values import instant
from adapters.port import Catalogue, Dataset
from adapters.simulators.rest.faults import Fault, Orders, answered, spoilt
from adapters.simulators.rest.rows import Row, Rows, holds
from adapters.simulators.rest.writing import put, raw, somebody_else, with_new_codes

_DENMARK: Final = ZoneInfo("Europe/Copenhagen")
_LINKED: Final = 10  # records on a page, where pages are linked
_BELOW: Final = "_begin"  # the query parameter of links and cursors that are made here


@dataclass(frozen=True, slots=True)
class _Route:
    dataset: Dataset
    plan: Plan
    kind: str
    ask: Ask


def rest_app(catalogue: Catalogue, register: str, rows: Rows, orders: Orders) -> web.Application:
    """Makes the service of a register.

    Raises:
        ValueError: the catalogue has no dataset of kind `rest` in it.
    """
    described = [d for d in catalogue.datasets.values() if d.register == register and d.source.kind == "rest"]
    if not described:
        raise ValueError(f"the catalogue has no dataset of kind rest in register {register}")
    plans = [(d, plan_of(d)) for d in described]
    routes = [_Route(d, plan, kind, ask) for d, plan in plans for kind, ask in plan.asks.items()]

    async def handle(request: web.Request) -> web.StreamResponse:
        fault = orders.next()
        body = await request.read()
        for route in routes:
            told = _read(route.ask, request, body)
            if told is not None:
                return await answered(request, fault, *_answer(route, told, rows, fault, request))
        return web.json_response({"fejl": "ukendt kald"}, status=404)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    return app


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
            found = _backwards(template, text)
            if found is None:
                return None
            for name, value in found.items():
                told.setdefault(name, []).append(value)
    return told


def _backwards(template: Template, text: str) -> Mapping[str, str] | None:
    parts = re.split(r"\{([a-z_]+)\}", template.text)
    pattern = "".join(f"(?P<{p}>.*)" if n % 2 else re.escape(p) for n, p in enumerate(parts))
    if template.text.startswith("/"):
        pattern = pattern.replace(".*", "[^/]+")
    found = re.fullmatch(pattern, text)
    return None if found is None else found.groupdict()


def _leaves(template: Any, document: Any) -> Iterator[tuple[Template, list[str]]]:
    if isinstance(template, dict) and isinstance(document, dict):
        for name, node in template.items():
            yield from _leaves(node, document.get(name))
    elif isinstance(template, Template):
        yield template, document if isinstance(document, list) else [str(document)]


def _answer(
    route: _Route, told: Mapping[str, list[str]], rows: Rows, fault: Fault | None, request: web.Request
) -> tuple[bytes, str]:
    plan = route.plan
    key = route.dataset.key(route.kind)
    assert key is not None  # noqa: S101  # the plan has asks for keys of the dataset only
    values = [v for text in told.get("keys", []) for v in _split(text, route.ask.separator)] or told["key"]
    found = _holding(rows.find(route.dataset, key.attribute, values), told, plan)
    names = _names(route, told, key.attribute)
    raws = spoilt(
        fault,
        [raw(route.dataset, plan.fields, row, names) for row in found],
        lambda made: with_new_codes(route.dataset, plan.fields, made),
    )
    if fault is Fault.SKEWED:
        for made in raws:
            _skew(made, plan)
    if fault is Fault.OTHER:
        for made in raws:
            put(made, plan.fields.by_name[key.attribute].path.split("."), somebody_else(route.dataset, key))
    return _document(plan, raws, told, fault, request), "application/json"


def _split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else [text]


def _holding(found: Sequence[Row], told: Mapping[str, list[str]], plan: Plan) -> list[Row]:
    for axis, place in (("virkning", "effect"), ("registrering", "registration")):
        moment = _moment(told, place)
        if moment is not None:
            found = [row for row in found if holds(row, axis, moment)]
        elif f"{axis}Fra" not in plan.fields.times:
            found = [row for row in found if holds(row, axis, datetime.now(UTC))]
    return list(found)


def _moment(told: Mapping[str, list[str]], place: str) -> datetime | None:
    if place in told:
        return instant(told[place][0])
    if f"{place}_date" in told:
        day = datetime.fromisoformat(told[f"{place}_date"][0]).date()
        return datetime.combine(day, time(12), _DENMARK).astimezone(UTC)
    return None


def _names(route: _Route, told: Mapping[str, list[str]], key: str) -> set[str]:
    if "fields" not in told:
        return set(route.dataset.attribute_names)
    paths = {key: field.path for key, field in route.plan.fields.by_name.items()}
    wanted = set(told["fields"][0].split(","))
    return {name for name, path in paths.items() if path in wanted} | {key}


def _skew(made: dict[str, Any], plan: Plan) -> None:
    for name, path in plan.fields.times.items():
        if name.endswith("Til"):
            put(made, path, "1900-01-01T00:00:00.000000Z")


def _document(
    plan: Plan,
    raws: list[dict[str, Any]],
    told: Mapping[str, list[str]],
    fault: Fault | None,
    request: web.Request,
) -> bytes:
    size = plan.paging.size or _LINKED
    begin = _begin(plan, told, size)
    page = raws[begin : begin + size] if plan.paging.by else raws
    if fault is Fault.SHORT:
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
