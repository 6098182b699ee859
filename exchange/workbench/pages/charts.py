"""Charts that are tables: every bar stands in the row of the numbers that it draws.

A reader of the screen, of a printed page or of the source gets the same figures; the bars (inline SVG,
made here, without a script) are a help to the eye only and are hidden from screen readers. Colours
repeat what the columns say in words, and never say it alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from exchange.model.catalogue import Text
from exchange.workbench.pages.page import environment

#: As many tones as the style tells apart, each at least 4.5 to 1 against the page.
TONES = 6
_WIDTH = 1000  # of the drawing, in its own units; the page stretches it
_GAP = 4  # between two parts of a bar, so that they are told apart without their colour


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a chart: what it is of, and a number for each category."""

    label: Text
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle of a bar."""

    tone: int
    x: float
    width: float


def bars(caption: Text, rows: Sequence[tuple[Text, int]], *, label: Text, value: Text) -> Markup:
    """Draws horizontal bars: one number a row.

    Args:
        caption: the caption of the table.
        rows: what each bar is of, and its number.
        label: heading of the column of labels.
        value: heading of the column of numbers.

    Raises:
        ValueError: a number is negative.
    """
    return stacked(caption, [Bar(text, (n,)) for text, n in rows], label=label, categories=(value,))


def stacked(caption: Text, rows: Sequence[Bar], *, label: Text, categories: Sequence[Text]) -> Markup:
    """Draws horizontal bars in parts: one number a category, and the row's sum.

    Args:
        caption: the caption of the table.
        rows: the bars, each with as many values as there are categories.
        label: heading of the column of labels.
        categories: headings of the columns of numbers; at most `TONES`.

    Raises:
        ValueError: too many categories, a row of another length, or a negative number.
    """
    if not 0 < len(categories) <= TONES:
        raise ValueError(f"a chart has one to {TONES} categories, not {len(categories)}")
    for row in rows:
        if len(row.values) != len(categories) or min(row.values) < 0:
            raise ValueError("each row needs a number of at least 0 for every category")
    longest = max((sum(row.values) for row in rows), default=0)
    drawn = [(row, _parts(row.values, longest)) for row in rows]
    html = (
        environment()
        .get_template("chart.html")
        .render(caption=caption, label=label, categories=categories, rows=drawn, width=_WIDTH)
    )
    return Markup(html)  # noqa: S704  # rendered by a template that escapes


def _parts(values: tuple[int, ...], longest: int) -> list[Part]:
    parts: list[Part] = []
    x = 0.0
    for tone, value in enumerate(values, start=1):
        if not value:
            continue
        width = value * _WIDTH / longest
        # A part too narrow for its gap is drawn in full: what is there must be seen.
        parts.append(Part(tone, round(x, 1), round(width - _GAP if width > 2 * _GAP else width, 1)))
        x += width
    return parts
