"""Requests with one thing wrong, and the law that each runs into."""

from __future__ import annotations

from typing import Any

from exchange.workbench.permitted import fitting_consent

TIME = "2026-11-21T20:00:00Z"

INCOME: dict[str, Any] = {
    "time": TIME,
    "kind": "exchange",
    "emergency": False,
    "consumer": "91000008",
    "processor": None,
    "provider": "94000068",
    "dataset": "eindkomst.indkomst",
    "attributes": ["loenindkomst", "maaned"],
    "key": "personnummer",
    "subject_role": "applicant",
    "purpose": "housing-benefit.income",
    "legal_basis": "bsl.8",
    "agreement": "udk-eindkomst",
    "law_date": "2026-11-21",
    "consent": None,
    "partial_acceptable": False,
}
CONSENT = fitting_consent("92000028", "early-retirement.health", "2026-11-01T08:00:00Z")
HEALTH = {
    **INCOME,
    "consumer": "92000028",
    "provider": "93000048",
    "dataset": "sundhed.journaludtraek",
    "attributes": ["diagnosekode", "funktionsevne"],
    "purpose": "early-retirement.health",
    "legal_basis": "sl.43",
    "agreement": "odense-sundhed",
    "consent": CONSENT,
}
LATER = "2026-12-01T00:00:00Z"
ILOV = ("indkomstregisterloven § 7", "indkomstregisterlovens § 7")
RSL = ("§ 11 a(1)", "§ 11 a, stk. 1")


def gdpr(letter: str) -> tuple[str, str]:
    """GDPR article 5(1), in both languages."""
    return (
        f"GDPR article 5(1)({letter})",
        f"databeskyttelsesforordningens artikel 5, stk. 1, litra {letter}",
    )


#: One thing wrong with a request that is granted: the code, and the law in English and in Danish.
WRONG: list[tuple[dict[str, Any], dict[str, Any], str, str, str]] = [
    (INCOME, {"subject_role": "child"}, "SUBJECT_IS_CHILD", "Boligstøtteloven § 8(4)", "§ 8, stk. 4"),
    (INCOME, {"law_date": "tomorrow"}, "INPUT_INVALID", *gdpr("a")),
    (INCOME, {"processor": "12345678"}, "CONSUMER_UNKNOWN", "GDPR article 32", "artikel 32"),
    (INCOME, {"purpose": "curiosity"}, "PURPOSE_UNKNOWN", *gdpr("b")),
    (INCOME, {"legal_basis": "bsl.99"}, "LEGAL_BASIS_UNKNOWN", *gdpr("a")),
    (INCOME, {"law_date": "2017-01-01"}, "LEGAL_BASIS_NOT_IN_FORCE", *gdpr("a")),
    (INCOME, {"legal_basis": "bsl.77"}, "PURPOSE_NOT_COVERED", *gdpr("b")),
    (INCOME, {"consumer": "92000028"}, "CONSUMER_NOT_PERMITTED", "forvaltningsloven § 32", "§ 32"),
    (INCOME, {"dataset": "skat.formue"}, "DATASET_NOT_COVERED", *gdpr("c")),
    (INCOME, {"subject_role": "owner"}, "SUBJECT_ROLE_NOT_COVERED", *gdpr("c")),
    (INCOME, {"key": "person_id"}, "KEY_NOT_PERMITTED", *gdpr("c")),
    (INCOME, {"agreement": "none"}, "AGREEMENT_UNKNOWN", *ILOV),
    (
        INCOME, {"agreement": "udk-cpr"},
        "AGREEMENT_OF_ANOTHER_PARTY", *ILOV,
    ),
    (
        INCOME, {"time": "2017-06-01T12:00:00Z"},
        "AGREEMENT_NOT_YET_VALID", *ILOV,
    ),
    (
        INCOME,
        {
            "consumer": "90000055", "provider": "95000088", "dataset": "cpr.person", "attributes": ["status"],
            "purpose": "cash-benefit.application", "legal_basis": "rsl.11a.2", "agreement": "aarhus-cpr",
        },
        "AGREEMENT_ENDED", *ILOV,
    ),
    (
        HEALTH,
        {
            "agreement": "odense-eindkomst", "provider": "94000068", "dataset": "eindkomst.indkomst",
            "attributes": ["maaned"], "legal_basis": "rsl.11a.1",
        },
        "AGREEMENT_DOES_NOT_COVER_PURPOSE", *gdpr("b"),
    ),
    (INCOME, {"dataset": "skat.formue"}, "AGREEMENT_DOES_NOT_COVER_DATASET", *gdpr("c")),
    (HEALTH, {"consent": None}, "CONSENT_MISSING", *RSL),
    (
        HEALTH, {"consent": {"reference": "cited", "known": False}},
        "CONSENT_UNKNOWN", *RSL,
    ),
    (HEALTH, {"consent": {**CONSENT, "given_time": LATER}}, "CONSENT_NOT_YET_GIVEN", *RSL),
    (HEALTH, {"consent": {**CONSENT, "withdrawn_time": TIME}}, "CONSENT_WITHDRAWN", *RSL),
    (HEALTH, {"consent": {**CONSENT, "expires_time": TIME}}, "CONSENT_EXPIRED", *RSL),
    (
        HEALTH, {"consent": {**CONSENT, "case_matches": False}},
        "CONSENT_FOR_SOMETHING_ELSE", *RSL,
    ),
]  # fmt: skip
