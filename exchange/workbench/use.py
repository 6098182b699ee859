"""The check of what agreements and laws are good for together: terms without a law, laws without a use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime

from exchange.workbench.findings import Examined, Finding, Severity, in_data
from exchange.workbench.permitted import enumerate_permitted
from exchange.workbench.unused import uncovered_terms, unused_permits

_MOST = 1000  # agreements: each is put to the policies in every way that the laws permit


def use(examined: Examined) -> Iterator[Finding]:
    """Asks the policies what each agreement is good for, today and on each day that a law began."""
    count = len(examined.data("agreements"))
    if count > _MOST:
        problem = f"{count} agreements are too many to ask for each what a law carries of it"
        remedy = "look at one authority at a time: hjemmel policy matrix --authority CVR"
        yield Finding(Severity.WARNING, "use", "agreements/data.json", 0, problem, remedy)
        return
    today = datetime.now(UTC).date()
    found = [enumerate_permitted(examined.policies, day) for day in sorted({today, *_days(examined)})]
    for remark in uncovered_terms(next(f for f in found if f.on == today)):
        at = tuple(remark.place.split("/", 1))
        remedy = "take it out of the agreement, or write the rule that carries it"
        yield in_data(examined, Severity.WARNING, "use", at, remark.message, remedy)
    # A case may be decided by the law of an earlier day: of no use is what no version of it makes use of.
    for remark in sorted(set.intersection(*(set(unused_permits(f)) for f in found))):
        at = tuple(remark.place.split("/", 1))
        remedy = "conclude an agreement on it, or narrow the law's rule"
        yield in_data(examined, Severity.WARNING, "use", at, remark.message, remedy)


def _days(examined: Examined) -> Iterator[date]:
    for basis in examined.data("legal_bases").values():
        for version in basis["versions"]:
            with suppress(ValueError):  # a day that is none is found elsewhere
                yield date.fromisoformat(version["valid_from"])
