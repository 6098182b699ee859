"""The index of the laws: which package answers to which citation.

`data.legal_basis[act][section]` would find the law by itself, but the embedded engine then evaluates
every law for each decision. The index is a function with one case for each citation, of which only the
case that is asked for is evaluated, on either engine. It is a module that is written, not maintained: a
set whose index is not current does not load. It can grant nothing by itself, because each law still
permits only when it is the one cited (docs/adr/0008-index-of-laws.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

#: Where the index lies in a folder of policies.
PATH = "decision/law_index.rego"

_PACKAGE = re.compile(r"^package\s+(legal_basis\.[\w.]+)", re.MULTILINE)
_PERMITS = re.compile(r"^permits\b", re.MULTILINE)
_CITED = re.compile(r'^\s*input\.legal_basis == "([^"]+)"$', re.MULTILINE)

_HEAD = """\
package decision

# Written by `hjemmel policy index`; a policy set whose index is not current does not load. It only finds
# the law that is cited: whether that law permits anything, its own package says.
"""
_CASE = """
law_of("{law}") := {{
	"package": "{package}",
	"permits": data.{package}.permits,
}}
"""


def text(modules: Mapping[str, str]) -> str | None:
    """Writes the index of a set's modules; there is none where no law permits anything.

    Args:
        modules: the deciding modules, by path.

    Raises:
        ValueError: a law does not say which citation it answers to, or two answer to the same one;
            the message names the files.
    """
    found: dict[str, tuple[str, str]] = {}
    for path, module in sorted(modules.items()):
        package = _PACKAGE.search(module)
        if package is None or _PERMITS.search(module) is None:
            continue
        cited = set(_CITED.findall(module))
        if len(cited) != 1:
            raise ValueError(
                f'{path}: a law permits when it is cited: if {{ input.legal_basis == "…" }}, once'
            )
        law = cited.pop()
        if law in found:
            raise ValueError(f"{path}: {found[law][0]} answers to the citation {law} already")
        found[law] = (path, package[1])
    if not found:
        return None
    return _HEAD + "".join(_CASE.format(law=law, package=found[law][1]) for law in sorted(found))


def check(modules: Mapping[str, str]) -> None:
    """Holds the index of a set to its laws.

    Raises:
        ValueError: it is missing or not current, or see `text`.
    """
    if modules.get(PATH) != text(modules):
        raise ValueError(f"{PATH}: the index of the laws is not current: run hjemmel policy index")


def write(folder: Path, modules: Mapping[str, str]) -> bool:
    """Writes the index into a folder of policies; tells whether it was another one before.

    Raises:
        ValueError: see `text`.
        OSError: the file cannot be written.
    """
    index, path = text(modules), folder / PATH
    before = path.read_text("utf-8") if path.exists() else None
    if index == before:
        return False
    if index is None:
        path.unlink()
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(index, "utf-8")
    return True
