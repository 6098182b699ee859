"""What registers offer: datasets, their attributes and the keys they are looked up by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Text:
    """One text in the languages of the product."""

    en: str
    da: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """One field of a dataset.

    Attributes:
        type: `string`, `integer`, `boolean`, `date` (YYYY-MM-DD), `month` (YYYY-MM), `code`,
            `uuid`, `personnummer` or `cvr`.
        sensitivity: `ordinary`, `identifier`, `confidential`, `confidential_if_protected`
            (confidential when the subject is protected) or `special` (GDPR article 9).
    """

    name: str
    type: str
    sensitivity: str
    description: Text


@dataclass(frozen=True, slots=True)
class Key:
    """One way to look records up: the kind of identifier and the attribute that holds it."""

    kind: str
    attribute: str
    cardinality: str  # "one" current record at most, or "many"


@dataclass(frozen=True, slots=True)
class Source:
    """How a dataset is read: the kind of adapter, and what that kind wants to know of it.

    Attributes:
        kind: name of the kind, e.g. `sql`, or of a plug-in.
        options: as the catalogue has them; the kind checks them.
        place: where in the catalogue they stand, for messages.
        folder: where files lie that they name.
    """

    kind: str
    options: Mapping[str, Any]
    place: str
    folder: Path = Path()


@dataclass(frozen=True, slots=True)
class Dataset:
    """One record type of a register, e.g. `cpr.person`.

    Attributes:
        provider: CVR number of the authority responsible for the register.
        subject: what a record is about: `person`, `property` or `company`.
        source: how it is read.
        valid_for: seconds that an answer may be reused for, 0 for none. Ordinary data only.
    """

    name: str
    register: str
    provider: str
    title: Text
    subject: str
    source: Source
    attributes: tuple[Attribute, ...]
    keys: tuple[Key, ...]
    valid_for: float = 0

    @property
    def attribute_names(self) -> frozenset[str]:
        """The names of all attributes."""
        return frozenset(a.name for a in self.attributes)

    def key(self, kind: str) -> Key | None:
        """Finds the key of a kind, or nothing where the dataset is not looked up by it."""
        return next((k for k in self.keys if k.kind == kind), None)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All datasets by name."""

    datasets: Mapping[str, Dataset]

    @classmethod
    def of(cls, datasets: tuple[Dataset, ...]) -> Catalogue:
        """Builds a catalogue that cannot change afterwards."""
        return cls(MappingProxyType({d.name: d for d in datasets}))
