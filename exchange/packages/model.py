"""What a package is: parts, each a question about subjects that the applicant or another part leads to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange.model.catalogue import Text


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a value comes from: an attribute of another part, or the applicant, who is no part."""

    part: str
    attribute: str

    def __str__(self) -> str:
        """As it is written: `household.personnummer`, or `applicant`."""
        return f"{self.part}.{self.attribute}" if self.part else "applicant"


APPLICANT = Reference("", "")


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """Whom a join leaves out: who is known to be younger than an age on the law date."""

    attribute: str
    age_below: int


@dataclass(frozen=True, slots=True)
class Key:
    """How the subjects of a part are found.

    Attributes:
        kind: kind of the identifier.
        source: where its values come from.
        exclude: values that are left out, such as those of somebody whom another part is about.
        leave_out: whom else to leave out, by an attribute of the record that the value stands in.
        most: most subjects that it may lead to. Beyond it nobody is asked about.
    """

    kind: str
    source: Reference
    exclude: tuple[Reference, ...] = ()
    leave_out: LeaveOut | None = None
    most: int = 1


@dataclass(frozen=True, slots=True)
class Part:
    """One question, asked about each of its subjects.

    Attributes:
        needed: whether the task cannot be decided without it.
        no_record_is_answer: whether finding nothing is an answer ("owns none"), or leaves something missing.
        partial: whether a part of the attributes will do.
    """

    name: str
    dataset: str
    attributes: tuple[str, ...]
    role: str
    purpose: str
    legal_basis: str
    key: Key
    needed: bool
    no_record_is_answer: bool
    partial: bool

    @property
    def about_applicant(self) -> bool:
        """Whether the applicant is its subject."""
        return self.key.source == APPLICANT

    @property
    def follows(self) -> frozenset[str]:
        """Names of the parts that must have come before it can be asked."""
        return frozenset(r.part for r in (self.key.source, *self.key.exclude) if r.part)


@dataclass(frozen=True)
class Terms:
    """What a package asks: all that is signed of it.

    Attributes:
        applicant: kind of the identifier that the applicant is named by.
    """

    package: str
    applicant: str
    parts: tuple[Part, ...]

    def part(self, name: str) -> Part | None:
        """Finds a part by name."""
        return next((p for p in self.parts if p.name == name), None)


@dataclass(frozen=True, slots=True)
class Next:
    """Whom to ask for what did not come, and what for."""

    cvr: str
    name: str
    text: Text


@dataclass(frozen=True, slots=True)
class Told:
    """What is told to people about a part."""

    title: Text
    next: Next


@dataclass(frozen=True, slots=True)
class Package:
    """A package: its terms, and what people are told about it.

    Attributes:
        text: the terms in canonical JSON.
        digest: the SHA-256 of that, in hexadecimal.
        told: by name of the part.
    """

    title: Text
    terms: Terms
    text: str
    digest: str
    told: Mapping[str, Told]

    @property
    def name(self) -> str:
        """Its name."""
        return self.terms.package
