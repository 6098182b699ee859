"""What a set of generated registers is: named tables of plain rows."""

# ruff: noqa: PLR2004 - shares and ages of invented people read best where they are drawn

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

REFERENCE_DATE: Final = date(2025, 1, 1)
"""The day the registers are true on. Nothing in the package asks for the current time."""

CONSENTS: Final = "samtykke.samtykke"
"""Name of the consents among the tables. It is no dataset: consents are not exchanged."""

Value = str | int | bool | None
Row = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one dataset, sorted, each in the order of `columns`."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def records(self) -> Iterator[dict[str, Value]]:
        """Yields each row by its column names."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))

    def where(self, column: str, value: Value) -> list[dict[str, Value]]:
        """Returns the rows that hold a value in one column, history included."""
        at = self.columns.index(column)
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows if row[at] == value]


@dataclass(frozen=True, slots=True)
class Registers:
    """All generated registers, by dataset name.

    Attributes:
        persons: how many there are.
        seed: that they were drawn with.
        tables: of all datasets.
        flaws: the keys of the subjects that an error was planted about, by its name: see `flaws`.
    """

    persons: int
    seed: int
    tables: Mapping[str, Table]
    flaws: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def stream(seed: int, part: str) -> random.Random:
    """Returns the random numbers of one part.

    Each part draws from a stream of its own, so that a change in one part leaves the rows of
    the others as they were.
    """
    return random.Random(f"{seed}|{part}")  # noqa: S311 - test data, nothing secret


def quantile(rng: random.Random, low: int, median: int, high: int) -> int:
    """Draws a number whose 10 %, 50 % and 90 % quantiles are about those given.

    Straight lines between the quantiles instead of a bell curve: only additions and
    multiplications, so that every platform draws the same numbers.
    """
    share = rng.random()
    if share < 0.1:  # the lower tail, half as wide as the part above it
        return round(low - (median - low) * (0.1 - share) * 2.5)
    if share < 0.5:
        return round(low + (median - low) * (share - 0.1) / 0.4)
    if share < 0.9:
        return round(median + (high - median) * (share - 0.5) / 0.4)
    return round(high + (high - median) * (share - 0.9) * 5)


def row_order(row: Row) -> tuple[tuple[bool, str], ...]:
    """Sort key of rows: absent values last, numbers by their text."""
    return tuple((value is None, str(value)) for value in row)
