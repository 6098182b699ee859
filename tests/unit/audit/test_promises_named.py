"""The page that says what is promised names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_promise_has_its_tests() -> None:
    """Each promise of docs/verifying.md names tests, each of them is there, and none is left out."""
    page = (ROOT / "docs" / "verifying.md").read_text("utf-8")
    section = page.partition("## The promises")[2]
    named = set(re.findall(r"`(test_\w+\.py)`", section))
    there = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    assert set() == named - there
    assert {name for name in there if name.startswith("test_promise_")} <= named
    rows = re.findall(r"^\| [0-9]\. .*\| (.*) \|$", section, re.MULTILINE)
    assert rows
    assert all("test_promise_" in row for row in rows)
