"""An answer to the records that the port wants: each where the entry has it, in its form, at its time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.kinds.fields import AXES, holds
from adapters.kinds.http.client import Answer
from adapters.kinds.soap.entry import Ask, Place, Plan
from adapters.kinds.soap.envelope import UnknownSubjectError, body_of, raise_meant
from adapters.kinds.soap.paths import every, text_at
from adapters.port import AnswerInvalid, Cause, Found, Lookup, SchemaChanged, Value

_Chain = tuple[Any, ...]


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
    held = [chain for chain in chains if _holds(chain, plan, ask, lookup)]
    _each_once(held, plan, ask)
    return [Found(_key(chain, plan, ask, lookup), _record(chain, plan, ask, lookup)) for chain in held]


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


def _record(chain: _Chain, plan: Plan, ask: Ask, lookup: Lookup) -> dict[str, Value]:
    values = {name: _value(chain, plan, ask, name) for name in lookup.attributes}
    return {name: value for name, value in values.items() if value is not None}


def _value(chain: _Chain, plan: Plan, ask: Ask, name: str) -> Value | None:
    return plan.fields[name].read(_text(chain, ask.attributes[name], name), name)


def _text(chain: _Chain, place: Place, attribute: str) -> str | None:
    return text_at(chain[place.level], place.path, attribute)


def _key(chain: _Chain, plan: Plan, ask: Ask, lookup: Lookup) -> Value:
    if not ask.echo:
        return lookup.values[0]
    key = lookup.dataset.key(lookup.kind)
    if key is None:
        raise AnswerInvalid(Cause.FIELD_UNKNOWN)
    value = _value(chain, plan, ask, key.attribute)
    if value is None:
        raise SchemaChanged(Cause.FIELD_NULL, key.attribute)
    return value


def _each_once(chains: Sequence[_Chain], plan: Plan, ask: Ask) -> None:
    """Sees to it that no two records that hold at the same time are of the same thing."""
    if not plan.identity:
        return
    seen = {tuple(_value(chain, plan, ask, name) for name in plan.identity) for chain in chains}
    if len(seen) != len(chains):
        raise AnswerInvalid(Cause.CONFLICT)
