"""What an entry records of its decision, and whether it is what the policy said.

What stands in an entry depends on where its exchange ended (`exchange.pipeline`):

    refused before a decision   no policy input; nothing granted
    no decision (failed)        the policy input; nothing granted, no version: the engine gave no answer
    refused by the policy       version, the policy's reasons
    granted                     granted, version, obligations and what each did, released,
                                the reasons against what was refused in part or withheld
    dry run, granted            granted, version
    refused by an obligation    granted, version, obligations, the reasons of what was withheld
    refused as a repetition     as far as it came: granted and version, or version alone
    failed after the grant      granted, version, obligations where it came so far; a reason of the broker's
    interrupted                 granted, version

What an obligation did rested on data that is not in the log: that is taken as recorded, and what follows
from it (reasons, attributes released) is computed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from audit.formats.entry import Entry
from exchange.model.request import Kind
from exchange.model.trace import Outcome
from exchange.workbench.replay.findings import Problem
from exchange.workbench.replay.verdict import WITHHOLD, Duty, Verdict

_REPEATED = ("REQUEST_ID_REUSED",)
_WITHHELD, _NOT_APPLICABLE = "withheld", "not_applicable"
#: What stands in both parts under the same name.
_SHARED = (
    "kind", "consumer", "processor", "provider", "dataset", "purpose", "legal_basis", "agreement", "law_date"
)  # fmt: skip

Difference = tuple[Problem, str, str]  # what was recorded, what should stand there


def claims_decision(entry: Entry) -> bool:
    """Tells whether an entry claims that a policy decided."""
    return bool(
        entry.outcome in {Outcome.GRANTED, Outcome.INTERRUPTED}
        or entry.attributes_granted
        or entry.attributes_released
        or entry.obligations
        or entry.legal_basis_version
    )


def is_undecided(entry: Entry) -> bool:
    """Tells whether the engine gave no answer, so that there is no decision to compare."""
    return entry.outcome == Outcome.FAILED and not claims_decision(entry)


def contradictions(entry: Entry, policy_input: Mapping[str, Any]) -> Iterator[Difference]:
    """Finds where an entry's public part says something else than the policy was asked."""
    for name in _SHARED:
        public, asked = getattr(entry, name), policy_input.get(name)
        if public != asked:
            yield Problem.INPUT, f"{name} {_text(public)}", f"{name} {_text(asked)}"
    asked = policy_input.get("attributes")
    if list(entry.attributes_asked) != asked:
        yield Problem.INPUT, f"attributes {_text(entry.attributes_asked)}", f"attributes {_text(asked)}"
    moment = policy_input.get("time")
    # Where no consent is cited, policies learn the hour only.
    hour = f"{entry.time[:14]}00:00Z"
    if moment != entry.time and (moment != hour or policy_input.get("consent") is not None):
        yield Problem.INPUT, f"time {entry.time}", f"time {_text(moment)}"


def differences(entry: Entry, verdict: Verdict) -> Iterator[Difference]:
    """Finds where an entry records another decision than its policy set makes."""
    if verdict.problem:
        yield Problem.OUTCOME, entry.outcome, f"no decision: {verdict.problem}"
        return
    claimed = bool(entry.attributes_granted) or entry.outcome in {Outcome.GRANTED, Outcome.INTERRUPTED}
    if claimed and not verdict.allow:
        yield Problem.OUTCOME, f"{entry.outcome}, after a grant", "refused"
    elif verdict.allow and not claimed:
        yield Problem.OUTCOME, entry.outcome, "granted"
    elif not claimed and entry.outcome != Outcome.REFUSED:
        yield Problem.OUTCOME, entry.outcome, "refused"
    if entry.attributes_granted != verdict.granted:
        yield Problem.GRANTED, _text(entry.attributes_granted), _text(verdict.granted)
    if entry.legal_basis_version != verdict.version:
        yield Problem.VERSION, _text(entry.legal_basis_version), _text(verdict.version)
    yield from _obligations(entry, verdict)
    yield from _reasons(entry, verdict)
    yield from _released(entry, verdict)


def _obligations(entry: Entry, verdict: Verdict) -> Iterator[Difference]:
    recorded = tuple((o.id, o.fact) for o in entry.obligations)
    computed = tuple((d.id, d.fact) for d in verdict.duties) if verdict.allow else ()
    if recorded != computed and not (recorded == () and _may_lack_obligations(entry)):
        yield Problem.OBLIGATIONS, _text([i for i, _ in recorded]), _text([i for i, _ in computed])
    for applied, duty in zip(entry.obligations, verdict.duties, strict=False):
        withholds = applied.effect in {_WITHHELD, _NOT_APPLICABLE}
        if applied.id == duty.id and withholds != (duty.effect == WITHHOLD):
            yield Problem.OBLIGATIONS, f"{applied.id} {applied.effect}", f"{duty.id} {duty.effect}"


def _may_lack_obligations(entry: Entry) -> bool:
    """Tells whether the exchange may have ended before anything was fetched."""
    if entry.kind == Kind.DRY_RUN or entry.outcome in {Outcome.FAILED, Outcome.INTERRUPTED}:
        return True
    return entry.outcome == Outcome.REFUSED and entry.reasons == _REPEATED


def _reasons(entry: Entry, verdict: Verdict) -> Iterator[Difference]:
    if entry.outcome in {Outcome.FAILED, Outcome.INTERRUPTED}:
        return  # a reason of the broker's own, or none
    if entry.outcome == Outcome.REFUSED and entry.reasons == _REPEATED:
        return  # likewise: it stands there instead of the policy's
    withheld = tuple(d.code for _, d in _withheld(entry, verdict))
    if not verdict.allow:
        computed = verdict.codes
    elif entry.outcome == Outcome.REFUSED:
        computed = tuple(dict.fromkeys(withheld))
        if not computed:
            yield Problem.OUTCOME, entry.outcome, "granted: no obligation withheld anything"
    elif entry.kind == Kind.DRY_RUN:
        computed = ()
    else:
        computed = tuple(dict.fromkeys((*verdict.codes, *withheld)))
    if entry.reasons != computed:
        yield Problem.REASONS, _text(entry.reasons), _text(computed)


def _released(entry: Entry, verdict: Verdict) -> Iterator[Difference]:
    if entry.outcome != Outcome.GRANTED or entry.kind == Kind.DRY_RUN:
        if entry.attributes_released:
            yield Problem.RELEASED, _text(entry.attributes_released), _text(())
        return
    withheld = {name for name, _ in _withheld(entry, verdict)}
    computed = tuple(name for name in verdict.granted if name not in withheld)
    if entry.attributes_released not in {computed, ()}:  # nothing, where the register had no record
        yield Problem.RELEASED, _text(entry.attributes_released), _text(computed)


def _withheld(entry: Entry, verdict: Verdict) -> list[tuple[str, Duty]]:
    """The attributes that obligations withheld, each with the first that did: see `exchange.minimise`."""
    found: dict[str, Duty] = {}
    for applied, duty in zip(entry.obligations, verdict.duties, strict=False):
        if applied.effect == _WITHHELD:
            for name in sorted(set(duty.attributes) & set(verdict.granted)):
                found.setdefault(name, duty)
    return list(found.items())


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None or value == "" else str(value)
