"""The words of the page that verifies receipts: none missing, none that nobody says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from audit.formats.entry import COMMITTED, ENTRY_FIELDS, EVENT_FIELDS, EVENT_KINDS
from exchange.model.trace import Outcome
from exchange.workbench import pages, receipt_words

FOLDER = Path(pages.__file__).parent / "templates" / "receipt"
SCRIPTS = {path.stem: path.read_text("utf-8") for path in FOLDER.glob("*.js")}


def test_every_reason_has_its_words() -> None:
    """The script gives exactly the reasons that there are words for."""
    given = re.findall(r'(?:refuse|Refused|Unchecked)\("([a-z0-9-]+)"', "".join(SCRIPTS.values()))
    given += re.findall(r'(?:fromBase64|textOf)\([^;]+, "([a-z0-9-]+)"\)', "".join(SCRIPTS.values()))
    assert set(receipt_words.REASONS) == set(given)


def test_every_step_has_its_words() -> None:
    """The plan's steps are those with a title and a text for success."""
    planned = re.findall(r"^    (?:async )?(\w+)\(\) \{|steps\.(\w+) =", SCRIPTS["steps"], re.MULTILINE)
    assert set(receipt_words.STEPS) == {one or other for one, other in planned}


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        (receipt_words.ENTRY, ENTRY_FIELDS),
        (receipt_words.EVENT, EVENT_FIELDS),
        (receipt_words.COMMITTED, COMMITTED),
        (receipt_words.OUTCOMES, list(Outcome)),
    ],
)
def test_everything_in_an_entry_has_its_words(words: dict[str, object], fields: object) -> None:
    """A field that is added to entries is added to the page, or this fails."""
    assert set(words) == set(fields)  # type: ignore[call-overload]


def test_every_kind_of_entry_has_its_words() -> None:
    """Exchanges, dry runs and every event."""
    assert EVENT_KINDS | {"exchange", "dry_run"} <= set(receipt_words.KINDS)


def test_both_languages_fill_in_the_same() -> None:
    """What is filled into a text in one language is in the other."""
    for name, text in receipt_words.REASONS.items():
        assert set(re.findall(r"\{\w+\}", text.en)) == set(re.findall(r"\{\w+\}", text.da)), name
