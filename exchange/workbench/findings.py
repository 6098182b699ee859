"""What a check of a policy folder finds, and what a check is.

A check is a function from what is examined to findings. `exchange.workbench.check.CHECKS` lists them; one
that needs no more than `Examined` is added there and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from exchange.model.catalogue import Catalogue
from exchange.policy.folder import read_text
from exchange.policy.json_text import Lines
from exchange.policy.policy_set import PolicySet
from exchange.policy.syntax import Module


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        severity: an error stops a publication; a warning is for a person to judge.
        check: which check found it, in small letters with dashes.
        file: the file, by its path in the folder; empty where it is about the whole folder.
        line: the line there, from 1; 0 where it is about the whole file.
        problem: what is wrong.
        remedy: what to do.
    """

    severity: Severity
    check: str
    file: str
    line: int
    problem: str
    remedy: str

    @property
    def place(self) -> str:
        """Where, as editors understand it."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def document(self) -> dict[str, Any]:
        """The finding for programs."""
        return asdict(self)


@dataclass(frozen=True)
class Examined:
    """A folder that loads and compiles: what the checks look at."""

    folder: Path
    policies: PolicySet
    modules: Sequence[Module]
    catalogue: Catalogue
    _lines: dict[str, Lines] = field(default_factory=dict, compare=False)

    def data(self, name: str) -> dict[str, Any]:
        """The data of a name; empty where the folder has none."""
        content = self.policies.data.get(name)
        return content if isinstance(content, dict) else {}

    def line(self, name: str, *path: str | int) -> int:
        """The line of a value in `<name>/data.json`."""
        if name not in self._lines:
            self._lines[name] = Lines(read_text(self.folder / name / "data.json"))
        return self._lines[name].of(path)


Check = Callable[[Examined], Iterable[Finding]]


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Errors first, then by place."""
    return sorted(findings, key=lambda f: (f.severity is not Severity.ERROR, f.file, f.line, f.problem))


def in_data(
    examined: Examined, severity: Severity, check: str, at: tuple[str | int, ...], problem: str, remedy: str
) -> Finding:
    """A finding about data: `at` is the data's name and the way to the value."""
    name, *path = at
    return Finding(severity, check, f"{name}/data.json", examined.line(str(name), *path), problem, remedy)
