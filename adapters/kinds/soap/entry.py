"""What a catalogue entry of kind `soap` says: which operation answers for which key, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from adapters.kinds import template
from adapters.kinds.entry import Entry
from adapters.kinds.fields import Field, each_field, steps_of, times_of
from adapters.kinds.soap.envelope import MEANINGS, Outcomes
from adapters.kinds.soap.mandate import Context, context_of
from adapters.kinds.soap.paths import Path, Step, check_single, resolve, root_of
from adapters.kinds.soap.wsdl import MessageError, Operation, Wsdl
from adapters.kinds.template import Tree
from adapters.port import Connection, Dataset

_OWN_PLACES: Final = template.PLACES | {"now"}
_PLACES: Final = {"virkning": "effect", "registrering": "registration"}
_FORMS: Final = {"integer": "text", "boolean": "true/false"}  # XML has texts only


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attribute stands: so many elements down the way to a record, and from there on.

    Attributes:
        level: 0 for the answer's own element.
    """

    level: int
    path: Path


@dataclass(frozen=True, slots=True)
class Ask:
    """The operation that answers for one kind of key, and the paths in its answer.

    Attributes:
        echo: whether a record tells the key that it was found under.
        total: where the number of all records is, or nothing.
        code: where the service's own code is, or nothing.
    """

    operation: Operation
    request: Tree
    header: Tree
    echo: bool
    root: Step
    records: Path
    attributes: Mapping[str, Place]
    times: Mapping[str, Place]
    total: Path
    code: Path

    @property
    def places(self) -> frozenset[str]:
        """Every place of its templates."""
        return self.request.places | self.header.places


@dataclass(frozen=True, slots=True)
class Plan:
    """How one dataset is read.

    Attributes:
        asks: by kind of key.
        identity: the attributes that tell current records apart; empty: nothing does.
    """

    asks: Mapping[str, Ask]
    fields: Mapping[str, Field]
    identity: tuple[str, ...]
    outcomes: Outcomes
    context: Context

    def tells(self, ask: Ask, axis: str) -> bool:
        """Whether the past is told on an axis: the register or the records know about times."""
        return f"{axis}Fra" in ask.times or self.told(ask, axis) or f"{_PLACES[axis]}_date" in ask.places

    def told(self, ask: Ask, axis: str) -> bool:
        """Whether the register is told the very time that is asked for."""
        return _PLACES[axis] in ask.places


def plan_of(dataset: Dataset, connection: Connection, wsdls: dict[str, Wsdl]) -> Plan:
    """Reads the entry of a dataset, and holds it against the WSDL.

    Args:
        dataset: whose entry.
        connection: where its settings and codes may stand.
        wsdls: those that were read already, by path.

    Raises:
        ValueError: it says something that cannot be; the message says where, and what to write.
    """
    entry = Entry(dataset.source.options, dataset.source.place)
    wsdl = _wsdl(dataset, entry.text("wsdl"), wsdls)
    context = context_of(entry, connection, _OWN_PLACES)
    fields = each_field(dataset, entry.table("attributes"), _FORMS)
    outcome = entry.table("outcome")
    reading = _Reading(entry, fields, outcome.text("answer", "-"))
    usual = {name: entry.value(name) for name in ("operation", "echo") if name in entry}
    request, header = entry.value("request"), entry.value("header")
    service, port = entry.text("service", "-"), entry.text("port", "-")
    by = entry.table("by")
    asks = {}
    for key in dataset.keys:
        told = by.table(key.kind)
        own = Entry(
            {**usual, **{name: told.value(name) for name in told.names()}},
            told.place if told.names() else entry.place,
        )
        operation = _operation(wsdl, own, service.strip("-"), port.strip("-"))
        body = Tree.of(
            _over(request, own.value("request")), _OWN_PLACES | context.places, f"{own.place}: request"
        )
        head = Tree.of(
            _over(header, own.value("header")), _OWN_PLACES | context.places, f"{own.place}: header"
        )
        asks[key.kind] = reading.ask(operation, body, head, echo=own.flag("echo", usual=True))
        own.end()
        _check(asks[key.kind], context, own.place)
    by.end()
    identity = entry.texts("identity")
    if unknown := sorted(set(identity) - set(fields)):
        raise ValueError(f"{entry.place}: identity: {unknown[0]} is no attribute")
    plan = Plan(asks, fields, identity, _outcomes(outcome), context)
    entry.end()
    return plan


