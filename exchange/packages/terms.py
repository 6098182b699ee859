"""The terms of a package as text and back: canonical JSON, whose SHA-256 is what an authority signs.

The same reader serves the declaration's file, where most fields have a default, and the canonical text,
where none is left out.
"""

from __future__ import annotations

from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256
from typing import Any

from audit.errors import FormatError
from audit.formats import canonical
from exchange.model.identifiers import SUBJECT_KEYS
from exchange.model.request import SUBJECT_ROLES
from exchange.packages.model import APPLICANT, Key, LeaveOut, Part, Reference, Terms
from exchange.packages.tables import PackageError, Table

MAX_PARTS = 50
MAX_SUBJECTS = 50  # of one part
_MAX_AGE = 150
_USUAL_MOST = 12
_EMPTY = ("answer", "missing")


def text_of(terms: Terms) -> str:
    """Writes the canonical text."""
    document = {
        "package": terms.package,
        "applicant": terms.applicant,
        "parts": [_part_document(p) for p in terms.parts],
    }
    return canonical.encode(document).decode()


def digest_of(text: str) -> str:
    """The SHA-256 of a canonical text, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


@lru_cache(maxsize=256)  # the same stand in the request of every part
def parse(text: str) -> Terms:
    """Reads a canonical text, and only the canonical form of it.

    Raises:
        PackageError: it is none, or its terms do not hold.
    """
    try:
        terms = read(Table(canonical.decode(text.encode()), "terms"))
    except (FormatError, UnicodeEncodeError) as error:
        raise PackageError(f"terms: {error}") from error
    if text_of(terms) != text:
        raise PackageError("terms: not in canonical form: no field is left out")
    return terms


def read(table: Table) -> Terms:
    """Reads terms, and checks that each part can be asked once those it follows have come.

    Raises:
        PackageError: they do not hold.
    """
    package = table.name("package")
    applicant = table.one_of("applicant", SUBJECT_KEYS)
    parts = tuple(_part(entry, applicant) for entry in table.tables("parts", MAX_PARTS))
    table.end()
    terms = Terms(package, applicant, parts)
    _check_names(terms, table.place)
    for part in parts:
        _check_joins(terms, part, f"{table.place}: part {part.name}")
    try:
        TopologicalSorter({p.name: p.follows for p in parts}).prepare()
    except CycleError as error:
        circle = " → ".join(reversed(error.args[1]))
        raise PackageError(f"{table.place}: parts wait for each other: {circle}") from error
    return terms


def _part(entry: Table, applicant: str) -> Part:
    name = entry.name("name")
    entry.place = f"{entry.place} ({name})"
    if name == str(APPLICANT) or "." in name:
        raise PackageError(f"{entry.place}: a part's name is not 'applicant', and holds no '.'")
    part = Part(
        name=name,
        dataset=entry.name("dataset"),
        attributes=tuple(sorted(entry.names("attributes"))),
        role=entry.one_of("role", SUBJECT_ROLES),
        purpose=entry.name("purpose"),
        legal_basis=entry.name("legal_basis"),
        key=_key(entry.table("key"), applicant),
        needed=entry.truth("needed", usual=True),
        no_record_is_answer=entry.one_of("empty", _EMPTY, "missing") == "answer",
        partial=entry.truth("partial", usual=False),
    )
    entry.end()
    return part


def _key(entry: Table, applicant: str) -> Key:
    source = _reference(entry.text("from"), entry.place)
    if source == APPLICANT:
        entry.one_of("kind", (applicant,), applicant)
        entry.end()
        return Key(applicant, source)
    key = Key(
        kind=entry.one_of("kind", SUBJECT_KEYS),
        source=source,
        exclude=tuple(_reference(text, entry.place) for text in entry.names("exclude", needed=False)),
        leave_out=_leave_out(entry.table("leave_out")) if entry.has("leave_out") else None,
        most=entry.number("most", 1, MAX_SUBJECTS, _USUAL_MOST),
    )
    entry.end()
    return key


def _leave_out(entry: Table) -> LeaveOut:
    leave_out = LeaveOut(entry.name("attribute"), entry.number("age_below", 1, _MAX_AGE))
    entry.end()
    return leave_out


def _reference(text: str, place: str) -> Reference:
    if text == str(APPLICANT):
        return APPLICANT
    part, dot, attribute = text.partition(".")
    if not (part and dot and attribute):
        raise PackageError(f"{place}: {text!r} must be 'applicant' or '<part>.<attribute>'")
    return Reference(part, attribute)


def _check_names(terms: Terms, place: str) -> None:
    names = [p.name for p in terms.parts]
    for name in names:
        if names.count(name) > 1:
            raise PackageError(f"{place}: part {name} is described twice")


def _check_joins(terms: Terms, part: Part, place: str) -> None:
    for reference in (part.key.source, *part.key.exclude):
        if reference == APPLICANT:
            continue
        source = terms.part(reference.part)
        if source is None:
            raise PackageError(f"{place}: {reference}: there is no part {reference.part}")
        if reference.attribute not in source.attributes:
            raise PackageError(
                f"{place}: {reference}: the part {source.name} does not ask for {reference.attribute}"
            )
    out = part.key.leave_out
    source = terms.part(part.key.source.part)
    if out and source and out.attribute not in source.attributes:
        raise PackageError(f"{place}: leave_out: the part {source.name} does not ask for {out.attribute}")


def _part_document(part: Part) -> dict[str, Any]:
    return {
        "name": part.name,
        "dataset": part.dataset,
        "attributes": list(part.attributes),
        "role": part.role,
        "purpose": part.purpose,
        "legal_basis": part.legal_basis,
        "key": _key_document(part.key),
        "needed": part.needed,
        "empty": _EMPTY[not part.no_record_is_answer],
        "partial": part.partial,
    }


def _key_document(key: Key) -> dict[str, Any]:
    document: dict[str, Any] = {"kind": key.kind, "from": str(key.source)}
    if key.source == APPLICANT:
        return document
    document |= {"exclude": [str(r) for r in key.exclude], "most": key.most}
    if key.leave_out:
        document["leave_out"] = {"attribute": key.leave_out.attribute, "age_below": key.leave_out.age_below}
    return document
