"""Questions to ask: one that is granted, and ways to spoil it; the planted cases as questions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from adapters.registers import PlantedCase, Registers, planted_cases
from exchange.client import Question
from exchange.demo.questions import SLUGS, question

__all__ = ["SLUGS", "case", "granted", "question_of"]


def case(registers: Registers, name: str) -> PlantedCase:
    """Finds a planted case by name."""
    return next(c for c in planted_cases(registers) if c.name == name)


def question_of(planted: PlantedCase) -> Question:
    """Makes the question of a planted case."""
    return question(planted, "SAG-2025-0017")


def granted(registers: Registers, **changes: Any) -> Question:
    """A question of Udbetaling Danmark that is granted: the applicant's income for housing benefit."""
    return replace(question_of(case(registers, "family-income-applicant")), **changes)
