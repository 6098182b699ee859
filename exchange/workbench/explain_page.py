"""An explanation as a page, in both languages."""

from __future__ import annotations

from typing import Any

from exchange.model.catalogue import Text
from exchange.workbench import explain_words
from exchange.workbench.explain import Explanation, Status
from exchange.workbench.names import Names, told
from exchange.workbench.pages.page import Fact, Page, Shown, render
from exchange.workbench.recorded import Recorded

_TONES = {Status.HELD: "good", Status.FAILED: "bad", Status.MOOT: "plain"}


def explanation_page(
    found: Explanation, names: Names, recorded: Recorded | None, *, shown: Shown = "both"
) -> str:
    """Renders an explanation; with what was recorded, where it explains a recorded decision."""
    facts = [Fact(Text("Decision", "Afgørelse"), explain_words.outcome(found))]
    if recorded:
        facts += [
            Fact(Text("Entry in the log", "Post i loggen"), str(recorded.index)),
            Fact(Text("Request id", "Anmodningens id"), recorded.request_id, code=True),
        ]
    facts.append(Fact(Text("Policy revision", "Reglernes revision"), found.revision, code=True))
    page = Page(
        title=Text("Why the request was decided so", "Hvorfor anmodningen blev afgjort sådan"),
        lead=Text(
            "Each condition that the policies set, whether it holds, and the law behind it. The decision and "
            "every proposal were made by the policies themselves.",
            "Hver betingelse, som reglerne stiller, om den er opfyldt, og loven bag. Afgørelsen og hvert "
            "forslag er truffet efter reglerne selv.",
        ),
        facts=tuple(facts),
        shown=shown,
    )
    content: dict[str, Any] = {
        "found": found,
        "names": names,
        "recorded": recorded,
        "words": explain_words,
        "tones": _TONES,
        "Status": Status,
        "told": told,
    }
    return render("explain.html", page, **content)
