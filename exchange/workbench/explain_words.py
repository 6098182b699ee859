"""An explanation in words, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from exchange.model.catalogue import Text
from exchange.workbench.asking import Input
from exchange.workbench.explain import Condition, Explanation, Status, Verdict
from exchange.workbench.names import KEYS, ROLES, Names, plain
from exchange.workbench.proposals import Proposal, Reach

STATUS = {
    Status.HELD: Text("holds", "opfyldt"),
    Status.FAILED: Text("fails", "ikke opfyldt"),
    Status.MOOT: Text("not judged", "ikke prøvet"),
}
NO_PROPOSAL = Text(
    "No change of law, agreement, key, attributes or purpose makes this request lawful.",
    "Ingen ændring af hjemmel, aftale, nøgle, oplysninger eller formål gør anmodningen lovlig.",
)
CAVEAT = {
    Reach.FACTS: Text(
        "Only if the facts are so: a request must not be adapted to the answer that is wanted.",
        "Kun hvis det forholder sig sådan: en anmodning må ikke tilpasses det ønskede svar.",
    ),
    Reach.TASK: Text(
        "Another purpose is another task. Only where the authority has that very task, in a case of its own; "
        "data fetched for one purpose may not be used for another.",
        "Et andet formål er en anden opgave. Kun hvor myndigheden har netop den opgave, i en sag for sig; "
        "oplysninger hentet til ét formål må ikke bruges til et andet.",
    ),
}


def outcome(found: Explanation) -> Text:
    """The decision in a word."""
    if found.failure:
        return Text(
            f"Refused: the policies gave no believable answer ({found.failure})",
            f"Afvist: reglerne gav intet troværdigt svar ({found.failure})",
        )
    if found.is_whole:
        return Text("Granted", "Imødekommet")
    if found.decision.allow:
        return Text("Granted in part", "Delvis imødekommet")
    if not found.failed:
        return Text(
            "Refused: an attribute is, and a part will not do",
            "Afvist: en oplysning gives ikke, og en del er ikke nok",
        )
    return Text("Refused", "Afvist")


def because(condition: Condition, found: Explanation) -> Text:
    """Why a condition was not judged."""
    titles = [c.rule.title for c in found.conditions if c.rule.code in condition.because]
    if not titles:
        return Text("The cited law sets no such condition.", "Den angivne hjemmel stiller ikke betingelsen.")
    en, da = "; ".join(t.en for t in titles), "; ".join(t.da for t in titles)
    return Text(
        f"Cannot be judged while this fails: {en}.", f"Kan ikke prøves, når dette ikke er opfyldt: {da}."
    )


def verdict(one: Verdict, found: Explanation) -> Text:
    """Why an attribute is granted or not."""
    if one.granted:
        return Text(
            "The law opens it and the agreement carries it.", "Loven åbner for den, og aftalen bærer den."
        )
    texts = [rule.message for rule in one.taken_out]
    for holds, code in ((one.opened, "ATTRIBUTE_NOT_COVERED"), (one.carried, "ATTRIBUTE_NOT_IN_AGREEMENT")):
        rule = found.attribute_rules.get(code)
        if not holds and rule and not found.failed:
            texts.append(rule.message)
    if texts:
        return Text(" ".join(t.en for t in texts), " ".join(t.da for t in texts))
    return Text("Refused with the whole request.", "Afvist sammen med hele anmodningen.")


def asked(policy_input: Input, names: Names) -> Iterator[tuple[Text, Text]]:
    """The request, field by field, as far as it is well formed."""
    fields: Mapping[str, Any] = {k: v for k, v in policy_input.items() if isinstance(v, str)}
    for field, label in _FIELDS.items():
        value = fields.get(field)
        if value is not None:
            yield label, _value(field, value, names)
    consent = policy_input.get("consent")
    cited = Text("cited", "henvist til") if consent else Text("none cited", "ikke henvist til noget")
    yield Text("Consent", "Samtykke"), cited
    if policy_input.get("emergency"):
        yield Text("Emergency", "Akut fare"), Text("declared", "erklæret")
    if policy_input.get("partial_acceptable"):
        yield Text("A part will do", "En del er nok"), Text("yes", "ja")


def changes(proposal: Proposal, names: Names) -> tuple[Text, ...]:
    """What a proposal changes, one sentence each."""
    return tuple(_change(field, value, proposal, names) for field, value in proposal.changes.items())


def _change(field: str, value: Any, proposal: Proposal, names: Names) -> Text:
    if field == "attributes":
        left = ", ".join(proposal.dropped)
        return Text(f"Leave out {left}.", f"Udelad {left}.")
    if field == "consent":
        return Text(
            "Obtain the citizen's consent to this very look-up, and cite it.",
            "Indhent borgerens samtykke til netop dette opslag, og henvis til det.",
        )
    told = _value(field, value, names)
    sentences = {
        "purpose": Text(f"Purpose: {told.en}.", f"Formål: {told.da}."),
        "legal_basis": Text(f"Cite {told.en}.", f"Henvis til {told.da}."),
        "agreement": Text(f"Name the agreement {told.en}.", f"Angiv aftalen {told.da}."),
        "key": Text(f"Look up by {told.en}.", f"Slå op ved {told.da}."),
        "law_date": Text(
            f"Law of {told.en}, if the case is decided by it.",
            f"Ret pr. {told.da}, hvis sagen afgøres efter den.",
        ),
    }
    return sentences[field]


_FIELDS = {
    "consumer": Text("Consumer", "Anmoder"),
    "processor": Text("Processor", "Databehandler"),
    "provider": Text("Provider", "Registermyndighed"),
    "purpose": Text("Purpose", "Formål"),
    "legal_basis": Text("Cited legal basis", "Angivet hjemmel"),
    "agreement": Text("Agreement", "Aftale"),
    "dataset": Text("Dataset", "Datasæt"),
    "subject_role": Text("About", "Om"),
    "key": Text("Found by", "Fundet ved"),
    "law_date": Text("Day of the law", "Lovens dag"),
    "time": Text("Time", "Tidspunkt"),
    "kind": Text("Kind", "Art"),
}
_KINDS = {
    "exchange": Text("exchange", "udveksling"),
    "dry_run": Text("dry run", "prøve"),
    "matching": Text("matching", "samkøring"),
    "change": Text("subscription to changes", "abonnement på ændringer"),
}


def _value(field: str, value: str, names: Names) -> Text:
    return _TITLES[field](names, value) if field in _TITLES else _both(value)


def _authority(names: Names, cvr: str) -> Text:
    return _both(f"{names.authority(cvr)} (CVR {cvr})")


def _named(title: Text, name: str) -> Text:
    return title if title.en == name else Text(f"{title.en} [{name}]", f"{title.da} [{name}]")


def _both(words: str) -> Text:
    return Text(words, words)


_TITLES: Mapping[str, Callable[[Names, str], Text]] = {
    "consumer": _authority,
    "processor": _authority,
    "provider": _authority,
    "purpose": lambda names, value: _named(names.purpose(value), value),
    "legal_basis": lambda names, value: _named(names.law(value).citation, value),
    "agreement": lambda names, value: _named(_both(names.agreement(value).get("title") or value), value),
    "dataset": lambda names, value: _named(names.dataset(value), value),
    "subject_role": lambda _names, value: plain(ROLES, value),
    "key": lambda _names, value: plain(KEYS, value),
    "kind": lambda _names, value: plain(_KINDS, value),
}
