"""The REST adapter: fills the call of an entry, asks for every page, reads the records strictly."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson

from adapters.kinds.fields import is_absent
from adapters.kinds.http.client import Answer, Call, HttpClient
from adapters.kinds.http.statuses import error_of
from adapters.kinds.rest.entry import Ask, Plan, plan_of
from adapters.kinds.rest.pages import Position, after, total_in
from adapters.kinds.rest.template import filled_path
from adapters.kinds.template import usual_filling
from adapters.port import (
    AnswerInvalid,
    Cause,
    Connection,
    Dataset,
    Found,
    Lookup,
    RegisterError,
    SchemaChanged,
    Value,
)

_SUBJECTS: Final = 100  # about which one call of the host's is, where calls to the register are about one
_HEADERS: Final = {"Accept": "application/json"}


class RestAdapter:
    """Reads the datasets of one register from its REST services."""

    def __init__(self, datasets: Sequence[Dataset], connection: Connection) -> None:
        """Reads the entries; connects with the first call.

        Raises:
            ValueError: an entry or the connection says something that cannot be.
        """
        self._plans: Mapping[str, Plan] = {d.name: plan_of(d) for d in datasets}
        self._http = HttpClient(connection)
        self._max_records = connection.max_records
        most = max((ask.most for plan in self._plans.values() for ask in plan.asks.values()), default=1)
        self.most_subjects = max(most, _SUBJECTS)

    async def fetch(self, lookup: Lookup) -> Sequence[Found]:
        """See `adapters.port.RegisterAdapter`."""
        plan = self._plans[lookup.dataset.name]
        ask = plan.asks.get(lookup.kind)
        if ask is None:
            raise AnswerInvalid(Cause.FIELD_UNKNOWN)
        if not lookup.current and not all(plan.tells(ask, axis) for axis in ("registrering", "virkning")):
            raise AnswerInvalid(Cause.PRESENT_ONLY)
        values = lookup.values
        parts = [values[begin : begin + ask.most] for begin in range(0, len(values), ask.most)]
        return [
            found for part in await _all([self._part(plan, ask, lookup, p) for p in parts]) for found in part
        ]

    async def close(self) -> None:
        """See `adapters.port.RegisterAdapter`."""
        await self._http.close()

    async def _part(self, plan: Plan, ask: Ask, lookup: Lookup, values: tuple[str, ...]) -> list[Found]:
        """Asks about the subjects of one call, page for page."""
        most = self._max_records * len(values)
        found: list[Found] = []
        at: Position | None = Position()
        while at is not None:
            answer = await self._http.ask(_call(plan, ask, lookup, values, at))
            if _is_unknown(answer, plan):
                return found
            document = _document(answer)
            raws = _records(document, plan)
            found.extend(_found(raws, plan, ask, lookup, values))
            if at.passed + len(raws) > most or at.pages > most:
                raise AnswerInvalid(Cause.TOO_MANY)
            total = total_in(document, plan.total, plan.fields)
            at = after(plan.paging, at, document, len(raws), total, plan.fields, self._http.url)
        return found


def _call(plan: Plan, ask: Ask, lookup: Lookup, values: tuple[str, ...], at: Position) -> Call:
    if ask.separator and any(ask.separator in value for value in values):
        raise AnswerInvalid(Cause.FIELD_VALUE)  # it would be taken for two
    filling = {
        **usual_filling(lookup, values[0]),
        "keys": ask.separator.join(values),
        "fields": ",".join(sorted({plan.fields.path(name) for name in _needed(lookup, ask)})),
        "page": str(plan.paging.first + at.pages),
        "offset": str(at.passed),
        "size": str(plan.paging.size),
        "cursor": at.cursor,
    }
    headers, body = _HEADERS, None
    if ask.body is not None:
        headers = {**_HEADERS, "Content-Type": "application/json"}
        body = orjson.dumps(ask.body.filled(filling, {"keys": values}))
    if at.link:
        return Call(at.link, (), body, headers)
    query = tuple(_query(ask, filling, values, has_cursor=bool(at.cursor)))
    return Call(filled_path(ask.path, filling), query, body, headers)


def _query(
    ask: Ask, filling: Mapping[str, str], values: Sequence[str], *, has_cursor: bool
) -> Iterator[tuple[str, str]]:
    for name, template in ask.query:
        if "cursor" in template.places and not has_cursor:
            continue
        if "keys" in template.places and not ask.separator:
            for value in values:
                yield name, template.filled({**filling, "keys": value})
        else:
            yield name, template.filled(filling)


def _needed(lookup: Lookup, ask: Ask) -> Sequence[str]:
    key = lookup.dataset.key(lookup.kind)
    return (*lookup.attributes, key.attribute) if key is not None and ask.echo else lookup.attributes


def _is_unknown(answer: Answer, plan: Plan) -> bool:
    """Whether an answer says that there is no such subject.

    A gateway that has no such page says 404 too, but not in JSON: that is an error.
    """
    if answer.status not in plan.unknown:
        return False
    return not answer.body or isinstance(_json(answer.body), dict | list)


def _document(answer: Answer) -> Any:
    if answer.status != HTTPStatus.OK:
        raise error_of(answer.status, answer.headers)
    return _json(answer.body)


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise AnswerInvalid(Cause.NOT_UTF8) from None
    except orjson.JSONDecodeError:
        raise AnswerInvalid(Cause.NOT_DECODED) from None


def _records(document: Any, plan: Plan) -> Sequence[object]:
    told = plan.fields.find(document, plan.records)
    if is_absent(told):
        raise SchemaChanged(Cause.FIELD_MISSING)
    if plan.one:
        return () if told is None else (told,)
    if not isinstance(told, list):
        raise SchemaChanged(Cause.FIELD_TYPE)
    return told


def _found(
    raws: Sequence[object], plan: Plan, ask: Ask, lookup: Lookup, values: Sequence[str]
) -> Iterator[Found]:
    for raw in raws:
        if not isinstance(raw, dict):
            raise AnswerInvalid(Cause.NOT_DECODED)
        if plan.fields.holds(raw, lookup.as_of):
            key = _key(raw, plan, lookup) if ask.echo else values[0]
            yield Found(key, plan.fields.record(raw, lookup.attributes))


def _key(raw: object, plan: Plan, lookup: Lookup) -> Value:
    key = lookup.dataset.key(lookup.kind)
    if key is None:
        raise AnswerInvalid(Cause.FIELD_UNKNOWN)
    value = plan.fields.value(raw, key.attribute)
    if value is None:
        raise SchemaChanged(Cause.FIELD_NULL, key.attribute)
    return value


async def _all(calls: Sequence[Coroutine[Any, Any, list[Found]]]) -> Sequence[list[Found]]:
    """Makes all calls side by side, as many at once as there may be connections; one that fails ends all."""
    if len(calls) == 1:
        return [await calls[0]]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except* RegisterError as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
