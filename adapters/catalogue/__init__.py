"""The catalogue: one TOML file a register, read once and checked whole."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from exchange.model.catalogue import Attribute, Catalogue, Dataset, Key, Text
from exchange.model.identifiers import SUBJECT_KEYS, is_cvr

TYPES = frozenset({"string", "integer", "boolean", "date", "month", "code", "uuid", "personnummer", "cvr"})
SENSITIVITIES = frozenset({"ordinary", "identifier", "confidential", "confidential_if_protected", "special"})
SUBJECTS = frozenset({"person", "property", "company"})
CARDINALITIES = frozenset({"one", "many"})


class CatalogueError(ValueError):
    """A catalogue file is wrong; the message names the file, the place and what to write."""


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Reads every `*.toml` below a folder; by default the catalogue that comes with Hjemmel.

    Raises:
        CatalogueError: a file does not parse, or says something the catalogue has no room for.
    """
    folder = folder or Path(__file__).parent
    datasets: dict[str, Dataset] = {}
    for path in sorted(folder.glob("*.toml")):
        for dataset in _read(path):
            if dataset.name in datasets:
                raise CatalogueError(f"{path.name}: dataset {dataset.name} is described twice")
            datasets[dataset.name] = dataset
    if not datasets:
        raise CatalogueError(f"no dataset is described in {folder}: put a register's .toml file there")
    return Catalogue.of(tuple(datasets.values()))


def _read(path: Path) -> list[Dataset]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{path.name}: not valid TOML: {error}") from error
    try:
        return [_dataset(document, entry) for entry in document["datasets"]]
    except KeyError as error:
        raise CatalogueError(f"{path.name}: the field {error} is missing") from error
    except CatalogueError as error:
        raise CatalogueError(f"{path.name}: {error}") from None


def _dataset(document: Mapping[str, Any], entry: Mapping[str, Any]) -> Dataset:
    name, register = entry["name"], document["register"]
    attributes = tuple(
        Attribute(
            name=a["name"],
            type=_one_of(TYPES, a["type"], f"{name}.{a['name']}: type"),
            sensitivity=_one_of(SENSITIVITIES, a["sensitivity"], f"{name}.{a['name']}: sensitivity"),
            description=Text(a["en"], a["da"]),
        )
        for a in entry["attributes"]
    )
    keys = tuple(
        Key(
            kind=_one_of(SUBJECT_KEYS, k["kind"], f"{name}: kind of key"),
            attribute=_one_of({a.name for a in attributes}, k["attribute"], f"{name}: key attribute"),
            cardinality=_one_of(CARDINALITIES, k["cardinality"], f"{name}: cardinality"),
        )
        for k in entry["keys"]
    )
    if not name.startswith(f"{register}."):
        raise CatalogueError(f"dataset {name} must be named {register}.<entity>")
    if not is_cvr(document["provider"]):
        raise CatalogueError(f"provider {document['provider']} is not a CVR number")
    if not attributes or not keys:
        raise CatalogueError(f"dataset {name} needs at least one attribute and one key")
    return Dataset(
        name=name,
        register=register,
        provider=document["provider"],
        title=Text(entry["title"]["en"], entry["title"]["da"]),
        subject=_one_of(SUBJECTS, entry["subject"], f"{name}: subject"),
        table=entry["source"]["table"],
        attributes=attributes,
        keys=keys,
    )


def _one_of(allowed: Any, value: str, what: str) -> str:
    if value not in allowed:
        raise CatalogueError(f"{what} is {value!r}, but must be one of {', '.join(sorted(allowed))}")
    return value
