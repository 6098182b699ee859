"""Fields of a register's records: where an attribute stands, in which form, with which codes.

In an entry, an attribute is a path of names with dots, or a table:

    attributes = { byg026Opfoerelsesaar = "opførelsesår",
                   byg021BygningensAnvendelse = { path = "anvendelse.kode", codes = ["110", "120"] } }

An attribute that is not there stands under its own name. With `spelling = "danish"` names are
transliterated (æ ae, ø oe, å aa) on both sides before they are compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from adapters.kinds.entry import Entry
from adapters.kinds.values import Convert, NotDecodedError, converter, instant
from adapters.port import AnswerInvalid, AsOf, Attribute, Cause, Dataset, Record, SchemaChanged, Value

TIMES: Final = ("registreringFra", "registreringTil", "virkningFra", "virkningTil")
AXES: Final = ("registrering", "virkning")
_DANISH: Final = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "Æ": "Ae", "Ø": "Oe", "Å": "Aa"})


class _Absent:
    """What a record has where it has not even the name."""


_ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Field:
    """One attribute.

    Attributes:
        path: as the entry writes it, for a register that is told which fields to give.
        form: how the register writes values, where that is not as usual.
        steps: the same, as names to be compared.
        codes: the values that there are; empty where any may be.
        required: whether a record without a value is an error.
    """

    path: str
    steps: tuple[str, ...]
    form: str | None
    convert: Convert
    codes: frozenset[str]
    required: bool

    def read(self, found: object, attribute: str) -> Value | None:
        """Turns what a register wrote, or None where it wrote nothing, into a value of the catalogue.

        Raises:
            SchemaChanged: it is missing, of another type or form, or has a code that is not known.
            AnswerInvalid: characters of it were lost before it came.
        """
        if found is None:
            if self.required:
                raise SchemaChanged(Cause.FIELD_NULL, attribute)
            return None
        try:
            value = self.convert(found)
        except NotDecodedError:
            raise AnswerInvalid(Cause.NOT_UTF8, attribute) from None
        except (ValueError, TypeError):
            raise SchemaChanged(Cause.FIELD_TYPE, attribute) from None
        if self.codes and value not in self.codes:
            raise SchemaChanged(Cause.FIELD_VALUE, attribute)
        return value


@dataclass(frozen=True, slots=True)
class Fields:
    """All attributes of a dataset.

    Attributes:
        times: where a record tells when it holds, by the names in `TIMES`; for what the register does not
            filter by itself.
        danish: whether names are transliterated.
        absent_is_null: whether a name that is not there means that there is no value.
    """

    by_name: Mapping[str, Field]
    times: Mapping[str, tuple[str, ...]]
    danish: bool
    absent_is_null: bool

    def path(self, attribute: str) -> str:
        """Where an attribute stands, as the register writes it."""
        return self.by_name[attribute].path

    def record(self, raw: object, attributes: Sequence[str]) -> Record:
        """Reads the attributes asked for from a record as it came.

        Raises:
            AnswerInvalid: it is no record, or not as the catalogue describes it.
        """
        values = {name: self.value(raw, name) for name in attributes}
        return {name: value for name, value in values.items() if value is not None}

    def value(self, raw: object, attribute: str) -> Value | None:
        """Reads one attribute.

        Raises:
            SchemaChanged: it is missing, of another type or form, or has a code that is not known.
        """
        field = self.by_name[attribute]
        found = self.find(raw, field.steps)
        if isinstance(found, _Absent):
            if not self.absent_is_null:
                raise SchemaChanged(Cause.FIELD_MISSING, attribute)
            found = None
        return field.read(found, attribute)

    def holds(self, raw: object, as_of: AsOf) -> bool:
        """Tells whether a record holds at the times asked for, by those that it tells.

        Raises:
            AnswerInvalid: it ends before it begins, or tells no time where one must be.
        """
        return holds({name: self._told(raw, path) for name, path in self.times.items()}, as_of)

    def _told(self, raw: object, path: Sequence[str]) -> object:
        found = self.find(raw, path)
        return None if isinstance(found, _Absent) else found

    def find(self, raw: object, steps: Sequence[str]) -> Any:
        """Walks a path; gives `_ABSENT` where a name is not there, None where the way ends before."""
        for step in steps:
            if raw is None:
                return None
            if not isinstance(raw, dict):
                return _ABSENT
            raw = self._spelt(raw).get(step, _ABSENT)
            if raw is _ABSENT:
                return _ABSENT
        return raw

    def _spelt(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        return {spelt(name): value for name, value in raw.items()} if self.danish else raw


def holds(told: Mapping[str, object], as_of: AsOf) -> bool:
    """Tells whether a record holds at two times, by what it tells under the names in `TIMES`.

    Raises:
        AnswerInvalid: it ends before it begins, or tells no time where one must be.
    """
    return all(
        _within(_time(told[f"{axis}Fra"]), _time(told[f"{axis}Til"]), moment)
        for axis, moment in (("registrering", as_of.registration), ("virkning", as_of.effect))
        if f"{axis}Fra" in told
    )


def _within(begin: datetime | None, end: datetime | None, moment: datetime) -> bool:
    if begin is None or (end is not None and end <= begin):
        raise AnswerInvalid(Cause.TIMES)
    return begin <= moment and (end is None or moment < end)


def _time(found: object) -> datetime | None:
    if found is None:
        return None
    try:
        return instant(found)
    except (ValueError, TypeError, OverflowError):
        raise AnswerInvalid(Cause.TIMES) from None


def is_absent(found: object) -> bool:
    """Tells whether `Fields.find` found nothing."""
    return found is _ABSENT


def spelt(name: str) -> str:
    """A name in the spelling of the GraphQL services."""
    return name.translate(_DANISH)


def fields_of(dataset: Dataset, entry: Entry) -> Fields:
    """Reads where the attributes of a dataset stand.

    Raises:
        ValueError: the entry says something that cannot be.
    """
    danish = entry.one_of("spelling", ("as-written", "danish"), "as-written") == "danish"
    return Fields(
        by_name=each_field(dataset, entry.table("attributes"), danish=danish),
        times=times_of(entry.table("times"), danish=danish),
        danish=danish,
        absent_is_null=entry.one_of("absent", ("error", "null"), "error") == "null",
    )


def each_field(
    dataset: Dataset, told: Entry, forms: Mapping[str, str] | None = None, *, danish: bool = False
) -> Mapping[str, Field]:
    """Reads where each attribute of a dataset stands.

    Args:
        dataset: whose attributes.
        told: the entry's table of them.
        forms: by type of the catalogue, where the kind's usual form is not that of JSON.
        danish: whether names are transliterated.

    Raises:
        ValueError: the entry says something that cannot be.
    """
    usual = forms or {}
    by_name = {
        a.name: _field(a, told.value(a.name), told.place, usual.get(a.type), danish=danish)
        for a in dataset.attributes
    }
    told.end()
    return by_name


def _field(attribute: Attribute, told: object, place: str, usual: str | None, *, danish: bool) -> Field:
    table = {} if told is None else {"path": told} if isinstance(told, str) else told
    entry = Entry(table, f"{place}: {attribute.name}")
    path = entry.text("path", attribute.name)
    form = entry.text("form") if "form" in entry else usual
    codes = entry.texts("codes")
    required = entry.flag("required", usual=False)
    entry.end()
    try:
        convert = converter(attribute.type, form)
    except ValueError as error:
        raise ValueError(f"{entry.place}: {error}") from error
    if codes and attribute.type != "code":
        raise ValueError(f"{entry.place}: codes are for attributes of type code")
    return Field(path, steps_of(path, entry.place, danish=danish), form, convert, frozenset(codes), required)


def times_of(told: Entry, *, danish: bool = False) -> Mapping[str, tuple[str, ...]]:
    """Reads where a record tells when it holds.

    Raises:
        ValueError: a begin has no end, or the entry names something else.
    """
    times = {n: steps_of(told.text(n), told.place, danish=danish) for n in TIMES if n in told}
    told.end()
    for axis in AXES:
        if (f"{axis}Fra" in times) != (f"{axis}Til" in times):
            raise ValueError(f"{told.place}: {axis}Fra and {axis}Til go together")
    return times


def steps_of(path: str, place: str, *, danish: bool = False) -> tuple[str, ...]:
    """Divides a path at its dots.

    Raises:
        ValueError: there is nothing between two of them.
    """
    steps = tuple((spelt(path) if danish else path).split("."))
    if not all(steps):
        raise ValueError(f"{place}: {path!r} must be names with single dots between them")
    return steps
