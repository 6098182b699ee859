"""Comparisons are declared in TOML; what cannot be is refused with the place and what to write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.catalogue import load_catalogue
from adapters.port import Catalogue, Source
from adapters.quality import ComparisonError, load

CATALOGUE = load_catalogue()
GOOD = """
[[comparisons]]
name = "own"
title = { en = "T", da = "T" }
duty = { citation = "Loven § 1" }
own_may = { en = "A", da = "A" }
other_may = { en = "B", da = "B" }
[comparisons.own]
dataset = "ejf.ejerskab"
subject = "bestemtFastEjendomBFENr"
key = "bestemtFastEjendomBFENr"
where = { status = ["gaeldende"] }
[comparisons.other]
dataset = "mat.samletfastejendom"
kind = "bfe_nummer"
"""


def written(folder: Path, text: str) -> Path:
    """A file of comparisons."""
    file = folder / "mine.toml"
    file.write_text(text, "utf-8")
    return file


def test_own_comparisons_are_read() -> None:
    """What comes with Hjemmel names datasets, attributes and keys of its catalogue, each comparison once."""
    names = [c.name for c in load(CATALOGUE)]
    assert 13 == len(names) == len(set(names))


def test_every_text_is_in_two_languages() -> None:
    """A title, and what a difference can mean on either side, in English and in Danish."""
    for one in load(CATALOGUE):
        texts = [one.title, one.own_may, *([one.other_may] if one.other_may else [])]
        assert all(text.en and text.da and text.en != text.da for text in texts)
        assert (one.other is None) == (one.other_may is None)


def test_a_user_adds_one(tmp_path: Path) -> None:
    """A file of one's own stands beside them; where only existence matters, the key alone is asked for."""
    one = load(CATALOGUE, [written(tmp_path, GOOD)])[-1]
    assert one.other is not None
    assert ("own", False, ("BFEnummer",)) == (one.name, one.duty.verified, one.other.attributes)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('name = "own"', 'name = "cpr-spouses"'), "comparison cpr-spouses is declared twice"),
        (('"ejf.ejerskab"', '"ejf.ejer"'), "own: dataset is 'ejf.ejer', but must be one of"),
        (('kind = "bfe_nummer"', 'kind = "personnummer"'), "other: kind is 'personnummer'"),
        (("status = [", "stand = ["), "ejf.ejerskab has no attribute stand"),
        (('key = "bestemtFastEjendomBFENr"\n', ""), "own: key is missing or no text"),
        (('key = "bestemtFastEjendomBFENr"', 'key = "bfe"'), "ejf.ejerskab has no attribute bfe"),
        (('citation = "Loven § 1"', 'law = "x"'), "citation is missing or no text"),
        (('where = { status = ["gaeldende"] }', 'wher = "x"'), "wher is not known"),
        (('where = { status = ["gaeldende"] }', "where = { status = 3 }"), "status must be a list of texts"),
        (('other_may = { en = "B", da = "B" }', ""), "other_may: en is missing"),
        (("[[comparisons]]", "[[comparison]]"), "must hold [[comparisons]] and nothing else"),
        (("name =", "name"), "no TOML can be read"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    """A wrong file is refused whole, and the message names the place."""
    with pytest.raises(ComparisonError) as caught:
        load(CATALOGUE, [written(tmp_path, GOOD.replace(*change))])
    assert told in str(caught.value)


def test_nothing_to_compare_is_told(tmp_path: Path) -> None:
    """Without another register something must be said to be given."""
    text = GOOD.partition("[comparisons.other]")[0].replace('other_may = { en = "B", da = "B" }', "")
    text = text.replace('key = "bestemtFastEjendomBFENr"\n', "")
    with pytest.raises(ComparisonError, match="given must name what has to be there"):
        load(CATALOGUE, [written(tmp_path, text)])


def test_only_a_database_can_be_gone_through(tmp_path: Path) -> None:
    """A register of another kind can be asked, but not gone through; the message says what to do."""
    owners = CATALOGUE.datasets["ejf.ejerskab"]
    behind = replace(owners, source=Source("rest", {}, "ejf.toml: dataset 1"))
    others = [d for d in CATALOGUE.datasets.values() if d.name != owners.name]
    with pytest.raises(ComparisonError, match="only registers of the kinds sql and snapshot can be gone"):
        load(Catalogue.of((*others, behind)))
