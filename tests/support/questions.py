"""Questions to ask: one that is granted, and ways to spoil it; the planted cases as questions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from adapters.registers import PlantedCase, Registers, planted_cases
from exchange.client import Question
from exchange.model.request import SubjectKey

SLUGS = {
    "91000008": "udbetaling-danmark",
    "92000028": "odense",
    "90000055": "aarhus",
    "90000101": "fjordbanken",
}


def case(registers: Registers, name: str) -> PlantedCase:
    """Finds a planted case by name."""
    return next(c for c in planted_cases(registers) if c.name == name)


def question_of(planted: PlantedCase) -> Question:
    """Makes the question of a planted case."""
    asked = planted.request
    moment = asked.registration_time
    registration = datetime.fromisoformat(moment).astimezone(UTC) if moment else None
    return Question(
        dataset=asked.dataset,
        attributes=tuple(asked.attributes),
        subject=SubjectKey(asked.key, asked.key_value),
        subject_role=asked.subject_role,
        purpose=asked.purpose,
        legal_basis=asked.legal_basis,
        agreement=asked.agreement,
        case_reference="SAG-2025-0017",
        caseworker="sagsbehandler-17",
        consent_reference=asked.consent,
        law_date=asked.law_date,
        registration_time=registration,
        partial_acceptable=asked.partial_acceptable,
    )


def granted(registers: Registers, **changes: Any) -> Question:
    """A question of Udbetaling Danmark that is granted: the applicant's income for housing benefit."""
    return replace(question_of(case(registers, "family-income-applicant")), **changes)
