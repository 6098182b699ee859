"""One page, one file: the style and the small script inside, and nothing fetched from anywhere.

A page's own template lies in `templates/` and extends the base:

    {% extends "base.html" %}
    {% import "parts.html" as parts %}
    {% block content %}
      <h2>{{ parts.two(heading) }}</h2>
    {% endblock %}

and is rendered with `render("mine.html", Page(title, lead, facts), heading=Text("…", "…"))`. Every text
that people read is an `exchange.model.catalogue.Text` (in a template `text("English", "dansk")`);
`parts.two` stacks its languages, `parts.one` sets them beside each other, and the reader switches
between them with radio buttons and CSS alone. `templates/parts.html` documents the other pieces.
Whatever a template prints is escaped, and a name that it does not know is an error. `style="…"` and
`onclick="…"` do not work: the content security policy allows the style and the script of the page by
their digests and nothing else.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from exchange.model.catalogue import Text

Shown = Literal["both", "da", "en"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A line at the head of a page: what it was made from. `code` sets the value as written by machines."""

    label: Text
    value: str | Text
    code: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """What every page has.

    Attributes:
        title: the heading, and the name in the browser's tab.
        lead: one paragraph that says what the page shows and what it does not.
        facts: what it was made from, e.g. the date and the policy revision.
        shown: the language that shows until the reader chooses another.
        styles: files of `templates/` that are put together to the page's style.
        scripts: likewise to its script, which is a module.
    """

    title: Text
    lead: Text
    facts: tuple[Fact, ...] = ()
    shown: Shown = "both"
    styles: tuple[str, ...] = ("base.css",)
    scripts: tuple[str, ...] = ("filter.js",)


def render(template: str, page: Page, **content: Any) -> str:
    """Renders a template of this package to a page; the same content gives the same bytes.

    Raises:
        jinja2.TemplateError: the template is missing, wrong, or names something that is not there.
    """
    style, script = ("".join(map(_own, names)) for names in (page.styles, page.scripts))
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return (
        environment()
        .get_template(template)
        .render(page=page, style=Markup(style), script=Markup(script), policy=policy, **content)  # noqa: S704  # our own files
    )


@cache
def environment() -> Environment:
    """The templates, escaping and strict."""
    made = Environment(
        loader=PackageLoader("exchange.workbench.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals["text"] = Text
    made.policies["json.dumps_kwargs"] = {"sort_keys": False}  # a script shows things in their order
    return made


@cache
def _own(name: str) -> str:
    loader = environment().loader
    if loader is None:
        raise AssertionError("the environment has a loader")
    return loader.get_source(environment(), name)[0]


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
