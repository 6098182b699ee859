"""A new rule for a law: module, test, legal basis and purpose, of which nothing is left when one fails.

What it writes is complete: it compiles, is formatted as `opa fmt` does, passes Regal, and its tests reach
every line. Filled in with nothing but names that exist, it permits what was asked for and no more; without
options it permits nothing, because it names no kind of authority.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchange.policy import law_index
from exchange.policy.errors import PolicyError
from exchange.policy.folder import read_json, read_modules
from exchange.workbench import rego_text

_ACT = re.compile(r"[a-z]+")
_RULE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_PURPOSE = re.compile(r"[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
#: Words that Rego keeps for itself.
_KEYWORDS = frozenset(
    {
        *("as", "contains", "data", "default", "else", "every", "false", "if", "import", "in", "input"),
        *("not", "null", "package", "some", "true", "with"),
    }
)


@dataclass(frozen=True, slots=True)
class NewRule:
    """What an author says of a new rule.

    Attributes:
        act: the act's short name, e.g. `bsl`.
        rule: the rule's name in the act, e.g. `section_9`; `section_9_a_1` is cited as `bsl.9.a.1`.
        attributes: by dataset, the attributes that are opened.
        valid_from: the first day in force, YYYY-MM-DD.
    """

    act: str
    rule: str
    citation: str
    title_en: str
    title_da: str
    url: str
    purpose: str
    consumer_kinds: tuple[str, ...]
    subjects: tuple[str, ...]
    keys: tuple[str, ...]
    attributes: Mapping[str, tuple[str, ...]]
    valid_from: str

    @property
    def law(self) -> str:
        """The identifier by which requests cite it."""
        return f"{self.act}.{self.rule.removeprefix('section_').removeprefix('article_').replace('_', '.')}"

    @property
    def package(self) -> str:
        """The package of the rule."""
        return f"legal_basis.{self.act}.{self.rule}"


@dataclass(frozen=True, slots=True)
class Made:
    """What was written, by path in the folder, and the law's identifier."""

    law: str
    files: tuple[str, ...]


def write(folder: Path, new: NewRule) -> Made:
    """Writes a new rule into a folder of policies.

    Raises:
        PolicyError: a name is no identifier, something of the same name is there already, a data file does
            not parse, or nothing can be written; the folder is as it was.
    """
    _check(new)
    place = f"legal_basis/{new.act}/{new.rule}"
    if (folder / place).exists():
        raise PolicyError("is there already: choose another name, or edit it", folder / place)
    texts = {
        f"{place}/{new.rule}.rego": rego_text.module(new),
        f"{place}/{new.rule}_test.rego": rego_text.test(new),
        "legal_bases/data.json": _with(folder / "legal_bases" / "data.json", new.law, _basis(new)),
    }
    texts |= _index(folder, f"{place}/{new.rule}.rego", rego_text.module(new))
    purposes = folder / "purposes" / "data.json"
    if new.purpose not in read_json(purposes):
        texts["purposes/data.json"] = _with(purposes, new.purpose, _purpose(new))
    with _whole(folder, texts):
        for path, text in texts.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, "utf-8")
    return Made(new.law, tuple(texts))


def _index(folder: Path, path: str, module: str) -> dict[str, str]:
    """The index of the laws with the new one in it."""
    try:
        index = law_index.text({**read_modules(folder), path: module})
    except ValueError as error:
        raise PolicyError.of(error) from error
    return {law_index.PATH: index} if index else {}


def _check(new: NewRule) -> None:
    for name, form, said in (
        (new.act, _ACT, "an act is small letters a to z, e.g. bsl"),
        (new.rule, _RULE, "a rule is small letters, digits and single underscores, e.g. section_9"),
        (new.purpose, _PURPOSE, "a purpose is words with dashes, e.g. housing-benefit.income"),
        (new.valid_from, _DAY, "a day is YYYY-MM-DD"),
    ):
        if form.fullmatch(name) is None or name in _KEYWORDS:
            raise PolicyError(f"{name!r} is no name here: {said}")
    if new.rule.endswith("_test"):
        raise PolicyError(f"{new.rule!r} is no name here: what ends in _test is taken for a test")
    named = (*new.consumer_kinds, *new.subjects, *new.keys, *new.attributes)
    for text in (new.citation, new.title_en, new.title_da, *named):
        if not text.strip() or not text.isprintable():
            raise PolicyError(f"{text!r} is empty or has more than one line")
    if new.url and re.fullmatch(r"https://[!-~]+", new.url) is None:
        raise PolicyError(f"{new.url!r} is no address: it begins with https://")


def _basis(new: NewRule) -> dict[str, Any]:
    return {
        "citation": new.citation,
        "title": {"en": new.title_en, "da": new.title_da},
        **({"url": new.url} if new.url else {}),
        "effect": "permits",
        "confidence": "low",
        "verified": False,
        "dates_verified": False,
        "versions": [{"version": f"{new.valid_from[:4]}-1", "valid_from": new.valid_from, "valid_to": None}],
    }


def _purpose(new: NewRule) -> dict[str, Any]:
    return {"title": {"en": new.title_en, "da": new.title_da}, "kle": None}


def _with(path: Path, name: str, entry: dict[str, Any]) -> str:
    """A data file with an entry more, in the order of names and laid out as the file is."""
    content = read_json(path)
    if name in content:
        raise PolicyError(f"has {name} already: choose another name, or edit it", path)
    ordered = sorted(content) == list(content)
    content[name] = entry
    content = dict(sorted(content.items())) if ordered else content
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


@contextmanager
def _whole(folder: Path, texts: Mapping[str, str]) -> Iterator[None]:
    """Leaves the folder as it was when something fails."""
    before = {p: (folder / p).read_bytes() if (folder / p).exists() else None for p in texts}
    try:
        yield
    except BaseException as error:
        for path, content in before.items():
            with suppress(OSError):
                _restore(folder, folder / path, content)
        if isinstance(error, OSError):
            raise PolicyError(f"cannot be written: {error.strerror}", folder) from error
        raise


def _restore(folder: Path, path: Path, content: bytes | None) -> None:
    if content is not None:
        path.write_bytes(content)
        return
    path.unlink(missing_ok=True)
    for above in path.parents:
        if above == folder or any(above.iterdir()):
            return
        above.rmdir()
