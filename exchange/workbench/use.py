"""The check of what agreements and laws are good for together: terms without a law, laws without a use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from exchange.workbench.findings import Examined, Finding, Severity, in_data
from exchange.workbench.permitted import enumerate_permitted
from exchange.workbench.unused import uncovered_terms, unused_permits

_MOST = 1000  # agreements: each is put to the policies in every way that the laws permit


def use(examined: Examined) -> Iterator[Finding]:
    """Asks the policies what each agreement in force is good for today."""
    count = len(examined.data("agreements"))
    if count > _MOST:
        problem = f"{count} agreements are too many to ask for each what a law carries of it"
        remedy = "look at one authority at a time: hjemmel policy matrix --authority CVR"
        yield Finding(Severity.WARNING, "use", "agreements/data.json", 0, problem, remedy)
        return
    found = enumerate_permitted(examined.policies, datetime.now(UTC).date())
    for remark in uncovered_terms(found):
        at = tuple(remark.place.split("/", 1))
        remedy = "take it out of the agreement, or write the rule that carries it"
        yield in_data(examined, Severity.WARNING, "use", at, remark.message, remedy)
    for remark in unused_permits(found):
        at = tuple(remark.place.split("/", 1))
        remedy = "conclude an agreement on it, or narrow the law's rule"
        yield in_data(examined, Severity.WARNING, "use", at, remark.message, remedy)
