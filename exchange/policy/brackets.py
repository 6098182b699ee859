"""How deep a module's brackets nest, looked at before regorus parses them.

Its parser needs twice as long for each level of brackets: at twenty it seems to hang.
"""

from __future__ import annotations

import re

from exchange.policy.errors import PolicyError

DEEPEST = 10
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|`[^`]*`|#[^\n]*|[()\[\]{}]|(?:-\s*){4,}')


def check_brackets(file: str, text: str) -> None:
    """Refuses what the embedded engine would take very long to parse.

    Raises:
        PolicyError: names the file, the line and the remedy.
    """
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in "([{":
            depth += 1
        elif token[0] in ")]}":
            depth -= 1
        if depth > DEEPEST or token[0][0] == "-":
            line = text.count("\n", 0, token.start()) + 1
            raise PolicyError(
                f"nested deeper than {DEEPEST} levels: give the inner parts names of their own", file, line
            )
