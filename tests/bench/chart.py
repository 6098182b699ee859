"""Charts for the benchmarks: lines over a logarithmic axis, as SVG, without a library."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720, 400, 80, 200, 40, 50
_COLOURS = ("#0b5fa5", "#c2410c", "#15803d", "#7e22ce", "#b45309", "#0f766e")
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "1 4", "12 4")  # told apart without colours too


def lines(title: str, across: str, up: str, series: Mapping[str, Points], *, log_up: bool = False) -> str:
    """Draws series of points, each with a name, as lines.

    Args:
        title: of the chart.
        across: what the horizontal axis, which is logarithmic, measures.
        up: what the vertical axis measures.
        series: points by name.
        log_up: whether the vertical axis is logarithmic too; else it begins at nothing.
    """
    xs = sorted({x for points in series.values() for x, _ in points})
    ys = [y for points in series.values() for _, y in points]
    low, high = (min(ys) / 1.3, max(ys) * 1.3) if log_up else (0.0, max(ys) * 1.15)

    def at(x: float, y: float) -> tuple[float, float]:
        share_x = math.log(x / xs[0]) / (math.log(xs[-1] / xs[0]) or 1)
        share_y = math.log(y / low) / math.log(high / low) if log_up else y / high
        width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        return _LEFT + share_x * width, _HEIGHT - _BOTTOM - share_y * height

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"',
        f'  font-family="sans-serif" font-size="12" role="img" aria-label="{escape(title)}">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        _text(_LEFT, 22, title, weight="bold"),
        _text(_LEFT, _HEIGHT - 10, across),
        _text(8, _TOP - 8, up),
    ]
    for y in _ticks(low, high, log=log_up):
        _, top = at(xs[0], y)
        parts.append(f'<path d="M{_LEFT} {top:.1f}H{_WIDTH - _RIGHT}" stroke="#ddd"/>')
        parts.append(_text(_LEFT - 8, top + 4, f"{y:,.4g}", anchor="end"))
    for x in xs:
        left, _ = at(x, high)
        parts.append(_text(left, _HEIGHT - _BOTTOM + 18, f"{x:,.0f}", anchor="middle"))
    for number, (name, points) in enumerate(series.items()):
        colour, dash = _COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)]
        placed = [at(x, y) for x, y in points]
        path = "L".join(f"{left:.1f} {top:.1f}" for left, top in placed)
        parts.append(
            f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
        )
        parts += [f'<circle cx="{left:.1f}" cy="{top:.1f}" r="3" fill="{colour}"/>' for left, top in placed]
        height = _TOP + 10 + 20 * number
        left = _WIDTH - _RIGHT + 12
        parts.append(
            f'<path d="M{left} {height}h24" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
        )
        parts.append(_text(left + 30, height + 4, name))
    return "\n".join([*parts, "</svg>", ""])


def _ticks(low: float, high: float, *, log: bool) -> list[float]:
    if log:
        powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
        return [10.0**power for power in powers]
    step = 10 ** math.floor(math.log10(high))
    step = step if high / step >= 4 else step / 2 if high / step >= 2 else step / 4
    return [step * n for n in range(int(high / step) + 1)]


def _text(x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}">{escape(text)}</text>'
    )
