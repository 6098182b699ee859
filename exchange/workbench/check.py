"""The check of a policy folder: everything that can be told before anybody asks a question of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from exchange.model.catalogue import Catalogue
from exchange.policy import policy_set
from exchange.policy.embedded import compile_set
from exchange.policy.errors import PolicyError
from exchange.policy.folder import files
from exchange.policy.policy_set import PolicySet
from exchange.policy.syntax import modules_of
from exchange.workbench import agreements, laws, permits, tools, use
from exchange.workbench.findings import Check, Examined, Finding, Severity, in_order

#: Every check of a folder that loads and compiles. A new one is added here.
CHECKS: tuple[Check, ...] = (
    laws.versions,
    laws.periods,
    laws.rules,
    laws.metadata,
    agreements.agreements,
    agreements.overlaps,
    permits.permits,
    use.use,
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found.

    Attributes:
        policies: the set, where it loads and compiles.
        findings: errors first.
        missing: tools that are not installed, so that what they know was not checked.
    """

    policies: PolicySet | None
    findings: tuple[Finding, ...]
    missing: tuple[str, ...]

    def holds(self, *, strict: bool = False) -> bool:
        """Whether the folder may be published; strictly, warnings count too."""
        counted = set(Severity) if strict else {Severity.ERROR}
        return counted.isdisjoint(finding.severity for finding in self.findings)


def check(folder: Path, catalogue: Catalogue) -> Report:
    """Checks a folder of policies."""
    found: list[Finding] = []
    examined: Examined | None = None
    try:
        examined = _examine(folder, catalogue)
        for each in CHECKS:
            found += each(examined)
        found += _unread(folder)
    except PolicyError as error:
        found.append(_loading(folder, error))
    found += tools.run(folder, compiles=examined is not None)
    return Report(examined.policies if examined else None, tuple(in_order(found)), tools.missing())


def _examine(folder: Path, catalogue: Catalogue) -> Examined:
    policies = policy_set.load(folder)
    modules = modules_of(compile_set(policies).get_ast_as_json())
    _ = policies.texts
    return Examined(folder, policies, modules, catalogue)


def _loading(folder: Path, error: PolicyError) -> Finding:
    file = Path(error.file or "")
    inside = file.relative_to(folder).as_posix() if file.is_relative_to(folder) else (error.file or "")
    remedy = "correct it: a policy set is in force whole or not at all"
    return Finding(Severity.ERROR, "load", inside, error.line or 0, error.problem, remedy)


def _unread(folder: Path) -> Iterator[Finding]:
    """Files that nothing reads, which somebody may believe to decide."""
    for path in files(folder):
        place = path.relative_to(folder)
        is_schema = place.parts[0] == "schemas" and path.name == "schema.json"
        if path.suffix in {".rego", ".md"} or path.name == "data.json" or is_schema:
            continue
        problem, remedy = "nothing reads this file", "move it out of the policy folder"
        yield Finding(Severity.WARNING, "files", place.as_posix(), 0, problem, remedy)
