"""The catalogue: one TOML file a register, read once and checked whole."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from exchange.model.catalogue import Attribute, Catalogue, Dataset, Key, Source, Text
from exchange.model.identifiers import SUBJECT_KEYS, is_cvr

TYPES = frozenset({"string", "integer", "boolean", "date", "month", "code", "uuid", "personnummer", "cvr"})
SENSITIVITIES = frozenset({"ordinary", "identifier", "confidential", "confidential_if_protected", "special"})
SUBJECTS = frozenset({"person", "property", "company"})
CARDINALITIES = frozenset({"one", "many"})
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._]{0,63}")


class CatalogueError(ValueError):
    """A catalogue file is wrong; the message names the file, the place and what to write."""


def load_catalogue(folder: Path | None = None, own: Path | None = None) -> Catalogue:
    """Reads every `*.toml` of a folder; by default the catalogue that comes with Hjemmel.

    Args:
        folder: where the registers are described.
        own: a folder with registers beside those; one that is described there is not read from the other.

    Raises:
        CatalogueError: a file does not parse, or says something the catalogue has no room for.
    """
    datasets = _folder(folder or Path(__file__).parent)
    if own is not None:
        ours = _folder(own)
        replaced = {d.register for d in ours}
        datasets = [*(d for d in datasets if d.register not in replaced), *ours]
    return Catalogue.of(tuple(datasets))


def _folder(folder: Path) -> list[Dataset]:
    datasets: dict[str, Dataset] = {}
    for path in sorted(folder.glob("*.toml")):
        for dataset in _read(path):
            if dataset.name in datasets:
                raise CatalogueError(f"{path.name}: dataset {dataset.name} is described twice")
            datasets[dataset.name] = dataset
    if not datasets:
        raise CatalogueError(f"no dataset is described in {folder}: put a register's .toml file there")
    return list(datasets.values())


def _read(path: Path) -> list[Dataset]:
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path.name}: not valid TOML: {error}") from error
    file = _Table(document, path.name)
    register, provider = file.text("register"), file.text("provider")
    if not is_cvr(provider):
        raise CatalogueError(f"{path.name}: provider {provider} is not a CVR number")
    return [_dataset(register, provider, entry, path.parent) for entry in file.tables("datasets")]


def _dataset(register: str, provider: str, entry: _Table, folder: Path) -> Dataset:
    name = entry.name()
    if not name.startswith(f"{register}."):
        raise CatalogueError(f"{entry.place}: dataset {name} must be named {register}.<entity>")
    entry.place += f": {name}"
    attributes = tuple(_attribute(a) for a in entry.tables("attributes"))
    entry.each_once("attribute", [a.name for a in attributes])
    keys = tuple(_key(k, {a.name for a in attributes}) for k in entry.tables("keys"))
    entry.each_once("key of kind", [k.kind for k in keys])
    title = entry.table("title")
    return Dataset(
        name=name,
        register=register,
        provider=provider,
        title=Text(title.text("en"), title.text("da")),
        subject=entry.one_of("subject", SUBJECTS),
        source=_source(entry.table("source"), folder),
        attributes=attributes,
        keys=keys,
        valid_for=_valid_for(entry, attributes),
    )


def _source(entry: _Table, folder: Path) -> Source:
    return Source(entry.text("kind"), entry.others("kind"), entry.place, folder)


def _valid_for(entry: _Table, attributes: Collection[Attribute]) -> float:
    seconds = entry.number("valid_for")
    if seconds and any(a.sensitivity != "ordinary" for a in attributes):  # answers would stay in memory
        raise CatalogueError(f"{entry.place}: valid_for is for datasets whose attributes are all ordinary")
    return seconds


def _attribute(entry: _Table) -> Attribute:
    name = entry.name()
    entry.place += f" ({name})"
    return Attribute(
        name=name,
        type=entry.one_of("type", TYPES),
        sensitivity=entry.one_of("sensitivity", SENSITIVITIES),
        description=Text(entry.text("en"), entry.text("da")),
    )


def _key(entry: _Table, attributes: Collection[str]) -> Key:
    return Key(
        kind=entry.one_of("kind", SUBJECT_KEYS),
        attribute=entry.one_of("attribute", attributes),
        cardinality=entry.one_of("cardinality", CARDINALITIES),
    )


class _Table:
    """A table of a file, which knows its place there."""

    def __init__(self, content: object, place: str) -> None:
        if not isinstance(content, dict):
            raise CatalogueError(f"{place} must be a table")
        self.place = place
        self._content = content

    def text(self, field: str) -> str:
        value = self._content.get(field)
        if not isinstance(value, str) or not value:
            raise CatalogueError(f"{self.place}: {field} is missing or no text")
        return value

    def name(self) -> str:
        value = self.text("name")
        if _NAME.fullmatch(value) is None:  # requests could not name it
            form = "a letter, then letters, digits, '.', '_'"
            raise CatalogueError(f"{self.place}: {value!r} is no name: {form}")
        return value

    def one_of(self, field: str, allowed: Collection[str]) -> str:
        value = self.text(field)
        if value not in allowed:
            raise CatalogueError(
                f"{self.place}: {field} is {value!r}, but must be one of {', '.join(sorted(allowed))}"
            )
        return value

    def number(self, field: str) -> float:
        value = self._content.get(field, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise CatalogueError(f"{self.place}: {field} must be a number, 0 or more")
        return value

    def others(self, *fields: str) -> Mapping[str, Any]:
        return {k: v for k, v in self._content.items() if k not in fields}

    def table(self, field: str) -> _Table:
        return _Table(self._content.get(field), f"{self.place}: {field}")

    def tables(self, field: str) -> list[_Table]:
        value = self._content.get(field)
        if not isinstance(value, list) or not value:
            raise CatalogueError(f"{self.place}: {field} needs at least one table")
        return [_Table(item, f"{self.place}: {field} {number}") for number, item in enumerate(value, 1)]

    def each_once(self, what: str, names: list[str]) -> None:
        for name in names:
            if names.count(name) > 1:
                raise CatalogueError(f"{self.place}: {what} {name} is described twice")
