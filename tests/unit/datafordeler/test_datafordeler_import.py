"""A published schema becomes a catalogue file that loads, and that says what a person must still look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema

from adapters.catalogue import load_catalogue
from adapters.kinds.datafordeler.entry import Asks, read_entry
from adapters.kinds.datafordeler.importing import WantedKey, import_schema
from adapters.kinds.datafordeler.published import SchemaError
from adapters.port import Dataset
from adapters.simulators.datafordeler.schema import read_schema, schema_of
from tests.support.datafordeler import SCHEMAS, all_turned, needs_schemas, published

SCHEMA = '''
directive @cost(weight: String!) on FIELD_DEFINITION
scalar DafDateTime
scalar LocalDate
scalar Long
type PageInfo { hasNextPage: Boolean! endCursor: String }
"""
Grunddatamodel info:
prefLabel (da): Båd
definition (da): <memo>#NOTES#noget, der sejler
"""
type TST_Baad {
  """
  Grunddatamodel info:
  type: Længde
  prefLabel (da): Bådens "længde"
  definition (da): angiver  længden\\i meter
  """
  laengde: Long
  """
  type: Farve
  prefLabel (da): Farve
  prefLabel (en): Colour
  """
  farve: String!
  ejerNavn: String
  cprNummer: String
  bygget: LocalDate
  set: DafDateTime
  baadnummer: String!
  vaegt: Float
  virkningFra: LocalDate! virkningTil: LocalDate
  registreringFra: DafDateTime! registreringTil: DafDateTime
}
type TST_BaadConnection { pageInfo: PageInfo! nodes: [TST_Baad!] }
input TST_Texts { eq: String in: [String!] }
input TST_Text { eq: String }
input TST_BaadFilterInput { baadnummer: TST_Texts farve: TST_Text }
"Query type for TST - Bådregistret"
type Query {
  TST_Baad(first: Int after: String virkningstid: DafDateTime where: TST_BaadFilterInput): TST_BaadConnection
    @cost(weight: "4000")
}
'''
KEY = WantedKey("code", "baadnummer")


def imported(folder: Path, schema: str = SCHEMA, keys: tuple[WantedKey, ...] = (KEY,)) -> tuple[str, Dataset]:
    _, text = import_schema(schema, ["TST_Baad"], provider="96000103", subject="property", keys=keys)
    (folder / "tst.toml").write_text(text, "utf-8")
    return text, load_catalogue(folder).datasets["tst.baad"]


def test_a_file_that_loads_is_written(tmp_path: Path) -> None:
    """Names, types, texts with every quote and backslash, keys, times and costs, as the schema has them."""
    _, dataset = imported(tmp_path)
    types = {a.name: a.type for a in dataset.attributes}
    assert {
        "laengde": "integer",
        "farve": "code",
        "ejerNavn": "string",
        "cprNummer": "string",
        "bygget": "date",
        "set": "string",
        "baadnummer": "string",
        "virkningFra": "date",
        "virkningTil": "date",
        "registreringFra": "string",
        "registreringTil": "string",
    } == types
    entry = read_entry(dataset)
    assert (Asks.ARGUMENT, Asks.FIELDS, 4000) == (
        entry.kept.effect,
        entry.kept.registration,
        entry.kept.weight,
    )
    assert {"farve", "baadnummer", "virkningFra", "registreringFra"} == entry.required
    assert "DafDateTime" == entry.scalars["set"]


def test_texts_say_whose_they_are(tmp_path: Path) -> None:
    """Danish is Danish; English is English where the register wrote any, and else says that it is not."""
    _, dataset = imported(tmp_path)
    texts = {a.name: a.description for a in dataset.attributes}
    assert 'Bådens "længde": angiver længden\\i meter' == texts["laengde"].da
    assert f"In Danish: {texts['laengde'].da}" == texts["laengde"].en
    assert ("Colour", "Farve") == (texts["farve"].en, texts["farve"].da)
    assert "the schema does not describe it" in texts["bygget"].en
    assert ("In Danish: Båd", "Båd") == (dataset.title.en, dataset.title.da)


def test_what_a_person_must_look_at_stands_in_the_file(tmp_path: Path) -> None:
    """Guesses are called guesses, careful ones; what was left out is named."""
    text, dataset = imported(tmp_path)
    guessed = {a.name: a.sensitivity for a in dataset.attributes}
    assert ("identifier", "confidential", "ordinary") == (
        guessed["cprNummer"],
        guessed["ejerNavn"],
        guessed["farve"],
    )
    assert "sensitivity is a GUESS" in text
    assert "# Left out: vaegt (Float)" in text


def test_data_on_persons_is_confidential_until_somebody_says_otherwise(tmp_path: Path) -> None:
    """Where records are about persons, no field is guessed to be ordinary."""
    _, text = import_schema(SCHEMA, ["TST_Baad"], provider="96000103", subject="person", keys=[KEY])
    (tmp_path / "tst.toml").write_text(text, "utf-8")
    [dataset] = load_catalogue(tmp_path).datasets.values()
    assert {"confidential", "identifier"} == {a.sensitivity for a in dataset.attributes}


@pytest.mark.parametrize(
    ("types", "keys", "only", "said"),
    [
        (["TST_Bil"], ["code=baadnummer"], [], "TST_Bil cannot be asked for; there are TST_Baad"),
        (["TST_Baad"], [], [], "none of the types has a field id_lokalId"),
        (["TST_Baad"], ["code=nummer"], [], "none of the types has a field nummer"),
        (["TST_Baad"], ["code=farve"], [], "cannot be searched by farve: its filter takes no list"),
        (["TST_Baad"], ["code=laengde"], [], "cannot be searched by laengde"),
        (["TST_Baad"], ["code=baadnummer"], ["fart"], "fart is no field of TST_Baad"),
    ],
)
def test_what_the_schema_lacks_is_named(
    types: list[str], keys: list[str], only: list[str], said: str
) -> None:
    """The error says which type, field or key, and what there is."""
    wanted = [WantedKey.parse(key) for key in keys]
    with pytest.raises(SchemaError, match=said):
        import_schema(SCHEMA, types, provider="96000103", subject="property", keys=wanted, only=only)


@pytest.mark.parametrize("text", ["", "code", "code=", "colour=x", "code=x:few", "=x"])
def test_a_key_of_another_form_is_refused(text: str) -> None:
    """The error says how a key is written."""
    with pytest.raises(SchemaError, match="key"):
        WantedKey.parse(text)


@pytest.mark.parametrize("text", ["", "no schema", "type A { b: C }", "type A { b: Int }"])
def test_what_is_no_schema_is_refused(text: str) -> None:
    """Not a traceback of the parser's."""
    with pytest.raises(SchemaError):
        import_schema(text, ["A"], provider="96000103", subject="property")


