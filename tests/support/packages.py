"""Packages in tests: applications of the planted people, and declarations to spoil."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from adapters.registers.scene import PEOPLE
from exchange.client import Answer, Application, ClientError, PartAnswered, Summary
from exchange.packages.model import Package
from tests.support.broker import RunningBroker
from tests.support.verdict import CASE, CASEWORKER

#: The agreements of Udbetaling Danmark, by dataset.
AGREEMENTS = {
    "cpr.person": "udk-cpr",
    "cpr.udlandsophold": "udk-cpr",
    "eindkomst.indkomst": "udk-eindkomst",
    "bbr.enhed": "udk-bbr",
    "ejf.ejerskab": "udk-ejf",
    "vur.vurdering": "udk-vur",
    "skat.formue": "udk-skat",
    "pension.ydelse": "udk-pension",
}
LAW_DATE = date(2025, 1, 1)


def application(package: Package, person: str, **changes: Any) -> Application:
    """An application of somebody who is planted, under all agreements that the package needs."""
    datasets = {p.dataset for p in package.terms.parts}
    plain = Application(
        applicant=PEOPLE[person].number,
        agreements={d: a for d, a in AGREEMENTS.items() if d in datasets},
        case_reference=CASE,
        caseworker=CASEWORKER,
        law_date=LAW_DATE,
    )
    return replace(plain, **changes)


@dataclass(frozen=True, slots=True)
class Got:
    """What came of a package."""

    parts: Sequence[PartAnswered]
    summary: Summary

    def of(self, name: str) -> list[PartAnswered]:
        """The answers of one part."""
        return [p for p in self.parts if p.part.name == name]

    def answer(self, name: str) -> Answer:
        """The one answer of a part that was granted."""
        [one] = self.of(name)
        assert isinstance(one.answer, Answer), one.answer
        return one.answer

    def error(self, name: str) -> ClientError:
        """The one error of a part that was not."""
        [one] = self.of(name)
        assert isinstance(one.answer, ClientError)
        return one.answer

    @property
    def missing(self) -> list[tuple[str, str]]:
        """What is missing: part and code."""
        return [(m.missing.part, m.missing.reason.code) for m in self.summary.missing]


def assembled(broker: RunningBroker, name: str, person: str, **changes: Any) -> Got:
    """Asks for a package, and verifies all that comes."""
    with broker.client() as client:
        package = client.package(name)
        *parts, summary = client.assemble(package, application(package, person, **changes))
    assert isinstance(summary, Summary)
    return Got([p for p in parts if isinstance(p, PartAnswered)], summary)
