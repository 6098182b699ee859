"""When a row holds: the columns that tell it, and the form in which they do.

From inclusive, to exclusive, an absent end means still. Forms:

    text        fixed-width UTC, `YYYY-MM-DDTHH:MM:SS.ffffffZ`, whose order as text is that in time
    a pattern   of strftime's, such as `%Y-%m-%d %H:%M:%S`, likewise; in the zone that is named
    timestamp   TIMESTAMP WITH TIME ZONE; or, where a zone is named, TIMESTAMP without one, of that zone
    date        DATE; the day in the zone that is named, Denmark's where none is

A moment is cut down to the precision of the form. With a from that is inclusive and a to that is exclusive
this changes no answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from adapters.kinds.entry import Entry
from adapters.kinds.sql.tables import BITEMPORAL
from adapters.kinds.values import sortable
from adapters.port import AnswerInvalid, AsOf, Cause

_DENMARK: Final = "Europe/Copenhagen"
_AXES: Final = ("registrering", "virkning")
_SORTABLE: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class Times:
    """The columns of one table that tell when its rows hold.

    Attributes:
        columns: their names, by those in `BITEMPORAL`; either axis may be missing.
        form: see the module.
        zone: in which naive times and days are.
        inclusive: whether the day or time of an end still belongs to the row.
        own: whether this is the form of Hjemmel's own tables, in which nobody else writes.
    """

    columns: Mapping[str, str]
    form: str
    zone: tzinfo | None
    inclusive: bool
    own: bool

    def tells(self, axis: str) -> bool:
        """Whether the table says when its rows hold, on one of the two axes."""
        return f"{axis}Fra" in self.columns

    def holds(self, table: sa.FromClause, number: int) -> list[sa.ColumnElement[bool]]:
        """Conditions for rows that hold; the moments are parameters, named by the table's number."""
        conditions: list[sa.ColumnElement[bool]] = []
        for axis in filter(self.tells, _AXES):
            moment: sa.BindParameter[Any] = sa.bindparam(f"{axis}_{number}", type_=self._type())
            begin, end = table.c[self.columns[f"{axis}Fra"]], table.c[self.columns[f"{axis}Til"]]
            still = end >= moment if self.inclusive else end > moment
            conditions += [begin <= moment, sa.or_(end.is_(None), still)]
        return conditions

    def parameters(self, as_of: AsOf, number: int) -> dict[str, Any]:
        """The values of those parameters."""
        moments = {"registrering": as_of.registration, "virkning": as_of.effect}
        return {f"{axis}_{number}": self._told(moments[axis]) for axis in filter(self.tells, _AXES)}

    def check(self, found: object) -> None:
        """Holds a time as it was read to the form: one of another form was compared wrongly.

        Raises:
            AnswerInvalid: it is of another form.
        """
        try:
            self._check(found)
        except (TypeError, ValueError):
            raise AnswerInvalid(Cause.TIMES) from None

    def _check(self, found: object) -> None:
        if found is None:
            return
        if self.form == "date":
            if isinstance(found, str):  # SQLite has no such type
                date.fromisoformat(found)
            elif isinstance(found, datetime) or not isinstance(found, date):
                raise TypeError
        elif self.form == "timestamp":
            if isinstance(found, str):  # likewise; without a zone they are in UTC
                datetime.fromisoformat(found)
            elif not isinstance(found, datetime) or (found.tzinfo is None) != (self.zone is not None):
                raise TypeError
        elif not isinstance(found, str) or not self._is_written_so(found):
            raise ValueError

    def _is_written_so(self, found: str) -> bool:
        pattern = _SORTABLE if self.form == "text" else self.form
        return datetime.strptime(found, pattern).strftime(pattern) == found  # noqa: DTZ007  # only its form

    def _told(self, moment: datetime) -> Any:
        if self.form == "text":
            return sortable(moment)
        local = moment.astimezone(self.zone or UTC)
        if self.form == "date":
            return local.date()
        if self.form == "timestamp":
            return local.replace(tzinfo=None) if self.zone else local
        return local.strftime(self.form)

    def _type(self) -> sa.types.TypeEngine[Any]:
        if self.form == "date":
            return sa.Date()
        return sa.DateTime(timezone=self.zone is None) if self.form == "timestamp" else sa.Text()


OWN: Final = Times({name: name for name in BITEMPORAL}, "text", None, inclusive=False, own=True)
"""The times of tables that Hjemmel makes."""


def times_of(entry: Entry, usual: Times = OWN) -> Times:
    """Reads `times`, `time_form`, `time_zone` and `time_end` of a table's entry.

    Raises:
        ValueError: the entry says something that cannot be.
    """
    if "times" not in entry and not {"time_form", "time_zone", "time_end"} & set(entry.names()):
        return usual
    told = entry.table("times")
    columns = {name: told.text(name) for name in BITEMPORAL if name in told}
    told.end()
    for axis in _AXES:
        if (f"{axis}Fra" in columns) != (f"{axis}Til" in columns):
            raise ValueError(f"{told.place}: {axis}Fra and {axis}Til go together")
    form = entry.text("time_form", "text")
    if form not in {"text", "timestamp", "date"} and "%" not in form:
        raise ValueError(
            f"{entry.place}: time_form must be text, timestamp, date, or a pattern such as %Y-%m-%d"
        )
    zone = entry.text("time_zone", _DENMARK if form == "date" else "")
    if form == "text" and zone:
        raise ValueError(f"{entry.place}: times of form text are in UTC and take no time_zone")
    inclusive = entry.one_of("time_end", ("exclusive", "inclusive"), "exclusive") == "inclusive"
    if inclusive and form != "date":
        raise ValueError(f"{entry.place}: only dates can end inclusively")
    if "times" not in entry:
        columns = dict(OWN.columns)
    return Times(columns, form, _zone(zone, entry.place) if zone else None, inclusive, own=False)


def _zone(name: str, place: str) -> tzinfo:
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{place}: time_zone {name!r} is not known; write one such as {_DENMARK}") from error
