"""The pages in a real browser: complete without scripts, narrow screens or a network, and never fooled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from adapters.catalogue import load_catalogue
from exchange.policy.policy_set import PolicySet
from exchange.workbench.asking import Asker
from exchange.workbench.difference import compare
from exchange.workbench.explain import explain
from exchange.workbench.explain_page import explanation_page
from exchange.workbench.matrix_page import Side, difference_page, matrix_page
from exchange.workbench.names import Names
from exchange.workbench.permitted import enumerate_permitted
from tests.integration.policy.wrong_requests import INCOME
from tests.support.browser import PALE, UNNAMED, Tab, chromium

pytestmark = pytest.mark.asyncio(loop_scope="module")
TODAY, BEFORE = date(2026, 11, 21), date(2022, 6, 1)
PAGES = ("matrix", "difference", "explanation", "hostile")
HOSTILE = (
    "\"><img src=x onerror=\"document.title='fooled'\"><script>document.title='fooled'</script>{{ 7 * 7 }}"
)


@pytest.fixture(scope="module")
def pages(policies: PolicySet, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One page of each kind, and one of a set whose every name is an attack."""
    folder = tmp_path_factory.mktemp("pages")
    catalogue = load_catalogue()
    names = Names(policies, catalogue)
    now, before = enumerate_permitted(policies, TODAY), enumerate_permitted(policies, BEFORE)
    refused = {
        **INCOME,
        "purpose": "pension.supplement",
        "legal_basis": "udl.5.pension",
        "agreement": "udk-cpr",
    }
    evil = _hostile(policies)
    written = {
        "matrix": matrix_page(now, now.permissions, names),
        "difference": difference_page(
            compare(before.permissions, now.permissions),
            Side(policies.revision, BEFORE, names),
            Side(policies.revision, TODAY, names),
        ),
        "explanation": explanation_page(explain(Asker(policies), refused), names, None),
        "hostile": matrix_page(
            found := enumerate_permitted(evil, TODAY), found.permissions, Names(evil, catalogue)
        ),
    }
    for name, content in written.items():
        (folder / f"{name}.html").write_text(content, "utf-8")
    return {name: folder / f"{name}.html" for name in written}


def _hostile(policies: PolicySet) -> PolicySet:
    data: dict[str, Any] = {name: dict(table) for name, table in policies.data.items()}
    both = {"en": HOSTILE, "da": HOSTILE}
    data["authorities"] = {k: {**v, "name": HOSTILE} for k, v in data["authorities"].items()}
    data["purposes"] = {k: {**v, "title": both} for k, v in data["purposes"].items()}
    data["agreements"] = {k: {**v, "title": HOSTILE} for k, v in data["agreements"].items()}
    data["legal_bases"] = {
        k: {**v, "citation": HOSTILE, "url": f"{scheme}://example.org/{HOSTILE}"}
        for (k, v), scheme in zip(data["legal_bases"].items(), cycle(("https", "javascript")), strict=False)
    }
    return PolicySet(policies.modules, data)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Tab]:
    """One browser for all pages."""
    async with chromium() as tab:
        yield tab


@pytest.fixture
def tab(browser: Tab) -> Tab:
    """The browser, with nothing noted yet."""
    browser.complaints.clear()
    browser.loaded.clear()
    return browser


@pytest.mark.parametrize("name", PAGES)
async def test_page_opens_clean_and_loads_nothing(tab: Tab, pages: dict[str, Path], name: str) -> None:
    """No error and no warning, and nothing is fetched but the file itself."""
    await tab.open(pages[name])
    assert [] == tab.complaints
    assert [f"file://{pages[name]}"] == [url for url in tab.loaded if not url.startswith("data:")]


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("name", PAGES)
async def test_page_needs_no_sideways_scroll(tab: Tab, pages: dict[str, Path], name: str, width: int) -> None:
    """The page is as wide as the screen, in each choice of language (WCAG 1.4.10)."""
    await tab.open(pages[name], width=width)
    for language in ("both", "da", "en"):
        await tab.value(f"document.getElementById('lang-{language}').click()")
        assert await tab.value("document.documentElement.scrollWidth <= innerWidth"), language


@pytest.mark.parametrize("name", PAGES)
async def test_page_can_be_read(tab: Tab, pages: dict[str, Path], name: str) -> None:
    """Every text has contrast, every table a caption, every heading cell its scope, and there is one h1."""
    await tab.open(pages[name])
    assert [] == await tab.value(PALE)
    assert 0 == await tab.value(UNNAMED)
    assert 1 == await tab.value("document.querySelectorAll('h1').length")


