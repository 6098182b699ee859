"""The foundation of pages: escaped, strict, the same bytes each time, and charts that say their numbers."""

from __future__ import annotations

import base64
import html
import re
from hashlib import sha256
from itertools import pairwise

import pytest
from jinja2 import ChoiceLoader, DictLoader, UndefinedError

from exchange.model.catalogue import Text
from exchange.workbench.pages import charts
from exchange.workbench.pages.page import Fact, Page, environment, render

PAGE = Page(Text("Title <b>", "Titel <b>"), Text("Lead", "Indledning"), (Fact(Text("F", "F"), "<i>"),))
TEMPLATE = """{% extends "base.html" %}{% block content %}<p>{{ said }}</p>{% endblock %}"""


@pytest.fixture
def template(monkeypatch: pytest.MonkeyPatch) -> str:
    """A template of the tests' own."""
    loader = ChoiceLoader([DictLoader({"mine.html": TEMPLATE}), environment().loader])  # type: ignore[list-item]
    monkeypatch.setattr(environment(), "loader", loader)
    monkeypatch.setattr(environment(), "cache", {})
    return "mine.html"


def test_everything_printed_is_escaped(template: str) -> None:
    """Title, facts and content cannot bring markup in."""
    page = render(template, PAGE, said='"><script>x</script>')
    assert "Title &lt;b&gt;" in page
    assert "<i>" not in page
    assert "<p>&#34;&gt;&lt;script&gt;x&lt;/script&gt;</p>" in page


def test_unknown_name_is_an_error(template: str) -> None:
    """A template that prints what is not there fails instead of printing nothing."""
    with pytest.raises(UndefinedError):
        render(template, PAGE)


def test_same_content_same_bytes(template: str) -> None:
    """A page holds no time and no chance."""
    assert render(template, PAGE, said="x") == render(template, PAGE, said="x")


def test_security_policy_names_exactly_what_the_page_holds(template: str) -> None:
    """The digests of the style and the script inside are those that the policy allows; nothing else is."""
    page = render(template, PAGE, said="x")
    found = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert found is not None
    policy = html.unescape(found[1])
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (inside,) = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(sha256(inside.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


@pytest.mark.parametrize("shown", ["both", "da", "en"])
def test_chosen_language_shows_first(template: str, shown: str) -> None:
    """The radio button of the chosen language is checked, and both languages are in the page."""
    page = render(template, Page(PAGE.title, PAGE.lead, shown=shown), said="x")  # type: ignore[arg-type]
    assert [f"lang-{shown}"] == re.findall(r'id="(lang-\w+)" checked', page)
    assert "Indledning" in page
    assert "Lead" in page


LABEL, COUNT = Text("What", "Hvad"), Text("Count", "Antal")


def widths(chart: str) -> list[float]:
    """The widths of the parts that are drawn, the swatches left out."""
    return [float(w) for w in re.findall(r'x="[\d.]+" width="([\d.]+)"', chart)]


def test_bars_are_as_long_as_their_numbers() -> None:
    """The longest bar fills the drawing, the others in proportion, none for zero; each number is written."""
    rows = [(Text("a", "a"), 4), (Text("b", "b"), 1), (Text("c", "c"), 0)]
    chart = charts.bars(Text("Caption", "Overskrift"), rows, label=LABEL, value=COUNT)
    long, short = widths(chart)
    assert 0.25 == pytest.approx(short / long, abs=0.01)
    assert ["4", "1", "0"] == re.findall(r"</span>(\d+)</td>", chart)
    assert "Overskrift" in chart


def test_parts_stand_one_after_the_other() -> None:
    """A stacked bar's parts follow each other with a gap; a part of one in a million is still drawn."""
    chart = charts.stacked(
        Text("C", "C"),
        [charts.Bar(Text("<a>", "<a>"), (500_000, 0, 499_999, 1))],
        label=LABEL,
        categories=(COUNT, LABEL, COUNT, LABEL),
    )
    places = [(float(x), float(w)) for x, w in re.findall(r'x="([\d.]+)" width="([\d.]+)"', chart)]
    assert 3 == len(places)
    assert all(x + w <= y for (x, w), (y, _) in pairwise(places))
    assert "&lt;a&gt;" in chart
    assert ">1000000<" in chart


@pytest.mark.parametrize(("values", "categories"), [((-1,), 1), ((1, 2), 1), ((1,) * 7, 7), ((), 0)], ids=str)
def test_chart_that_cannot_be_drawn_is_an_error(values: tuple[int, ...], categories: int) -> None:
    """Negative numbers, rows of another length, too many or no categories."""
    with pytest.raises(ValueError, match=r"categor"):
        charts.stacked(
            LABEL, [charts.Bar(LABEL, values)], label=LABEL, categories=tuple([COUNT] * categories)
        )


def test_chart_of_nothing_is_an_empty_table() -> None:
    """No rows, or zeros only: a table without bars."""
    assert [] == widths(charts.bars(LABEL, [], label=LABEL, value=COUNT))
    assert [] == widths(charts.bars(LABEL, [(LABEL, 0)], label=LABEL, value=COUNT))
