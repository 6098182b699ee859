"""The course of one package: what came of its parts so far, what can be asked next, what is missing.

Pure. The broker follows it to ask; a client follows it again, over what it verified, to hold the broker to
it: about whom was asked must follow from what was released before, and from nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from exchange.model.ages import age
from exchange.model.decision import Reason, RefusedAttribute
from exchange.model.request import Record
from exchange.packages.missing import Missing, gap, in_both_languages
from exchange.packages.model import APPLICANT, Part, Reference, Terms


@dataclass(frozen=True, slots=True)
class Came:
    """What was released about one subject of a part, and what was not."""

    records: tuple[Record, ...]
    withheld: tuple[RefusedAttribute, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Why nothing can be asked: one of `exchange.packages.missing.GAPS`, and the part that it waits for."""

    code: str
    because_of: str = ""


@dataclass(frozen=True, slots=True)
class _Ended:
    request_id: str
    result: Came | Reason


class Course:
    """What came of a package's parts so far."""

    def __init__(self, terms: Terms, applicant: str, cited: Collection[str], law_date: date) -> None:
        """Takes the terms, the applicant, the parts that an agreement is cited for, and the law date."""
        self._terms = terms
        self._applicant = applicant
        self._cited = cited
        self._law_date = law_date
        self._ended: dict[str, dict[int, _Ended]] = {p.name: {} for p in terms.parts}
        self._found: dict[str, tuple[str, ...] | Gap] = {}

    def came(self, part: Part, index: int, request_id: str, result: Came | Reason) -> None:
        """Notes what came of asking about one subject: what was released, or why nothing."""
        self._ended[part.name][index] = _Ended(request_id, result)

    def has_ended(self, part: Part, index: int) -> bool:
        """Whether it is known what came of asking about a subject."""
        return index in self._ended[part.name]

    def is_due(self, part: Part) -> bool:
        """Whether all came that it follows."""
        return all(self._is_over(p) for p in self._terms.parts if p.name in part.follows)

    def subjects(self, part: Part) -> tuple[str, ...] | Gap:
        """Gives about whom a part is, or why that cannot be told. The part must be due."""
        if part.name not in self._found:
            self._found[part.name] = self._find(part)
        return self._found[part.name]

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to ask."""
        return all(self._is_over(p) for p in self._terms.parts)

    def missing(self) -> tuple[Missing, ...]:
        """Tells what did not come, in the order of the terms. The course must be over."""
        return tuple(m for part in self._terms.parts for m in self._missing(part))

    def _is_over(self, part: Part) -> bool:
        if not self.is_due(part):
            return False
        subjects = self.subjects(part)
        return isinstance(subjects, Gap) or len(self._ended[part.name]) == len(subjects)

    def _find(self, part: Part) -> tuple[str, ...] | Gap:
        if part.name not in self._cited:
            return Gap("PART_NOT_CITED")
        for reference in (part.key.source, *part.key.exclude):
            if reference != APPLICANT and not self._came(reference):
                return Gap("PART_WAITS_FOR_MISSING", reference.part)
        left_out = {value for reference in part.key.exclude for value in self._values(reference)}
        values = tuple(v for v in dict.fromkeys(self._joined(part)) if v not in left_out)
        return values if len(values) <= part.key.most else Gap("PART_TOO_MANY_SUBJECTS", part.key.source.part)

    def _came(self, reference: Reference) -> bool:
        """Whether an attribute was released by a part: about one subject at least, and withheld of none."""
        source = self._part(reference)
        if isinstance(self.subjects(source), Gap):
            return False
        results = [e.result for e in self._ended[source.name].values()]
        came = [r for r in results if isinstance(r, Came)]
        if results and not came:
            return False
        return not any(w.attribute == reference.attribute for c in came for w in c.withheld)

    def _joined(self, part: Part) -> Iterator[str]:
        """The values that lead to a part's subjects, without those of whom it leaves out."""
        if part.about_applicant:
            yield self._applicant
            return
        out = part.key.leave_out
        for record in self._records(part.key.source):
            years = age(record.get(out.attribute), self._law_date) if out else None
            if out and years is not None and years < out.age_below:
                continue  # whose age is unknown is asked about: the law's own obligation then decides
            yield from _value(record, part.key.source)

    def _values(self, reference: Reference) -> Iterator[str]:
        if reference == APPLICANT:
            yield self._applicant
            return
        for record in self._records(reference):
            yield from _value(record, reference)

    def _records(self, reference: Reference) -> Iterator[Record]:
        for _, ended in sorted(self._ended[reference.part].items()):
            if isinstance(ended.result, Came):
                yield from ended.result.records

    def _missing(self, part: Part) -> Iterator[Missing]:
        subjects = self.subjects(part)
        if isinstance(subjects, Gap):
            yield Missing(part.name, part.needed, gap(subjects.code), because_of=subjects.because_of)
            return
        if not subjects and not part.no_record_is_answer:
            source = part.key.source.part
            yield Missing(part.name, part.needed, gap("PART_NO_SUBJECT"), because_of=source)
        for _, ended in sorted(self._ended[part.name].items()):
            for reason in _reasons(part, ended.result):
                yield Missing(part.name, part.needed, in_both_languages(reason), ended.request_id)

    def _part(self, reference: Reference) -> Part:
        part = self._terms.part(reference.part)
        if part is None:
            raise AssertionError("a reference of terms that were read leads to a part")
        return part


def _reasons(part: Part, result: Came | Reason) -> Iterator[Reason]:
    if isinstance(result, Reason):
        yield result
    elif not result.records and not part.no_record_is_answer:
        yield gap("PART_NO_RECORD")
    elif result.withheld:
        yield from dict.fromkeys(w.reason for w in result.withheld)


def _value(record: Record, reference: Reference) -> Iterator[str]:
    value = record.get(reference.attribute)
    if value is not None and not isinstance(value, bool):  # a yes or no leads to nobody
        yield str(value)
