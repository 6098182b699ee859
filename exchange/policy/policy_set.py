"""A policy set: Rego modules and data, whole or not at all, named by the digest of its canonical form.

The canonical form is one JSON document of all modules and all data. Its SHA-256 is the revision; the
document itself is what the audit log archives, so that any decision can be made again from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from exchange.policy import law_index
from exchange.policy.errors import PolicyError
from exchange.policy.folder import read_data, read_modules
from exchange.policy.laws import check_laws
from exchange.policy.metadata import RuleText, read_texts
from exchange.policy.schema import check_schema

__all__ = ["DECISION", "PolicyError", "PolicySet", "load"]

_FORMAT = "hjemmel-policy-set/1"
DECISION = "data.decision.decision"


@dataclass(frozen=True)
class PolicySet:
    """Modules by path and data by name, as they decide: tests and schemas are left out."""

    modules: Mapping[str, str]
    data: Mapping[str, Any]

    @cached_property
    def bundle(self) -> bytes:
        """The canonical form."""
        document = {"format": _FORMAT, "modules": dict(self.modules), "data": dict(self.data)}
        return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)

    @cached_property
    def revision(self) -> str:
        """The SHA-256 of the canonical form, in hexadecimal."""
        return sha256(self.bundle).hexdigest()

    @cached_property
    def texts(self) -> Mapping[tuple[str, str], RuleText]:
        """The texts of refusals, by package and reason code, from the rules' METADATA.

        Raises:
            PolicyError: a METADATA block is not valid, or two give a text for the same code.
        """
        try:
            return read_texts(self.modules)
        except ValueError as error:
            raise PolicyError.of(error) from error

    @classmethod
    def from_bundle(cls, bundle: bytes) -> PolicySet:
        """Reads a canonical form back.

        Raises:
            PolicyError: it is not one.
        """
        try:
            document = orjson.loads(bundle)
            if document["format"] != _FORMAT:
                raise PolicyError(f"not a policy set of the form {_FORMAT}")
            return cls(document["modules"], document["data"])
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise PolicyError("not an archived policy set") from error


def load(folder: Path) -> PolicySet:
    """Reads a folder of policies: every module, the index of the laws, every data file by its schema.

    A file `<a>/<b>/data.json` becomes `data.a.b`, as OPA reads it. The schema of `<name>/data.json`
    is `schemas/<name>/schema.json`.

    Raises:
        PolicyError: nothing there, a file that does not parse or lies where it may not, data that its
            schema refuses or that two files give, a law that nobody described or that has two rules.
    """
    if not folder.is_dir():
        raise PolicyError(f"{folder} is not a folder of policies")
    modules = read_modules(folder)
    if not modules:
        raise PolicyError(f"{folder} holds no Rego module")
    data: dict[str, Any] = {}
    for place, path, content in read_data(folder):
        check_schema(folder, place, path, content)
        _put(data, place, path, content)
    try:
        law_index.check(modules)
        check_laws(modules, data)
    except ValueError as error:
        raise PolicyError.of(error) from error
    return PolicySet(modules, data)


def _put(data: dict[str, Any], place: tuple[str, ...], path: Path, content: Any) -> None:
    """Puts a file's content in its place, where nothing may be yet."""
    try:
        orjson.dumps(content)
    except TypeError as error:
        raise PolicyError(f"cannot be archived: {error}", path) from error
    for part in place[:-1]:
        data = data.setdefault(part, {})
    content = {place[-1]: content} if place else content
    if not isinstance(data, dict) or not isinstance(content, dict) or not data.keys().isdisjoint(content):
        raise PolicyError("gives data that another file gives too", path)
    data |= content
