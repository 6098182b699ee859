"""Checks of the laws: their versions, and that each one that permits has a rule and each rule a law."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise

from exchange.policy.metadata import blocks
from exchange.workbench.findings import Examined, Finding, Severity, in_data
from exchange.workbench.permits import permits_of

_DATA = "legal_bases"
Path = tuple[str | int, ...]


def versions(examined: Examined) -> Iterable[Finding]:
    """Between the versions of one law there is no gap and no overlap; each has a name of its own."""
    for law, basis in examined.data(_DATA).items():
        numbered = sorted(enumerate(basis["versions"]), key=lambda v: v[1]["valid_from"])
        names: set[str] = set()
        for number, version in numbered:
            at: Path = (_DATA, law, "versions", number)
            yield from _period(examined, at, version)
            if version["version"] in names:
                problem = f"{law} has two versions named {version['version']}"
                yield in_data(
                    examined, Severity.ERROR, "law-versions", (*at, "version"), problem, "name one otherwise"
                )
            names.add(version["version"])
        for (_, earlier), (number, later) in pairwise(numbered):
            at = (_DATA, law, "versions", number, "valid_from")
            yield from _between(examined, law, at, earlier["valid_to"], later["valid_from"])


def _period(examined: Examined, at: Path, period: dict[str, str]) -> Iterator[Finding]:
    for name in ("valid_from", "valid_to"):
        if period[name] is not None and _day(period[name]) is None:
            problem = f"{period[name]} is no day of the calendar"
            yield in_data(examined, Severity.ERROR, "dates", (*at, name), problem, "write a day that exists")
    if period["valid_to"] is not None and period["valid_to"] < period["valid_from"]:
        problem = f"ends ({period['valid_to']}) before it begins ({period['valid_from']})"
        remedy = "correct one of the two days"
        yield in_data(examined, Severity.ERROR, "dates", (*at, "valid_to"), problem, remedy)


def _between(examined: Examined, law: str, at: Path, ends: str | None, begins: str) -> Iterator[Finding]:
    last, first = _day(ends) if ends else None, _day(begins)
    if ends is not None and (last is None or first is None):
        return  # told already
    if last is None or (first is not None and first <= last):
        problem = f"{law}: this version begins on {begins}, when the one before it is still in force"
        remedy = "end the earlier version on the day before"
        yield in_data(examined, Severity.ERROR, "law-versions", at, problem, remedy)
    elif first is not None and last + timedelta(days=1) < first:
        problem = (
            f"{law}: no version is in force from {last + timedelta(days=1)} to {first - timedelta(days=1)}"
        )
        remedy = "let the periods meet, or say beside the law why it was out of force"
        yield in_data(examined, Severity.WARNING, "law-versions", at, problem, remedy)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def periods(examined: Examined) -> Iterable[Finding]:
    """Authorities and agreements begin before they end."""
    for name in ("authorities", "agreements"):
        for key, entry in examined.data(name).items():
            yield from _period(examined, (name, key), entry)


def rules(examined: Examined) -> Iterable[Finding]:
    """Each law that permits has a rule, and each rule that permits has such a law."""
    bases = examined.data(_DATA)
    ruled = {permit.law: permit for permit in permits_of(examined)}
    for law, basis in bases.items():
        if basis["effect"] == "permits" and law not in ruled:
            problem = f"{law} permits by its data, but no rule permits anything when it is cited"
            remedy = "write its rule under legal_basis/, or set effect to restricts"
            yield in_data(examined, Severity.ERROR, "law-rules", (_DATA, law), problem, remedy)
    for law, permit in ruled.items():
        if law not in bases:
            problem, remedy = (
                f"permits under {law}, which no data describes",
                f"add {law} to {_DATA}/data.json",
            )
        elif bases[law]["effect"] != "permits":
            problem = f"permits under {law}, which only restricts by its data"
            remedy = "set its effect to permits, or take the permit out"
        else:
            continue
        yield Finding(Severity.ERROR, "law-rules", permit.file, permit.line, problem, remedy)


def metadata(examined: Examined) -> Iterable[Finding]:
    """METADATA says in both languages what a condition is; every rule that others read has a title."""
    for path, text in examined.policies.modules.items():
        for line, block in blocks(path, text):
            custom = block.get("custom") or {}
            if not block.get("title"):
                yield _text(path, line, "METADATA has no title", "say in a line what the rule is about")
            if "failure_msg" not in custom:
                continue
            if not custom.get("title_da"):
                problem = f"{custom.get('short_name')} has no Danish title"
                remedy = "add custom.title_da: the condition that holds, in Danish"
                yield Finding(Severity.WARNING, "metadata", path, line, problem, remedy)
            if not custom.get("legal_basis"):
                problem = f"{custom.get('short_name')} names no law"
                yield _text(path, line, problem, "add custom.legal_basis: whoever is refused must learn why")
    for module in examined.modules:
        if module.package[:1] == ("legal_basis",) and not _has_description(module.text):
            remedy = "add a description: what the law lets whom do, for a reader who knows no Rego"
            yield Finding(
                Severity.WARNING, "metadata", module.file, 1, "the package has no description", remedy
            )


def _has_description(text: str) -> bool:
    head = text.partition("\npackage ")[0]
    return any(block.get("description") for _, block in blocks("", head))


def _text(path: str, line: int, problem: str, remedy: str) -> Finding:
    return Finding(Severity.ERROR, "metadata", path, line, problem, remedy)
