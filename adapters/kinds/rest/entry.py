"""What a catalogue entry of kind `rest` says: which call answers for which key, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters.kinds.entry import Entry
from adapters.kinds.fields import Fields, fields_of, steps_of
from adapters.kinds.rest.pages import Paging, paging_of
from adapters.kinds.rest.template import PLACES, path_template
from adapters.kinds.template import Template, Tree
from adapters.port import Dataset

_CALL: Final = ("path", "query", "body", "many", "echo")
_UNKNOWN: Final = frozenset({401, 403, 404, 410})


@dataclass(frozen=True, slots=True)
class Ask:
    """The call that answers for one kind of key.

    Attributes:
        most: subjects that one call may be about.
        separator: what stands between their keys; empty where a parameter is repeated.
        echo: whether a record tells the key that it was found under.
    """

    path: Template
    query: tuple[tuple[str, Template], ...]
    body: Tree | None
    most: int
    separator: str
    echo: bool

    @property
    def places(self) -> frozenset[str]:
        """Every place of its templates."""
        texts = (self.path, *(template for _, template in self.query))
        found = frozenset[str]().union(*(t.places for t in texts))
        return found | self.body.places if self.body else found


@dataclass(frozen=True, slots=True)
class Plan:
    """How one dataset is read.

    Attributes:
        asks: by kind of key.
        records: where in an answer the records are.
        one: whether there is one record there, and no list.
        total: where in an answer the number of all records is; empty where it does not tell.
        unknown: statuses that mean that the subject is not known.
    """

    asks: Mapping[str, Ask]
    records: tuple[str, ...]
    one: bool
    total: tuple[str, ...]
    unknown: frozenset[int]
    paging: Paging
    fields: Fields

    def tells(self, ask: Ask, axis: str) -> bool:
        """Whether the past is told on an axis: the register or the records know about times."""
        place = "effect" if axis == "virkning" else "registration"
        return f"{axis}Fra" in self.fields.times or not ask.places.isdisjoint({place, f"{place}_date"})


def plan_of(dataset: Dataset) -> Plan:
    """Reads the entry of a dataset.

    Raises:
        ValueError: it says something that cannot be; the message says where, and what to write.
    """
    entry = Entry(dataset.source.options, dataset.source.place)
    fields = fields_of(dataset, entry)
    danish = fields.danish
    usual = {name: entry.value(name) for name in _CALL if name in entry}
    by = entry.table("by")
    asks = {}
    for key in dataset.keys:
        told = by.value(key.kind)
        place = f"{by.place}: {key.kind}" if told is not None else entry.place
        asks[key.kind] = _ask(Entry(usual if told is None else told, place))
    by.end()
    paging = paging_of(entry.table("paging"))
    records = entry.text("records", "-")
    total = entry.text("total", "-")
    plan = Plan(
        asks=asks,
        records=() if records == "-" else steps_of(records, entry.place, danish=danish),
        one=entry.one_of("answer", ("list", "object"), "list") == "object",
        total=() if total == "-" else steps_of(total, entry.place, danish=danish),
        unknown=_statuses(entry),
        paging=paging,
        fields=fields,
    )
    entry.end()
    for kind, ask in asks.items():
        _check(ask, paging, f"{entry.place}: {kind}")
    return plan


def _ask(entry: Entry) -> Ask:
    path = path_template(entry.text("path"), f"{entry.place}: path")
    told = entry.table("query")
    query = tuple(
        (name, Template.of(told.text(name), PLACES, f"{told.place}: {name}")) for name in told.names()
    )
    body = Tree.of(entry.value("body"), PLACES, f"{entry.place}: body") if "body" in entry else None
    many = entry.table("many")
    most = many.number("most") if many.names() else 1
    separator = many.value("separator") or ""
    many.end()
    if not isinstance(separator, str) or most < 1:
        raise ValueError(f"{many.place}: most must be 1 or more, and separator a text")
    echo = entry.flag("echo", usual=True)
    entry.end()
    return Ask(path, query, body, most, separator, echo)


def _statuses(entry: Entry) -> frozenset[int]:
    told = entry.value("unknown") or []
    if not isinstance(told, list) or not _UNKNOWN.issuperset(told):
        raise ValueError(f"{entry.place}: unknown must be a list of 401, 403, 404, 410")
    return frozenset(told)


def _check(ask: Ask, paging: Paging, place: str) -> None:
    one, many = "key" in ask.places, "keys" in ask.places
    if one == many:
        raise ValueError(f"{place}: the call must hold {{key}}, or {{keys}} where many is told")
    if many != (ask.most > 1):
        raise ValueError(f"{place}: {{keys}} and many = {{ most = … }} go together")
    if many and not ask.echo:
        raise ValueError(f"{place}: echo must be true where a call is about many subjects")
    if many and not ask.separator and "keys" in ask.path.places:
        raise ValueError(f"{place}: many needs a separator for keys in the path")
    wanted = paging.by if paging.by in {"page", "offset", "cursor"} else ""
    told = ask.places & {"page", "offset", "cursor"}
    if told != ({wanted} if wanted else set()):
        raise ValueError(
            f"{place}: the call must hold {{{wanted}}}" if wanted else f"{place}: no paging is told"
        )
    if "size" in ask.places and not paging.size:
        raise ValueError(f"{place}: {{size}} needs paging with a size")
    if "cursor" in ask.path.places or (ask.body and "cursor" in ask.body.places):
        raise ValueError(f"{place}: {{cursor}} must stand in the query: the first call has none")
