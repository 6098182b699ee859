"""The matrix as a page that a reader browses, and the difference of two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from markupsafe import Markup

from exchange.model.catalogue import Text
from exchange.workbench.difference import Difference
from exchange.workbench.names import KEYS, ROLES, SENSITIVITIES, Names, listed, plain, told
from exchange.workbench.pages import charts
from exchange.workbench.pages.page import Fact, Page, Shown, render
from exchange.workbench.permission import Permission
from exchange.workbench.permitted import Permitted

_Groups = list[tuple[str, list[Permission]]]
_WORDS: dict[str, Any] = {"roles": ROLES, "keys": KEYS, "listed": listed, "plain": plain, "told": told}
_DAY, _REVISION = Text("Day of the law", "Lovens dag"), Text("Policy revision", "Reglernes revision")


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a difference: what it was made from, and its names."""

    revision: str
    on: date
    names: Names


def matrix_page(found: Permitted, rows: Sequence[Permission], names: Names, *, shown: Shown = "both") -> str:
    """Renders some rows of an enumeration."""
    page = Page(
        title=Text("What the policies permit", "Hvad reglerne tillader"),
        lead=Text(
            "Every combination that the exchange lets through on this day: who, for which task, under which "
            "law and agreement, about whom, and exactly which data. Each row was confirmed by a decision of "
            "the policies themselves. What is not here is refused.",
            "Hver kombination, som udvekslingen lader passere på denne dag: hvem, til hvilken opgave, efter "
            "hvilken lov og aftale, om hvem, og præcis hvilke oplysninger. Hver række er bekræftet ved en "
            "afgørelse efter reglerne selv. Hvad der ikke står her, afvises.",
        ),
        facts=(
            Fact(_DAY, found.on.isoformat()),
            Fact(Text("Authorities", "Myndigheder"), str(len({row.consumer for row in rows}))),
            Fact(Text("Rows", "Rækker"), str(len(rows))),
            Fact(_REVISION, found.policies.revision, code=True),
        ),
        shown=shown,
    )
    groups = by_authority(rows)
    return render(
        "matrix.html",
        page,
        groups=groups,
        names=names,
        chart=_sensitivities(groups, names),
        glossary=_glossary(rows),
        sensitivities=SENSITIVITIES,
        **_WORDS,
    )


def difference_page(difference: Difference, before: Side, after: Side, *, shown: Shown = "both") -> str:
    """Renders the difference of two enumerations."""
    page = Page(
        title=Text("What changes", "Hvad der ændres"),
        lead=Text(
            "What one side permits and the other does not, combination by combination, as the policies of "
            "each decide.",
            "Hvad den ene side tillader og den anden ikke, kombination for kombination, som hver sides "
            "regler afgør det.",
        ),
        facts=(
            Fact(Text("Before: day of the law", "Før: lovens dag"), before.on.isoformat()),
            Fact(Text("Before: policy revision", "Før: reglernes revision"), before.revision, code=True),
            Fact(Text("Now: day of the law", "Nu: lovens dag"), after.on.isoformat()),
            Fact(Text("Now: policy revision", "Nu: reglernes revision"), after.revision, code=True),
        ),
        shown=shown,
    )
    return render(
        "difference.html",
        page,
        difference=difference,
        before=before.names,
        after=after.names,
        chart=_counts(difference),
        by_authority=by_authority,
        **_WORDS,
    )


def by_authority(rows: Iterable[Permission]) -> _Groups:
    """Groups rows, which are sorted by authority."""
    return [(cvr, list(some)) for cvr, some in groupby(rows, key=lambda row: row.consumer)]


def _sensitivities(groups: _Groups, names: Names) -> Markup:
    bars = []
    for cvr, rows in groups:
        reached = {(row.dataset, name) for row in rows for name in row.attributes}
        kinds = [names.attribute(*place)[1] for place in reached]
        name = names.authority(cvr)
        bars.append(charts.Bar(Text(name, name), tuple(kinds.count(kind) for kind in SENSITIVITIES)))
    return charts.stacked(
        Text("Attributes within reach, by sensitivity", "Oplysninger inden for rækkevidde, efter følsomhed"),
        bars,
        label=Text("Authority", "Myndighed"),
        categories=tuple(SENSITIVITIES.values()),
    )


def _counts(difference: Difference) -> Markup:
    counts = [
        (Text("Newly permitted", "Nu tilladt"), len(difference.new)),
        (Text("No longer permitted", "Ikke længere tilladt"), len(difference.gone)),
        (Text("Changed", "Ændret"), len(difference.changed)),
    ]
    label, value = Text("Change", "Ændring"), Text("Rows", "Rækker")
    return charts.bars(Text("Overview", "Overblik"), counts, label=label, value=value)


def _glossary(rows: Iterable[Permission]) -> list[tuple[str, list[str]]]:
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.dataset, set()).update(row.attributes)
    return [(dataset, sorted(found[dataset])) for dataset in sorted(found)]
