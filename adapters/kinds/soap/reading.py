"""An answer to the records that the port wants: each where the entry has it, in its form, at its time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.kinds.fields import AXES, holds
from adapters.kinds.http.client import Answer
from adapters.kinds.soap.entry import Ask, Place, Plan
from adapters.kinds.soap.envelope import UnknownSubjectError, body_of, raise_meant
from adapters.kinds.soap.paths import every, text_at
from adapters.port import AnswerInvalid, Cause, Found, Lookup, SchemaChanged, Value

_Chain = tuple[Any, ...]
_Row = Mapping[str, Value | None]


def read(answer: Answer, plan: Plan, ask: Ask, lookup: Lookup, most: int) -> Sequence[Found]:
    """Reads the records of an answer.

    Args:
        answer: as it came.
        plan: how the dataset is read.
        ask: the operation that was called.
        lookup: what was asked.
        most: most records that there may be.

    Raises:
        RegisterError: it is an error, or not as the entry and the WSDL describe it.
    """
    try:
        body = body_of(answer, plan.outcomes, ask.root.tag)
        if ask.code:
            code = text_at(body, ask.code) or ""
            raise_meant(plan.outcomes.meant.get(code, ""), answer.headers)
    except UnknownSubjectError:
        return ()
    ask.root.check(body)
    chains: list[_Chain] = []
    for chain in every(body, ask.records):
        if len(chains) == most:
            raise AnswerInvalid(Cause.TOO_MANY)
        chains.append(chain)
    if ask.total and text_at(body, ask.total) != str(len(chains)):
        raise AnswerInvalid(Cause.PARTIAL)
    key = _key_of(ask, lookup)
    read_too = tuple(dict.fromkeys((*([key] if key else ()), *plan.identity, *lookup.attributes)))
    rows = [_values(chain, plan, ask, read_too) for chain in chains if _holds(chain, plan, ask, lookup)]
    _each_once(rows, plan)
    return [Found(_key(row, key, lookup), _record(row, lookup)) for row in rows]


def _holds(chain: _Chain, plan: Plan, ask: Ask, lookup: Lookup) -> bool:
    """Tells whether a record holds at the times asked for.

    Raises:
        AnswerInvalid: it does not, although the register was told the times.
    """
    held = True
    for axis in AXES:
        told = {name: _text(chain, place, "") for name, place in ask.times.items() if name.startswith(axis)}
        if not holds(told, lookup.as_of):
            if plan.told(ask, axis):
                raise AnswerInvalid(Cause.TIMES)
            held = False
    return held


def _values(chain: _Chain, plan: Plan, ask: Ask, names: Sequence[str]) -> _Row:
    return {name: plan.fields[name].read(_text(chain, ask.attributes[name], name), name) for name in names}


def _text(chain: _Chain, place: Place, attribute: str) -> str | None:
    return text_at(chain[place.level], place.path, attribute)


def _record(row: _Row, lookup: Lookup) -> dict[str, Value]:
    return {name: value for name in lookup.attributes if (value := row[name]) is not None}


def _key_of(ask: Ask, lookup: Lookup) -> str:
    """The attribute that tells whose a record is; empty where none does."""
    key = lookup.dataset.key(lookup.kind)
    if key is None:
        raise AnswerInvalid(Cause.FIELD_UNKNOWN)
    return key.attribute if ask.echo else ""


def _key(row: _Row, attribute: str, lookup: Lookup) -> Value:
    if not attribute:
        return lookup.values[0]
    value = row[attribute]
    if value is None:
        raise SchemaChanged(Cause.FIELD_NULL, attribute)
    return value


def _each_once(rows: Sequence[_Row], plan: Plan) -> None:
    """Sees to it that no two records that hold at the same time are of the same thing."""
    if plan.identity and len({tuple(row[name] for name in plan.identity) for row in rows}) != len(rows):
        raise AnswerInvalid(Cause.CONFLICT)
