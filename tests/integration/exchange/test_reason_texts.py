"""The texts of the broker's own reasons: what is wrong, and after a colon what to do about it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from exchange.errors import CODES

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_reason_says_what_is_wrong_and_what_to_do(code: str) -> None:
    """One sentence in two parts, short enough for a status message."""
    wrong, colon, remedy = CODES[code].message.partition(": ")
    assert (":", True) == (colon.strip(), remedy.endswith("."))
    assert wrong[0].isupper()
    assert len(CODES[code].message) <= 120


def test_every_reason_that_the_broker_gives_has_its_text() -> None:
    """No code is raised that has no status and no text, and none is listed that nothing gives."""
    raised: set[str] = set()
    for folder in ("exchange", "adapters"):
        for path in (ROOT / folder).rglob("*.py"):
            if path != ROOT / "exchange/errors.py":
                raised |= set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+|INTERNAL)"', path.read_text("utf-8")))
    assert set() == CODES.keys() - raised
    given = set(re.findall(r'because\(\s*"(\w+)"', _sources()))
    assert set() == given - CODES.keys()


def _sources() -> str:
    folders = (ROOT / "exchange", ROOT / "adapters")
    return "\n".join(p.read_text("utf-8") for f in folders for p in f.rglob("*.py"))