class _Reading:
    """The paths of an entry, to be found in the answer of an operation."""

    def __init__(self, entry: Entry, fields: Mapping[str, Field], code: str) -> None:
        self._place = entry.place
        self._records = steps_of(entry.text("records"), f"{entry.place}: records")
        self._times = times_of(entry.table("times"))
        self._total, self._code = entry.text("total", "-"), code
        self._fields = fields

    def ask(self, operation: Operation, request: Tree, header: Tree, *, echo: bool) -> Ask:
        return Ask(
            operation=operation,
            request=request,
            header=header,
            echo=echo,
            root=root_of(operation.answer),
            records=resolve(operation.answer, self._records, f"{self._place}: records"),
            attributes={n: self._found(operation, f.steps, n) for n, f in self._fields.items()},
            times={n: self._found(operation, steps, n) for n, steps in self._times.items()},
            total=self._single(operation, self._total, "total"),
            code=self._single(operation, self._code, "outcome: answer"),
        )

    def _found(self, operation: Operation, steps: tuple[str, ...], name: str) -> Place:
        """A path that is one name only begins at the record; any other at the answer."""
        whole = steps if len(steps) > 1 else (*self._records, *steps)
        place = f"{self._place}: attributes: {name}"
        path = resolve(operation.answer, whole, place)
        shared = 0
        while shared < min(len(whole), len(self._records)) and whole[shared] == self._records[shared]:
            shared += 1
        check_single(path, shared, place)
        return Place(shared, path[shared:])

    def _single(self, operation: Operation, path: str, name: str) -> Path:
        if path == "-":
            return ()
        place = f"{self._place}: {name}"
        found = resolve(operation.answer, steps_of(path, place), place)
        check_single(found, 0, place)
        return found


def _wsdl(dataset: Dataset, name: str, wsdls: dict[str, Wsdl]) -> Wsdl:
    path = dataset.source.folder / name
    if str(path) not in wsdls:
        try:
            wsdls[str(path)] = Wsdl(path)
        except ValueError as error:
            raise ValueError(f"{dataset.source.place}: {error}") from error
    return wsdls[str(path)]


def _operation(wsdl: Wsdl, entry: Entry, service: str, port: str) -> Operation:
    name = entry.text("operation")
    try:
        return wsdl.operation(name, service, port)
    except ValueError as error:
        raise ValueError(f"{entry.place}: {error}") from error


def _over(usual: Any, own: Any) -> dict[str, Any]:
    """Lays what a key says over what all keys say."""
    made = dict(usual or {})
    for name, value in (own or {}).items():
        both = isinstance(value, Mapping) and isinstance(made.get(name), Mapping)
        made[name] = _over(made[name], value) if both else value
    return made


def _outcomes(told: Entry) -> Outcomes:
    meant = {code: meaning for meaning in MEANINGS for code in told.texts(meaning)}
    if sum(len(told.texts(meaning)) for meaning in MEANINGS) != len(meant):
        raise ValueError(f"{told.place}: a code means one thing")
    fault = told.text("fault", "-")
    told.end()
    return Outcomes("" if fault == "-" else fault, meant)


def _check(ask: Ask, context: Context, place: str) -> None:
    """Writes a message with something in every place, so that what the WSDL does not take is told now."""
    if "key" not in ask.places:
        raise ValueError(f"{place}: the request must hold {{key}}")
    filling = dict.fromkeys(_OWN_PLACES | context.places, "x")
    try:
        ask.operation.write(ask.request.filled(filling), ask.header.filled(filling))
    except MessageError as error:
        raise ValueError(f"{place}: request: {error}") from error
