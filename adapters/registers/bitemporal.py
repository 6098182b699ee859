"""History: when something was true (virkning) and when it was recorded (registrering).

A row states what the register believed from `registreringFra` until `registreringTil` about
the time from `virkningFra` until `virkningTil`. Rows of one thing never overlap in both.

Records of an event (a month's income, a year's wealth) take effect when their period begins
and stay in effect: that the income of May was 30,000 kr is still true in June. Their period is
in their own attributes; only a correction ends such a row, on the registration axis.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Generic, TypeVar

from adapters.registers.model import Row

COLUMNS: Final = ("registreringFra", "registreringTil", "virkningFra", "virkningTil")

_State = TypeVar("_State")


@dataclass(frozen=True, slots=True)
class Version(Generic[_State]):
    """A state that holds from `effective` on, as recorded on `recorded`."""

    effective: date
    recorded: date
    state: _State


def effect_time(day: date) -> str:
    """Returns the first instant of a day as fixed-width UTC text."""
    return f"{day.isoformat()}T00:00:00.000000Z"


def record_time(day: date) -> str:
    """Returns the time at which the registers record what comes in on a day."""
    return f"{day.isoformat()}T09:30:00.000000Z"


@dataclass(frozen=True, slots=True)
class _Span:
    values: Row
    recorded: str
    replaced: str | None
    begins: str
    ends: str | None

    def row(self) -> Row:
        return (*self.values, self.recorded, self.replaced, self.begins, self.ends)


def unfold(versions: Sequence[Version[_State]], render: Callable[[_State], Row]) -> list[Row]:
    """Returns the bitemporal rows that a series of recordings leaves behind.

    A recording replaces everything believed until then about the time from its effect on. What
    was believed about the time before stays true but is recorded anew, with an end, as the
    real registers do it. Recordings may reach back behind earlier ones.
    """
    past: list[_Span] = []
    current: list[_Span] = []
    for version in sorted(versions, key=lambda v: v.recorded):
        effect, recorded = effect_time(version.effective), record_time(version.recorded)
        kept: list[_Span] = []
        for span in current:
            if span.ends is not None and span.ends <= effect:
                kept.append(span)
                continue
            if span.recorded < recorded:
                past.append(_Span(span.values, span.recorded, recorded, span.begins, span.ends))
            if span.begins < effect:
                kept.append(_Span(span.values, recorded, None, span.begins, effect))
        kept.append(_Span(render(version.state), recorded, None, effect, None))
        current = kept
    return [span.row() for span in (*past, *current)]


def once(values: Row, effective: date, recorded: date) -> Row:
    """Returns the only row of something that never changed."""
    return (*values, record_time(recorded), None, effect_time(effective), None)
