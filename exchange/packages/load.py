"""The packages of an exchange: one TOML file each, read once and checked whole against the catalogue."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from exchange.model.catalogue import Catalogue, Text
from exchange.model.identifiers import is_cvr
from exchange.packages import terms as wording
from exchange.packages.model import Next, Package, Part, Reference, Terms, Told
from exchange.packages.tables import PackageError, Table

_SHIPPED = Path(__file__).parent
_TOLD = ("title", "next")  # fields of a part that are told to people, and not signed
#: Types of attributes that can hold an identifier of a kind; a kind that is not named here takes any text.
_UUID = frozenset({"uuid"})
_HOLDS: Mapping[str, frozenset[str]] = {
    "personnummer": frozenset({"personnummer"}),
    "cvr_nummer": frozenset({"cvr"}),
    "se_nummer": frozenset({"cvr"}),
    **dict.fromkeys(("person_id", "dar_adresse_id", "dar_husnummer_id", "uuid"), _UUID),
    **dict.fromkeys(("bbr_enhed_id", "bbr_bygning_id", "bbr_grund_id"), _UUID),
}


def load_packages(catalogue: Catalogue, own: Path | None = None) -> Mapping[str, Package]:
    """Reads the packages that come with Hjemmel, and those of a folder, by name.

    Args:
        catalogue: what can be asked for.
        own: a folder with packages beside those; one of the same name stands in the other's place.

    Raises:
        PackageError: a file does not parse, or declares what cannot be asked.
    """
    if own is not None and not own.is_dir():
        raise PackageError(f"{own} is no folder of packages")
    found = _folder(_SHIPPED, catalogue) | (_folder(own, catalogue) if own else {})
    return MappingProxyType(found)


def read_package(path: Path, catalogue: Catalogue) -> Package:
    """Reads one declaration.

    Raises:
        PackageError: it does not hold; the message names the file and the place.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PackageError(f"{path.name}: not valid TOML: {error}") from error
    title = _text(Table(document.pop("title", None), f"{path.name}: title"))
    told = [_told(part, f"{path.name}: parts {n}") for n, part in enumerate(_parts(document), 1)]
    terms = wording.read(Table(document, path.name))
    for part in terms.parts:
        _check_part(terms, part, catalogue, f"{path.name}: part {part.name}")
    text = wording.text_of(terms)
    by_part = {p.name: t for p, t in zip(terms.parts, told, strict=True)}
    return Package(title, terms, text, wording.digest_of(text), MappingProxyType(by_part))


def _folder(folder: Path, catalogue: Catalogue) -> dict[str, Package]:
    found: dict[str, Package] = {}
    for path in sorted(folder.glob("*.toml")):
        package = read_package(path, catalogue)
        if package.name in found:
            raise PackageError(f"{path.name}: package {package.name} is declared in another file, too")
        found[package.name] = package
    return found


def _parts(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Gives the tables of the parts; what else stands there is found out when the terms are read."""
    parts = document.get("parts")
    return [p for p in parts if isinstance(p, dict)] if isinstance(parts, list) else []


def _told(part: dict[str, Any], place: str) -> Told:
    taken = Table({name: part.pop(name, None) for name in _TOLD}, place)
    title = _text(taken.table("title"))
    entry = taken.table("next")
    cvr, name = entry.text("cvr"), entry.text("name")
    if not is_cvr(cvr):
        raise PackageError(f"{entry.place}: cvr {cvr} is not a CVR number")
    return Told(title, Next(cvr, name, _text(entry)))


def _text(entry: Table) -> Text:
    text = Text(entry.text("en"), entry.text("da"))
    entry.end()
    return text


def _check_part(terms: Terms, part: Part, catalogue: Catalogue, place: str) -> None:
    dataset = catalogue.datasets.get(part.dataset)
    if dataset is None:
        raise PackageError(f"{place}: no register has the dataset {part.dataset}")
    for name in part.attributes:
        if name not in dataset.attribute_names:
            names = ", ".join(sorted(dataset.attribute_names))
            raise PackageError(f"{place}: {part.dataset} has no attribute {name}, but {names}")
    if dataset.key(part.key.kind) is None:
        kinds = ", ".join(k.kind for k in dataset.keys)
        raise PackageError(f"{place}: {part.dataset} is looked up by {kinds}, not by {part.key.kind}")
    for reference in (part.key.source, *part.key.exclude):
        _check_type(terms, reference, catalogue, _HOLDS.get(part.key.kind), place)
    if part.key.leave_out:
        born = Reference(part.key.source.part, part.key.leave_out.attribute)
        _check_type(terms, born, catalogue, frozenset({"date"}), place)


def _check_type(
    terms: Terms, reference: Reference, catalogue: Catalogue, types: frozenset[str] | None, place: str
) -> None:
    source = terms.part(reference.part)
    dataset = catalogue.datasets.get(source.dataset) if source else None
    if (
        types is None or dataset is None
    ):  # any text will do; or it is the applicant, or told as unknown itself
        return
    attribute = next((a for a in dataset.attributes if a.name == reference.attribute), None)
    if attribute is not None and attribute.type not in types:
        wanted = " or ".join(sorted(types))
        raise PackageError(f"{place}: {reference} is of type {attribute.type}, not {wanted}")
