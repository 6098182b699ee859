"""The catalogue is checked whole when it is read; a wrong file is named with the place that is wrong."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

import adapters.catalogue
from adapters.catalogue import SENSITIVITIES, TYPES, CatalogueError, load_catalogue
from adapters.kinds.sql import table_name
from adapters.registers import Registers
from exchange.config import DEFAULT_POLICIES
from exchange.model.catalogue import Catalogue
from exchange.model.identifiers import SUBJECT_KEYS, is_cvr
from exchange.policy import policy_set

FILE = """
register = "x"
provider = "95000088"

[[datasets]]
name = "x.thing"
subject = "person"
title = { en = "A thing", da = "En ting" }
source = { kind = "sql", table = "thing" }
keys = [{ kind = "personnummer", attribute = "number", cardinality = "one" }]
attributes = [
  { name = "number", type = "personnummer", sensitivity = "identifier", en = "Number", da = "Nummer" },
  { name = "size", type = "integer", sensitivity = "ordinary", en = "Size", da = "Mål" },
]
"""


def load(folder: Path, **files: str | bytes) -> Catalogue:
    for name, text in files.items():
        path = folder / f"{name}.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_catalogue(folder)


def test_small_catalogue_is_read(tmp_path: Path) -> None:
    """The file that the tests below spoil holds, unspoiled."""
    dataset = load(tmp_path, x=FILE).datasets["x.thing"]
    assert ("x", "95000088", "thing", "person") == (
        dataset.register,
        dataset.provider,
        table_name(dataset),
        dataset.subject,
    )
    assert {"number", "size"} == dataset.attribute_names
    assert dataset.key("personnummer") is not None
    assert dataset.key("cvr_nummer") is None


WRONG: list[tuple[str, str, str, str]] = [
    ("toml", "[[datasets]]", "[[datasets", "not valid TOML.*line"),
    ("register", 'register = "x"', "", "register"),
    ("provider", 'provider = "95000088"', 'provider = "12345678"', "provider 12345678 is not a CVR number"),
    ("no-provider", 'provider = "95000088"', "", "provider"),
    ("number-provider", 'provider = "95000088"', "provider = 95000088", "provider"),
    ("no-datasets", FILE, 'register = "x"\nprovider = "95000088"\n', "datasets"),
    ("datasets-text", FILE, 'register = "x"\nprovider = "95000088"\ndatasets = "x"\n', "datasets"),
    ("dataset-text", FILE, 'register = "x"\nprovider = "95000088"\ndatasets = ["x"]\n', "datasets"),
    ("no-name", 'name = "x.thing"\n', "", "name"),
    ("other-register", '"x.thing"', '"y.thing"', "y.thing must be named x"),
    (
        "subject",
        'subject = "person"',
        'subject = "cat"',
        "x.thing: subject is 'cat', but must be one of company, person",
    ),
    ("no-subject", 'subject = "person"\n', "", "x.thing.*subject"),
    ("no-title", 'title = { en = "A thing", da = "En ting" }\n', "", "x.thing.*title"),
    ("title-text", '{ en = "A thing", da = "En ting" }', '"A thing"', "x.thing.*title"),
    ("no-danish", ', da = "En ting" }', "}", "x.thing.*da"),
    ("no-source", 'source = { kind = "sql", table = "thing" }\n', "", "x.thing.*source"),
    ("no-kind", 'kind = "sql", ', "", "x.thing.*kind"),
    (
        "key-kind",
        'kind = "personnummer"',
        'kind = "name"',
        "x.thing: keys 1: kind is 'name', but must be one of .*cvr_nummer",
    ),
    (
        "key-attribute",
        'attribute = "number"',
        'attribute = "colour"',
        "x.thing: keys 1: attribute is 'colour', but must be one of number, size",
    ),
    (
        "cardinality",
        'cardinality = "one"',
        'cardinality = "two"',
        "x.thing: keys 1: cardinality is 'two', but must be one of many, one",
    ),
    ("no-cardinality", ', cardinality = "one"', "", "x.thing.*cardinality"),
    (
        "same-key",
        "keys = [",
        'keys = [{ kind = "personnummer", attribute = "size", cardinality = "one" }, ',
        "x.thing.*personnummer.*twice",
    ),
    (
        "no-keys",
        'keys = [{ kind = "personnummer", attribute = "number", cardinality = "one" }]',
        "keys = []",
        "x.thing: keys needs at least one",
    ),
    (
        "type",
        'type = "integer"',
        'type = "float"',
        r"x.thing: attributes 2 .size.: type is 'float', but must be one of boolean, code",
    ),
    ("type-list", 'type = "integer"', 'type = ["integer"]', "x.thing: attributes 2 .size.: type"),
    ("no-type", 'type = "integer", ', "", "x.thing.*size.*type"),
    ("sensitivity", '"ordinary"', '"harmless"', "x.thing: attributes 2 .size.: sensitivity is 'harmless'"),
    ("no-description", ', en = "Size"', "", "x.thing.*size.*en"),
    ("same-attribute", 'name = "size"', 'name = "number"', "x.thing.*number.*twice"),
    ("attribute-name", 'name = "size"', 'name = "si ze"', "x.thing.*si ze"),
    ("attributes-text", FILE.partition("attributes = ")[2], '"x"\n', "x.thing.*attributes"),
]


@pytest.mark.parametrize(("old", "new", "said"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_wrong_file_is_named_with_the_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    """The error has the file, the dataset or attribute, and what to write."""
    assert old in FILE
    with pytest.raises(CatalogueError, match=rf"(?s)^spoilt\.toml: .*{said}"):
        load(tmp_path, spoilt=FILE.replace(old, new))


def test_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are no TOML."""
    with pytest.raises(CatalogueError, match=r"^spoilt\.toml: "):
        load(tmp_path, spoilt=b"\xff\xfe")


