"""docs/packages.md says what the code does."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from adapters.catalogue import load_catalogue
from exchange.client import Application
from exchange.packages.load import load_packages
from exchange.packages.missing import GAPS
from exchange.packages.tables import PackageError, Table
from exchange.packages.terms import read

PAGE = (Path(__file__).parents[3] / "docs/packages.md").read_text("utf-8")


def test_page_names_every_code_of_a_missing_piece() -> None:
    """No more, no fewer."""
    assert set(GAPS) == set(re.findall(r"^\| `(PART_[A-Z_]+)`", PAGE, re.MULTILINE))


def test_texts_of_missing_pieces_are_there_in_both_languages() -> None:
    """Each a sentence, and not the same one twice."""
    told = [text for gap in GAPS.values() for text in (gap.en, gap.da)]
    assert len(told) == len(set(told))
    assert all(text.endswith(".") for text in told)


def test_declaration_on_the_page_is_one_but_for_what_it_joins_on() -> None:
    """Its one part follows from another, which the example leaves out."""
    example = next(text for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if "[[parts]]" in text)
    document = tomllib.loads(example)
    shipped = load_packages(load_catalogue())["housing-benefit"]
    for part in document["parts"]:
        told = shipped.told[part["name"]]
        assert (told.title.en, told.next.cvr) == (part.pop("title")["en"], part.pop("next")["cvr"])
    document.pop("title")
    with pytest.raises(PackageError, match="there is no part person"):
        read(Table(document, "page"))


def test_application_on_the_page_has_fields_that_there_are() -> None:
    """An example that is copied works."""
    [call] = re.findall(r"Application\(\n(.*?)\n\)", PAGE, re.DOTALL)
    given = set(re.findall(r"^    (\w+)=", call, re.MULTILINE))
    assert given <= {f.name for f in fields(Application)}
    assert {"applicant", "agreements", "case_reference", "caseworker", "law_date"} == given
