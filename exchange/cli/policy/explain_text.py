"""An explanation on a terminal, in one language."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.padding import Padding
from rich.text import Text as Styled

from exchange.cli.output import console
from exchange.model.catalogue import Text
from exchange.workbench import explain_words
from exchange.workbench.explain import Condition, Explanation, Status
from exchange.workbench.names import Names, told
from exchange.workbench.proposals import Proposal
from exchange.workbench.recorded import Recorded
from exchange.workbench.rules import Rule

_MARKS = {Status.HELD: ("✓", "green"), Status.FAILED: ("✗", "bold red"), Status.MOOT: ("·", "dim")}
Say = Callable[[Text], str]


def say_in(language: str) -> Say:
    """Speaks one language: `da`, or else English."""
    return (lambda text: text.da) if language == "da" else (lambda text: text.en)


def show_explanation(found: Explanation, names: Names, recorded: Recorded | None, say: Say) -> None:
    """Prints an explanation."""
    colour = "green" if found.is_whole else "yellow" if found.decision.allow else "red"
    console.print(Styled(say(explain_words.outcome(found)), f"bold {colour}"))
    if recorded:
        _recorded(recorded, found, say)
    for label, value in explain_words.asked(found.policy_input, names):
        _line(f"{say(label)}: {say(value)}", "dim")
    _title(Text("Conditions", "Betingelser"), say)
    for condition in found.conditions:
        _condition(condition, found, names, say)
    _verdicts(found, names, say)
    if found.duties:
        _title(Text("Obligations", "Vilkår"), say)
    for duty in found.duties:
        _line(f"{say(told(duty))}. {say(duty.reason)}")
    if not found.is_whole:
        _ways_out(found, names, say)
    _line(f"{say(Text('policy revision', 'reglernes revision'))} {found.revision}", "dim", indent=0)


def _verdicts(found: Explanation, names: Names, say: Say) -> None:
    if found.verdicts:
        _title(Text("Attributes", "Oplysninger"), say)
    for verdict in found.verdicts:
        mark, style = _MARKS[Status.HELD if verdict.granted else Status.FAILED]
        _line(f"{mark} {verdict.attribute}", style)
        if not verdict.granted:
            _line(say(explain_words.verdict(verdict, found)), indent=4)
        for rule in verdict.taken_out:
            _source(rule, names, say)


def _recorded(recorded: Recorded, found: Explanation, say: Say) -> None:
    same = Text("the same decision now", "samme afgørelse nu")
    other = Text("NOT the decision that is recorded", "IKKE den registrerede afgørelse")
    codes = f" ({', '.join(recorded.reasons)})" if recorded.reasons else ""
    verdict = say(same if recorded.agrees(found.decision) else other)
    _line(f"{recorded.index}, {recorded.time}: {recorded.outcome}{codes}; {verdict}")


def _condition(condition: Condition, found: Explanation, names: Names, say: Say) -> None:
    mark, style = _MARKS[condition.status]
    status = say(explain_words.STATUS[condition.status])
    _line(f"{mark} {say(condition.rule.title)}: {status}", style)
    if condition.status is Status.FAILED:
        _line(say(condition.rule.message), indent=4)
        _source(condition.rule, names, say)
    elif condition.because:
        _line(say(explain_words.because(condition, found)), "dim", indent=4)


def _source(rule: Rule, names: Names, say: Say) -> None:
    law = names.law(rule.law)
    link = (*rule.links, law.url)[0]
    _line(f"{say(law.citation)}{f', {link}' if link else ''}", "dim", indent=4)
    _line(f"{rule.code}, {rule.package}, {rule.place}", "dim", indent=4)


def _ways_out(found: Explanation, names: Names, say: Say) -> None:
    _title(Text("The nearest lawful request", "Den nærmeste lovlige anmodning"), say)
    if not found.proposals and not found.elsewhere:
        _line(say(explain_words.NO_PROPOSAL))
    _proposals(found.proposals, names, say)
    if found.elsewhere:
        left = Text("What is left out, as a request of its own", "Det udeladte, som en anmodning for sig")
        _title(left, say)
        _proposals(found.elsewhere, names, say)


def _proposals(proposals: Iterable[Proposal], names: Names, say: Say) -> None:
    for number, proposal in enumerate(proposals, start=1):
        sentences = " ".join(say(change) for change in explain_words.changes(proposal, names))
        _line(f"{number}. {sentences}")
        _line(f"{say(Text('Grants', 'Giver'))}: {', '.join(proposal.kept)}", indent=5)
        caveat = explain_words.CAVEAT.get(proposal.reach)
        if caveat:
            _line(say(caveat), "yellow", indent=5)


def _title(text: Text, say: Say) -> None:
    console.print()
    console.print(Styled(say(text), "bold"))


def _line(words: str, style: str = "", indent: int = 2) -> None:
    console.print(Padding(Styled(words, style), (0, 0, 0, indent), expand=False))
