"""The page that verifies receipts, in a real browser, worked as its reader would."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.catalogue import load_catalogue
from exchange.config import DEFAULT_POLICIES
from exchange.policy import policy_set
from exchange.workbench.receipt_page import receipt_page
from tests.support.browser import Tab, chromium
from tests.support.receipts import Given, signer

#: Chooses each file in turn, under its key, and reads what the page then says.
_VERIFY = """
(async (cases) => {
  const form = document.querySelector("form");
  const result = document.querySelector("[data-result]");
  const found = [];
  for (const [content, vkey, openings] of cases) {
    const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    const chosen = new DataTransfer();
    chosen.items.add(new File([bytes], "one.tlog-proof"));
    form.elements.vkey.value = vkey;
    form.elements.openings.value = openings;
    form.elements.chosen.files = chosen.files;
    for (const kind of ["input", "change"]) {
      form.elements.chosen.dispatchEvent(new Event(kind, { bubbles: true }));
    }
    while (!result.dataset.verdict) await new Promise((resume) => setTimeout(resume));
    const steps = [...result.querySelectorAll("[data-step]")].map((s) => [s.dataset.step, s.dataset.state]);
    found.push([result.dataset.verdict, Object.fromEntries(steps)]);
  }
  return found;
})"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the page says: its verdict, and how each step ended."""

    verdict: str
    steps: dict[str, str]

    @property
    def decisive(self) -> str | None:
        """The step that the verdict rests on, where it is not that the receipt holds."""
        return next((name for name, state in self.steps.items() if state in {"bad", "open"}), None)


@dataclass(frozen=True, slots=True)
class Verifier:
    """The page, opened."""

    tab: Tab

    async def verify(self, given: Given, openings: str = "") -> Verdict:
        """Gives one receipt to the page."""
        return (await self.verify_each([given], openings))[0]

    async def verify_each(self, given: Sequence[Given], openings: str = "") -> list[Verdict]:
        """Gives receipts to the page, one after the other."""
        cases = [(base64.b64encode(g.file).decode(), g.vkey, openings) for g in given]
        found = await self.tab.value(f"{_VERIFY}({json.dumps(cases)})")
        return [Verdict(verdict, steps) for verdict, steps in found]

    async def text(self, selector: str) -> str:
        """What can be read in a part of the page."""
        said: str = await self.tab.value(f"document.querySelector({json.dumps(selector)}).innerText")
        return said


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, with the key of the tests' log filled in."""
    path = tmp_path_factory.mktemp("page") / "verify.html"
    made = receipt_page(policy_set.load(DEFAULT_POLICIES), load_catalogue(), signer().verifier)
    path.write_text(made, "utf-8")
    return path


@pytest.fixture
def content(page: Path) -> str:
    """The page's source."""
    return page.read_text("utf-8")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Tab]:
    """One browser for all tests of a module."""
    async with chromium() as tab:
        yield tab


@pytest_asyncio.fixture(loop_scope="module")
async def verifier(browser: Tab, page: Path) -> AsyncIterator[Verifier]:
    """The page, opened anew. Whatever a test does: no complaint, and nothing loaded but the file itself."""
    browser.complaints.clear()
    browser.loaded.clear()
    await browser.open(page)
    yield Verifier(browser)
    assert [] == browser.complaints
    assert {f"file://{page}"} == {url for url in browser.loaded if not url.startswith("data:")}
