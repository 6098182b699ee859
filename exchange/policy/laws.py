"""The legal bases that METADATA names: each is known, and each has one rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.policy.errors import PolicyError
from exchange.policy.metadata import blocks

#: Acts that bind every exchange: refusals name them, no request can cite them, and so no data describes them.
#: GDPR, forvaltningsloven, indkomstregisterloven, databeskyttelsesloven.
GENERAL_ACTS = frozenset({"gdpr", "fvl", "ilov", "dbl"})


def check_laws(modules: Mapping[str, str], data: Mapping[str, Any]) -> None:
    """Refuses rules of laws that nobody described, and a second rule for the same law.

    Raises:
        PolicyError: names the file and the line of the METADATA.
    """
    known = data.get("legal_bases") or {}
    rules: dict[str, str] = {}
    for path, text in modules.items():
        begins = text.find("\npackage ") if not text.startswith("package ") else 0
        package_line = text.count("\n", 0, begins + 1) + 1
        for line, block in blocks(path, text):
            law = (block.get("custom") or {}).get("legal_basis")
            if law is None:
                continue
            if law not in known and str(law).partition(".")[0] not in GENERAL_ACTS:
                raise PolicyError(f"the legal basis {law} is not in legal_bases/data.json", path, line)
            if line > package_line or not path.startswith("legal_basis/"):
                continue
            if rules.setdefault(law, path) != path:
                raise PolicyError(f"{law} has a rule already, in {rules[law]}", path, line)
