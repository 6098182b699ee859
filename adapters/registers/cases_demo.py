"""The planted cases that the demo tells as stories: a family and a pensioner."""

from typing import Final

from adapters.registers.questions import (
    NON_WORK,
    STATUS,
    STAYS,
    area,
    case,
    household,
    income,
    ownership,
    residence,
    supplement,
    wealth,
)

DEMO_CASES: Final = (
    case(
        "family-household",
        ("The household of a plain family", "Husstanden i en almindelig familie"),
        household("family"),
        "Two married adults and two children at one address.",
        records=4,
    ),
    case(
        "family-income-applicant",
        ("Income of the applicant", "Ansøgerens indkomst"),
        income("family_mother"),
        "24 months of wages.",
        records=24,
    ),
    case(
        "family-income-spouse",
        ("Income of the applicant's spouse", "Ægtefællens indkomst"),
        income("family_father", "spouse"),
        "24 months of wages.",
        records=24,
    ),
    case(
        "family-area",
        ("The dwelling of a plain family", "En almindelig families bolig"),
        area("family"),
        "96 m², own kitchen, let; the norm for four is 125 m².",
        records=1,
    ),
    case(
        "family-ownership",
        ("A tenant owns no property", "En lejer ejer ingen ejendom"),
        ownership("family_mother"),
        "The register finds nothing, which is the answer.",
        records=0,
    ),
    case(
        "family-wealth",
        ("Wealth of the applicant", "Ansøgerens formue"),
        wealth("family_mother"),
        "Two years.",
        records=2,
    ),
    case(
        "pensioner-residence",
        ("Residence of a plain pensioner", "En almindelig pensionists bopæl"),
        residence("pensioner", "cpr.person", STATUS),
        "Always lived in Denmark: full pension.",
        records=1,
    ),
    case(
        "pensioner-stays",
        ("A plain pensioner was never abroad", "En almindelig pensionist har ikke boet i udlandet"),
        residence("pensioner", "cpr.udlandsophold", STAYS),
        "The register finds nothing, which is the answer.",
        records=0,
    ),
    case(
        "pensioner-supplement",
        ("Non-work income of a plain pensioner", "En almindelig pensionists øvrige indkomst"),
        supplement("pensioner", "applicant", None, attributes=NON_WORK),
        "Work income is not asked for, since it no longer counts.",
        records=24,
    ),
)
"""The demo's stories of housing benefit and pension, in order."""
