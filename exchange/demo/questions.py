"""The planted cases of the generated registers as questions to an exchange."""

from __future__ import annotations

from datetime import UTC, datetime

from adapters.registers import PlantedCase
from exchange.client import Question
from exchange.model.request import SubjectKey

#: The folder of an organisation's keys, by its CVR number.
SLUGS = {
    "91000008": "udbetaling-danmark",
    "92000028": "odense",
    "90000055": "aarhus",
    "90000101": "fjordbanken",
}


def question(case: PlantedCase, case_reference: str) -> Question:
    """Makes the question of a planted case."""
    asked = case.request
    moment = asked.registration_time
    return Question(
        dataset=asked.dataset,
        attributes=tuple(asked.attributes),
        subject=SubjectKey(asked.key, asked.key_value),
        subject_role=asked.subject_role,
        purpose=asked.purpose,
        legal_basis=asked.legal_basis,
        agreement=asked.agreement,
        case_reference=case_reference,
        caseworker="sagsbehandler-17",
        consent_reference=asked.consent,
        law_date=asked.law_date,
        registration_time=datetime.fromisoformat(moment).astimezone(UTC) if moment else None,
        partial_acceptable=asked.partial_acceptable,
    )