@needs_schemas
@pytest.mark.parametrize("register", SCHEMAS)
def test_published_schemas_are_read(register: str) -> None:
    """Each has its register's name and title, and every type that can be asked for is described."""
    text = published(register).read_text("utf-8")
    schema = build_schema(text)
    assert schema.query_type is not None
    assert (
        f"{register}_Events" in (read_schema(text, register.lower()).query_type or schema.query_type).fields
    )


@needs_schemas
def test_units_are_imported_as_the_catalogue_has_them(tmp_path: Path) -> None:
    """What Hjemmel's own catalogue says of units, the import of the schema says too, key for key."""
    keys = [
        WantedKey("bbr_enhed_id", "id_lokalId"),
        WantedKey("dar_adresse_id", "adresseIdentificerer", many=True),
        WantedKey("bbr_bygning_id", "bygning", many=True),
    ]
    own = load_catalogue().datasets["bbr.enhed"]
    text = published("BBR").read_text("utf-8")
    _, entry = import_schema(
        text, ["BBR_Enhed"], provider=own.provider, subject="property", keys=keys, only=own.attribute_names
    )
    (tmp_path / "bbr.toml").write_text(entry, "utf-8")
    [dataset] = load_catalogue(tmp_path).datasets.values()
    assert (own.name, own.provider, own.keys) == (dataset.name, dataset.provider, dataset.keys)
    assert own.attribute_names == dataset.attribute_names
    integers = {a.name for a in own.attributes if a.type == "integer"}
    assert integers == {a.name for a in dataset.attributes if a.type == "integer"}


def test_the_schema_of_a_simulator_can_be_imported(tmp_path: Path) -> None:
    """What a simulator serves for a register of the catalogue is a schema like the published ones."""
    schema = schema_of("bbr", all_turned("bbr"))
    register, entry = import_schema(schema, ["BBR_Enhed"], provider="96000103", subject="property")
    (tmp_path / "bbr.toml").write_text(entry, "utf-8")
    assert ("bbr", {"bbr.enhed"}) == (register, set(load_catalogue(tmp_path).datasets))