@pytest.mark.parametrize("name", PAGES)
async def test_page_is_complete_without_scripts(tab: Tab, pages: dict[str, Path], name: str) -> None:
    """With scripts off every row is there to read, and the search that could not work is not shown."""
    await tab.open(pages[name])
    rows = await tab.value("document.querySelectorAll('main tr').length")
    await tab.open(pages[name], scripts=False)
    document = (await tab.send("DOM.getDocument", depth=1))["root"]["nodeId"]
    found = await tab.send("DOM.querySelectorAll", nodeId=document, selector="main tr:not([hidden])")
    shown = await tab.send("DOM.querySelectorAll", nodeId=document, selector=".filter:not([hidden])")
    assert rows == len(found["nodeIds"])
    assert [] == shown["nodeIds"]
    assert [] == tab.complaints


@pytest.mark.parametrize(("language", "other"), [("da", "en"), ("en", "da")])
async def test_language_is_chosen_without_a_script(
    tab: Tab, pages: dict[str, Path], language: str, other: str
) -> None:
    """A click on a language hides the other one by style alone."""
    await tab.open(pages["matrix"])
    visible = "[...document.querySelectorAll('main [lang={}]')].filter((e) => e.checkVisibility()).length"
    both = await tab.value(visible.format(other))
    await tab.value(f"document.querySelector('label[for=lang-{language}]').click()")
    assert both > 0
    assert 0 == await tab.value(visible.format(other))
    assert 0 < await tab.value(visible.format(language))


async def test_search_hides_rows_and_their_empty_groups(tab: Tab, pages: dict[str, Path]) -> None:
    """A word leaves the rows that hold it, the count says how many, and an empty word shows all again."""
    await tab.open(pages["matrix"])
    typed = """
    ((words) => {
      const input = document.querySelector('[data-filter] input');
      input.value = words;
      input.dispatchEvent(new Event('input'));
      const rows = [...document.querySelectorAll('[data-row]')].filter((row) => row.checkVisibility());
      return [rows.length, rows.every((row) => row.textContent.toLowerCase().includes('pension')),
        [...document.querySelectorAll('[data-group]')].filter((g) => g.checkVisibility()).length,
        document.querySelector('[data-filter] output').value];
    })"""
    everything, _, groups, _ = await tab.value(f"{typed}('')")
    shown, fitting, fewer, count = await tab.value(f"{typed}('PENSION.supplement')")
    assert 0 < shown < everything
    assert fitting
    assert fewer < groups
    assert f"{shown} / {everything}" == count
    assert everything == (await tab.value(f"{typed}('')"))[0]


async def test_hostile_names_are_text(tab: Tab, pages: dict[str, Path]) -> None:
    """Markup, quotes and template syntax in names, titles and links are shown as they are written."""
    await tab.open(pages["hostile"])
    assert "fooled" not in await tab.value("document.title")
    assert 0 == await tab.value("document.querySelectorAll('img').length")
    assert 1 == await tab.value("document.scripts.length")
    assert HOSTILE in await tab.value("document.querySelector('h2[id]').textContent")
    assert 0 == await tab.value("document.querySelectorAll('[onerror]').length")


async def test_policy_of_the_page_stops_what_is_not_its_own(tab: Tab, pages: dict[str, Path]) -> None:
    """A script or a style that found its way in would not run: the page allows its own by digest."""
    await tab.open(pages["matrix"])
    await tab.value("""
      const added = document.createElement('script');
      added.textContent = "document.title = 'fooled'";
      document.body.append(added);
      document.body.setAttribute('style', 'display: none');
    """)
    assert "fooled" != await tab.value("document.title")
    assert "none" != await tab.value("getComputedStyle(document.body).display")
    assert ["Content Security Policy"] * 2 == [
        "Content Security Policy" for told in tab.complaints if "Content Security Policy" in told
    ]


async def test_link_that_is_no_address_of_the_web_is_no_link(tab: Tab, pages: dict[str, Path]) -> None:
    """Where the law's address in the data is a script, the citation stands as text."""
    await tab.open(pages["hostile"])
    links = await tab.value("[...document.querySelectorAll('main a')].map((a) => a.getAttribute('href'))")
    assert links
    assert all(link.startswith(("#", "https://")) for link in links)