def test_dataset_described_twice_is_named(tmp_path: Path) -> None:
    """Two files cannot both describe a dataset."""
    with pytest.raises(CatalogueError, match=r"^b\.toml: dataset x\.thing is described twice"):
        load(tmp_path, a=FILE, b=FILE)


def test_empty_folder_says_what_to_put_there(tmp_path: Path) -> None:
    """No dataset is no catalogue."""
    with pytest.raises(CatalogueError, match=f"no dataset is described in {tmp_path}: put"):
        load_catalogue(tmp_path)


# The catalogue that comes with Hjemmel


def test_own_catalogue_describes_everything(catalogue: Catalogue, generated: Registers) -> None:
    """Every attribute is described in two languages, and every dataset stands in the generated registers."""
    assert len(catalogue.datasets) >= 14
    assert set(catalogue.datasets) <= set(generated.tables)
    for dataset in catalogue.datasets.values():
        assert is_cvr(dataset.provider)
        assert {k.kind for k in dataset.keys} <= set(SUBJECT_KEYS)
        assert dataset.attribute_names <= set(generated.tables[dataset.name].columns)
        for attribute in dataset.attributes:
            assert attribute.type in TYPES
            assert attribute.sensitivity in SENSITIVITIES
            assert attribute.description.en
            assert attribute.description.da


def test_catalogue_cannot_change(catalogue: Catalogue) -> None:
    """What was checked stays as it was."""
    with pytest.raises(TypeError):
        catalogue.datasets["x"] = next(iter(catalogue.datasets.values()))  # type: ignore[index]


def test_identifiers_of_persons_are_marked(catalogue: Catalogue) -> None:
    """Nothing that holds a personnummer is called ordinary."""
    marks = {
        f"{d.name}.{a.name}": a.sensitivity
        for d in catalogue.datasets.values()
        for a in d.attributes
        if a.type == "personnummer"
    }
    assert marks
    assert {"identifier"} == set(marks.values())


def test_health_is_marked_special(catalogue: Catalogue) -> None:
    """Data under GDPR article 9 says so."""
    assert {"special"} <= {a.sensitivity for a in catalogue.datasets["sundhed.journaludtraek"].attributes}


def test_agreements_and_catalogue_agree(catalogue: Catalogue) -> None:
    """What the policies' agreements name, the catalogue describes."""
    named: dict[str, Any] = policy_set.load(DEFAULT_POLICIES).data["agreements"]
    for agreement in named.values():
        for dataset, attributes in agreement["datasets"].items():
            assert set(attributes) <= catalogue.datasets[dataset].attribute_names


def test_files_are_named_after_their_register() -> None:
    """`cpr.toml` describes `cpr`."""
    for path in Path(adapters.catalogue.__file__).parent.glob("*.toml"):
        assert path.stem == tomllib.loads(path.read_text("utf-8"))["register"]
