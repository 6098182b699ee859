"""A comparison of two registers, as a TOML file declares it.

Every current record of `own` is a question to `other`: the value of `own.key` is looked up there. What comes
back must exist, hold one of the values that `other.expect` names, and agree in every pair. Without `other`,
the attributes `own.given` must merely have a value.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.kinds.entry import Entry
from adapters.port import Catalogue, Dataset, Text

OWN: Final = Path(__file__).parent / "comparisons.toml"
"""The comparisons that come with Hjemmel."""

Values = Mapping[str, Sequence[str]]
GONE_THROUGH: Final = ("sql", "snapshot")  # kinds of which every subject can be listed


class ComparisonError(ValueError):
    """A file of comparisons is wrong; the message names the file, the comparison and what to write."""


@dataclass(frozen=True, slots=True)
class Duty:
    """The law that has the provider keep its register right.

    Attributes:
        citation: in Danish.
        verified: whether somebody held it against the law's own text.
    """

    citation: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Own:
    """The register that is gone through.

    Attributes:
        dataset: of the catalogue, of the kind `sql`.
        subject: the attribute that names a subject: records with the same value are counted once.
        key: the attribute that is looked up in the other register; empty where there is none.
        where: which records are compared: for each attribute the values that it may have.
        given: attributes without which a record is not compared or, without another register, is wanting.
    """

    dataset: Dataset
    subject: str
    key: str
    where: Values
    given: Sequence[str]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two attributes that must hold the same; of the own one its `first` letters, where that is not 0."""

    own: str
    other: str
    first: int


@dataclass(frozen=True, slots=True)
class Other:
    """The register that is asked.

    Attributes:
        dataset: of the catalogue, of any kind.
        kind: the kind of key that it is asked by.
        expect: for each attribute the values of which it must have one.
        pairs: what must agree.
    """

    dataset: Dataset
    kind: str
    expect: Values
    pairs: Sequence[Pair]

    @property
    def attributes(self) -> tuple[str, ...]:
        """What is asked for, and no more: where only existence matters, the key itself."""
        wanted = {*self.expect, *(pair.other for pair in self.pairs)}
        key = self.dataset.key(self.kind)
        return tuple(sorted(wanted)) if wanted or key is None else (key.attribute,)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared, why, and what a difference can mean on either side."""

    name: str
    title: Text
    duty: Duty
    own: Own
    other: Other | None
    own_may: Text
    other_may: Text | None


def load(catalogue: Catalogue, files: Sequence[Path] = ()) -> tuple[Comparison, ...]:
    """Reads Hjemmel's own comparisons and those of more files.

    Raises:
        ComparisonError: a file does not parse, or names what the catalogue does not have.
    """
    found: dict[str, Comparison] = {}
    for file in (OWN, *files):
        for comparison in _read(file, catalogue):
            if comparison.name in found:
                raise ComparisonError(f"{file.name}: comparison {comparison.name} is declared twice")
            found[comparison.name] = comparison
    return tuple(found.values())


def _read(file: Path, catalogue: Catalogue) -> list[Comparison]:
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ComparisonError(f"{file.name}: no TOML can be read: {error}") from error
    tables = document.get("comparisons")
    if set(document) != {"comparisons"} or not isinstance(tables, list):
        raise ComparisonError(f"{file.name} must hold [[comparisons]] and nothing else")
    try:
        return [
            _comparison(Entry(t, f"{file.name}: comparison {n}"), catalogue) for n, t in enumerate(tables, 1)
        ]
    except ComparisonError:
        raise
    except ValueError as error:
        raise ComparisonError(str(error)) from error


def _comparison(entry: Entry, catalogue: Catalogue) -> Comparison:
    name = entry.text("name")
    duty = entry.table("duty")
    made = Comparison(
        name=name,
        title=_text(entry.table("title")),
        duty=Duty(duty.text("citation"), duty.flag("verified", usual=False)),
        own=_own(entry.table("own"), catalogue, alone="other" not in entry),
        other=_other(entry.table("other"), catalogue) if "other" in entry else None,
        own_may=_text(entry.table("own_may")),
        other_may=_text(entry.table("other_may")) if "other" in entry else None,
    )
    duty.end()
    entry.end()
    for pair in made.other.pairs if made.other else ():
        _known(entry.place, made.own.dataset, [pair.own])
    return made


def _own(entry: Entry, catalogue: Catalogue, *, alone: bool) -> Own:
    dataset = _dataset(entry, catalogue)
    if dataset.source.kind not in GONE_THROUGH:
        raise ComparisonError(
            f"{entry.place}: {dataset.name} is of the kind {dataset.source.kind}; only registers of "
            f"the kinds {' and '.join(GONE_THROUGH)} can be gone through: "
            "swap the two sides, or load a snapshot"
        )
    own = Own(
        dataset,
        entry.text("subject"),
        "" if alone else entry.text("key"),
        _values(entry.table("where")),
        entry.texts("given"),
    )
    entry.end()
    if alone and not own.given:
        raise ComparisonError(
            f"{entry.place}: without another register, given must name what has to be there"
        )
    _known(entry.place, dataset, [own.subject, *filter(None, [own.key]), *own.where, *own.given])
    return own


def _other(entry: Entry, catalogue: Catalogue) -> Other:
    dataset = _dataset(entry, catalogue)
    pairs = []
    for number, table in enumerate(entry.value("pairs") or (), 1):
        pair = Entry(table, f"{entry.place}: pair {number}")
        pairs.append(Pair(pair.text("own"), pair.text("other"), pair.number("first", 0)))
        pair.end()
    kinds = [key.kind for key in dataset.keys]
    other = Other(dataset, entry.one_of("kind", kinds), _values(entry.table("expect")), tuple(pairs))
    entry.end()
    _known(entry.place, dataset, other.attributes)
    return other


def _dataset(entry: Entry, catalogue: Catalogue) -> Dataset:
    return catalogue.datasets[entry.one_of("dataset", catalogue.datasets.keys())]


def _values(entry: Entry) -> Values:
    return {name: entry.texts(name) for name in entry.names()}


def _text(entry: Entry) -> Text:
    made = Text(entry.text("en"), entry.text("da"))
    entry.end()
    return made


def _known(place: str, dataset: Dataset, attributes: Sequence[str]) -> None:
    for name in attributes:
        if name not in dataset.attribute_names:
            raise ComparisonError(f"{place}: {dataset.name} has no attribute {name}")
