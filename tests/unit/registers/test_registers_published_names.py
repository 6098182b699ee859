"""The catalogue calls attributes what the real services call them."""

from __future__ import annotations

import pytest
from graphql import GraphQLObjectType, build_schema

from adapters.catalogue import load_catalogue
from tests.support.datafordeler import needs_schemas, published

DATASETS = {n: d for n, d in load_catalogue().datasets.items() if d.register in {"bbr", "cvr", "dar", "mat"}}
#: What the real services have in other types than the one that the dataset is called after.
ELSEWHERE = {
    "bbr.bygning": {"bfeNummer"},  # Ejendomsrelation, by way of the plot
    "cvr.produktionsenhed": {"navn", "branche", "adressebetegnelse"},  # Navn, Branche, Adressering
    "cvr.virksomhed": {
        *("navn", "branche", "adressebetegnelse", "adressebeskyttet", "ejerPersonnummer", "virksomhedsform"),
    },
}


@needs_schemas
@pytest.mark.parametrize("name", sorted(DATASETS))
def test_attributes_are_those_of_the_published_schema(name: str) -> None:
    """Every attribute is a field of the published type, but those that stand in another."""
    register, _, entity = name.partition(".")
    types = {
        key.lower(): found
        for key, found in build_schema(published(register.upper()).read_text("utf-8")).type_map.items()
    }
    found = types[f"{register}_{entity}"]
    assert isinstance(found, GraphQLObjectType)
    assert ELSEWHERE.get(name, set()) == set(DATASETS[name].attribute_names) - set(found.fields)
