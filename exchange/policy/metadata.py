"""The texts of refusals, read from the METADATA comments of the rules that refuse.

The embedded engine has no `rego.metadata` built-ins, and a text is no part of a decision: so the
comments are read when a policy set is loaded. A block is a comment that begins with `# METADATA` and
goes on in YAML (OPA documentation, "Annotations").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class RuleText:
    """What a rule tells the person who was refused, and those who read the law.

    Attributes:
        en: why it was refused and what to do, in English.
        da: the same in Danish.
        title: the condition, as it reads when it holds.
        title_da: the same in Danish.
        after: codes of conditions without which this one is moot.
    """

    en: str
    da: str
    title: str
    title_da: str
    after: tuple[str, ...] = ()


def read_texts(modules: Mapping[str, str]) -> dict[tuple[str, str], RuleText]:
    """Collects the texts of all modules by (package, reason code).

    Raises:
        ValueError: a block is no YAML, lacks a language or a title, or repeats a code of its package.
    """
    texts: dict[tuple[str, str], RuleText] = {}
    for path, module in modules.items():
        package = re.search(r"^package\s+([\w.]+)", module, re.MULTILINE)
        if package is None:
            raise ValueError(f"{path}: a module begins with its package")
        for line, block in blocks(path, module):
            custom = block.get("custom") or {}
            if "failure_msg" not in custom:
                continue
            code, text = _read_text(f"{path}:{line}", block)
            if (package[1], code) in texts:
                raise ValueError(f"{path}:{line}: {package[1]} gives a text for {code} twice")
            texts[package[1], code] = text
    return texts


def _read_text(place: str, block: Mapping[str, Any]) -> tuple[str, RuleText]:
    custom = block["custom"]
    message, code = custom["failure_msg"], custom.get("short_name")
    if not code or not isinstance(message, dict) or not {"en", "da"} <= message.keys():
        raise ValueError(f"{place}: a refusal needs short_name and failure_msg.en, .da")
    title, title_da, after = block.get("title"), custom.get("title_da"), custom.get("after", [])
    if not (isinstance(title, str) and isinstance(title_da, str)):
        raise ValueError(f"{place}: a refusal needs title and custom.title_da")  # noqa: TRY004  # bad input
    if not (isinstance(after, list) and all(isinstance(other, str) for other in after)):
        raise ValueError(f"{place}: custom.after is a list of codes")
    return code, RuleText(message["en"].strip(), message["da"].strip(), title, title_da, tuple(after))


def blocks(path: str, module: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Reads the METADATA blocks of a module, each with the line that it begins on.

    Raises:
        ValueError: a block is no YAML, or no mapping.
    """
    lines = module.splitlines()
    for number, line in enumerate(lines):
        if line.strip() != "# METADATA":
            continue
        body = []
        for follow in lines[number + 1 :]:
            if not follow.startswith("#"):
                break
            body.append(follow.removeprefix("#").removeprefix(" "))
        try:
            block = yaml.safe_load("\n".join(body))
        except yaml.YAMLError as error:
            raise ValueError(f"{path}:{number + 1}: METADATA is no valid YAML: {error}") from error
        if not isinstance(block, dict):
            raise ValueError(f"{path}:{number + 1}: METADATA is a mapping")  # noqa: TRY004  # bad input, no bug
        yield number + 1, block
